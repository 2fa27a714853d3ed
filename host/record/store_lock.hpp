#pragma once

#include <filesystem>
#include <optional>

namespace brink {

/// Held by those that write to a record: by one alone, or shared by several that write different
/// files of it. Given back when the process ends, however it ends. Leaves no file behind. Where the
/// file system knows no locks, nothing is held.
class StoreLock {
 public:
  /// Alone. Throws InputError when another holder is writing to `store`, a directory.
  explicit StoreLock(std::filesystem::path const& store);

  /// Alone where nobody else writes, else shared with others; nothing while another is alone.
  static std::optional<StoreLock> try_either(std::filesystem::path const& store);
  /// Alone, or nothing.
  static std::optional<StoreLock> try_alone(std::filesystem::path const& store);

  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;
  ~StoreLock();

  bool is_alone() const { return alone_; }
  /// Lets others in that share.
  void share();

 private:
  StoreLock(int fd, bool alone) : fd_(fd), alone_(alone) {}

  int fd_ = -1;
  bool alone_ = true;
};

}  // namespace brink
