#pragma once

#include <filesystem>

namespace brink {

/// Held by the one process that writes to a record; given back when the process ends, however it
/// ends. Leaves no file behind.
class StoreLock {
 public:
  /// Throws InputError when another holder is writing to `store`, a directory. Where the file
  /// system knows no locks, nothing is held.
  explicit StoreLock(std::filesystem::path const& store);
  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;
  ~StoreLock();

 private:
  int fd_ = -1;
};

}  // namespace brink
