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

/// False where another holder is in the way.
bool lock(int fd, int kind) {
  return fd < 0 || ::flock(fd, kind | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

}  // namespace

StoreLock::StoreLock(std::filesystem::path const& store) {
  auto found = try_alone(store);
  if (!found) {
    throw InputError(fmt::format(
        "{}: another process is writing to this record; wait until it ends", store.string()));
  }
  *this = std::move(*found);
}

std::optional<StoreLock> StoreLock::try_either(std::filesystem::path const& store) {
  StoreLock found(open_directory(store), true);
  if (lock(found.fd_, LOCK_EX)) return found;
  if (!lock(found.fd_, LOCK_SH)) return std::nullopt;
  found.alone_ = false;
  return found;
}

std::optional<StoreLock> StoreLock::try_alone(std::filesystem::path const& store) {
  StoreLock found(open_directory(store), true);
  if (!lock(found.fd_, LOCK_EX)) return std::nullopt;
  return found;
}

StoreLock::StoreLock(StoreLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), alone_(other.alone_) {}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(alone_, other.alone_);
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
