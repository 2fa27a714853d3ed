#include "host/record/store_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernels/error.hpp"

namespace brink {
namespace {

int open_directory(std::filesystem::path const& store) {
  return ::open(store.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum class Lock {
  held,
  refused,  ///< another holder is in the way
  unknown   ///< to the file system
};

Lock lock(int fd, int kind) {
  if (fd >= 0 && ::flock(fd, kind | LOCK_NB) == 0) return Lock::held;
  return fd >= 0 && errno == EWOULDBLOCK ? Lock::refused : Lock::unknown;
}

}  // namespace

StoreLock::StoreLock(std::filesystem::path const& store) {
  auto found = try_alone(store);
  if (!found) {
    throw InputError(fmt::format(
        "{}: another process is writing to this record, or verifying it; wait until it ends",
        store.string()));
  }
  *this = std::move(*found);
}

std::optional<StoreLock> StoreLock::try_either(std::filesystem::path const& store) {
  if (auto alone = try_alone(store)) return alone;
  StoreLock found(open_directory(store));
  if (lock(found.fd_, LOCK_SH) == Lock::refused) return std::nullopt;
  found.alone_ = false;
  return found;
}

std::optional<StoreLock> StoreLock::try_alone(std::filesystem::path const& store) {
  StoreLock found(open_directory(store));
  Lock const got = lock(found.fd_, LOCK_EX);
  if (got == Lock::refused) return std::nullopt;
  found.held_ = got == Lock::held;
  return found;
}

StoreLock::StoreLock(StoreLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), alone_(other.alone_), held_(other.held_) {}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(alone_, other.alone_);
  std::swap(held_, other.held_);
  return *this;
}

StoreLock::~StoreLock() {
  if (fd_ >= 0) ::close(fd_);
}

void StoreLock::share() {
  lock(fd_, LOCK_SH);
  alone_ = false;
}

}  // namespace brink
