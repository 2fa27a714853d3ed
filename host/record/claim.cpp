#include "host/record/claim.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "host/data/atomic_file.hpp"

namespace brink {
namespace {

namespace fs = std::filesystem;

constexpr char const* directory = ".claims";

}  // namespace

std::optional<Claim> Claim::take(fs::path const& store, std::string const& part) {
  fs::path const file = store / directory / part;
  int fd = -1;
  do {  // another process may remove the empty directory meanwhile
    make_directory(store / directory);
    fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == ENOENT);
  if (fd < 0) throw_machine_error("create", file, errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(fd);
    return std::nullopt;
  }
  return Claim(file, fd);
}

Claim::Claim(Claim&& other) noexcept
    : file_(std::move(other.file_)), fd_(std::exchange(other.fd_, -1)) {}

Claim& Claim::operator=(Claim&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(fd_, other.fd_);
  return *this;
}

Claim::~Claim() {
  if (fd_ < 0) return;
  ::unlink(file_.c_str());
  ::close(fd_);
}

void remove_claims(fs::path const& store, bool alone) {
  std::error_code ignored;  // what is left holds nobody up
  if (alone) {
    fs::remove_all(store / directory, ignored);
  } else {
    fs::remove(store / directory, ignored);
  }
}

bool is_claim(fs::path const& file) {
  return file.parent_path() == directory;
}

}  // namespace brink
