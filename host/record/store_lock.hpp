#pragma once

#include <filesystem>
#include <optional>

namespace brink {

/// Held by those that write to a record: by one alone, or shared by several that write different
/// files of it. Given back when the process ends, however it ends. Leaves no file behind. Where the
/// file system knows no locks, nothing is held, and everybody seems to be alone.
class StoreLock {
 public:
  /// Alone. Throws InputError when there is another holder of `store`, a directory.
  explicit StoreLock(std::filesystem::path const& store);

  /// Alone where nobody else writes, else shared with others; nothing while another is alone.
  static std::optional<StoreLock> try_either(std::filesystem::path const& store);
  /// Alone, or nothing.
  static std::optional<StoreLock> try_alone(std::filesystem::path const& store);

  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;
  ~StoreLock();

  bool is_alone() const { return alone_; }
  /// Whether there is a lock, which keeps out this machine's other processes at least.
  bool is_held() const { return held_; }
  /// Lets others in that share.
  void share();

 private:
  explicit StoreLock(int fd) : fd_(fd) {}

  int fd_ = -1;
  bool alone_ = true;
  bool held_ = false;
};

}  // namespace brink
