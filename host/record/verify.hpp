#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace brink {

/// Something that verify_record has to say of one file.
struct Finding {
  std::string path;
  std::string what;
};

struct VerifyReport {
  std::int64_t arrays = 0;
  std::int64_t chunks = 0;   ///< that are there and sound
  std::int64_t to_come = 0;  ///< that an unfinished scan has not computed
  std::int64_t bytes = 0;    ///< of all files
  bool finished = false;
  std::vector<Finding> damage;
  std::vector<Finding> remarks;  ///< what a killed process left, which --resume clears away

  bool sound() const { return damage.empty(); }
};

/// Reads every file of the record at `path`, by so many threads, and holds it against the checksums
/// and against the others: flipped bytes, files that are cut off, missing, exchanged or strange,
/// metadata that were edited or disagree. Changes nothing. `progress` is told the chunks looked at
/// and their number, now and then.
///
/// Throws InputError when there is no brink record there, one of a newer format, or one that is
/// being written.
VerifyReport verify_record(std::filesystem::path const& path, int threads,
                           std::function<void(std::int64_t, std::int64_t)> const& progress);

}  // namespace brink
