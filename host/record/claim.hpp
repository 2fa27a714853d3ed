#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace brink {

/// A part of a record that one of several processes works on: a locked file in the record's hidden
/// directory ".claims". The lock goes with the process, so that the part of one that died can be
/// claimed again; the file goes with the claim. Where the file system knows no locks, every process
/// gets every claim: parts are then computed more than once, to the same bytes.
class Claim {
 public:
  /// Nothing where another process has claimed the part. Throws MachineError when the directory
  /// cannot be written.
  static std::optional<Claim> take(std::filesystem::path const& store, std::string const& part);

  Claim(Claim&& other) noexcept;
  Claim& operator=(Claim&& other) noexcept;
  ~Claim();

 private:
  Claim(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}

  std::filesystem::path file_;
  int fd_;
};

/// Removes what killed processes left of their claims. Unless this process is known to be `alone`,
/// no more than an empty directory.
void remove_claims(std::filesystem::path const& store, bool alone);

/// Whether a path within a record is that of a claim.
bool is_claim(std::filesystem::path const& file);

}  // namespace brink
