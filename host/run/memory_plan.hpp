#pragma once

#include <string>
#include <vector>

#include "kernels/context.hpp"

namespace brink {

/// Something that a run holds in a device's memory, and what would make it smaller.
struct MemoryPart {
  std::string name;
  double bytes;
  std::string remedy;  ///< may be empty
};

/// What a run needs of a device's memory at most, part by part. What a part takes is said where it
/// is allocated (`bytes_needed`, `workspace_bytes`).
class MemoryPlan {
 public:
  MemoryPlan() = default;
  /// `device` as `--device` names it.
  explicit MemoryPlan(std::string device) : device_(std::move(device)) {}

  /// Parts without bytes are left out.
  void add(std::string name, double bytes, std::string remedy = "");
  /// What would make every part smaller.
  void add_remedy(std::string remedy) { remedies_.push_back(std::move(remedy)); }

  std::vector<MemoryPart> const& parts() const { return parts_; }  ///< largest first
  double bytes() const;
  /// "255.6 MiB on cpu (eigenvectors 70.2 MiB, data 58.6 MiB, …)": the total and its largest parts.
  std::string text() const;

  /// MachineError that says what is needed, what there is, and what would help, unless it fits.
  void check(MemoryState memory) const;

 private:
  std::vector<MemoryPart> largest() const;

  std::string device_;
  std::vector<MemoryPart> parts_;
  std::vector<std::string> remedies_;
};

/// "512 bytes", "1.5 KiB", "255.6 MiB", …
std::string bytes_text(double bytes);

}  // namespace brink
