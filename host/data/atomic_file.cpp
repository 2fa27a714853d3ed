#include "host/data/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "kernels/error.hpp"

namespace brink {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_mark = ".tmp-";

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  /// Closes now, where some file systems report that earlier writes failed. Returns 0 or -1.
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

/// fsync, where the file system has one. Returns 0 or the error.
int sync_descriptor(int fd) {
  if (::fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP) return 0;
  return errno;
}

/// Writes a new file. Returns 0 or the error.
int write_new_file(fs::path const& path, std::span<std::byte const> bytes, Durable durable) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) return errno;
  while (!bytes.empty()) {
    auto const written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (durable == Durable::yes) {
    if (int const error = sync_descriptor(file.get())) return error;
  }
  return file.close() == 0 ? 0 : errno;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

/// A process, among those of all machines that share a file system.
struct Owner {
  pid_t process;
  std::string host;
};

/// The process that made a temporary of this name, if it is one.
std::optional<Owner> temporary_owner(std::string const& name) {
  auto const mark = name.rfind(temporary_mark);
  if (name.empty() || name.front() != '.' || mark == std::string::npos) return std::nullopt;
  char const* const begin = name.data() + mark + temporary_mark.size();
  char const* const end = name.data() + name.size();
  pid_t process = 0;
  auto const [stop, error] = std::from_chars(begin, end, process);
  if (error != std::errc() || process <= 0 || stop == end || *stop != '@') return std::nullopt;
  return Owner{process, {stop + 1, end}};
}

/// Where other processes may be at work in a directory.
enum class Others { nowhere, on_other_machines, anywhere };

/// Whether no other machine can write to the file system, as far as is known.
bool is_local(fs::path const& directory) {
  struct statfs found {};
  if (::statfs(directory.c_str(), &found) != 0) return false;
  constexpr std::array<unsigned, 6> local{EXT4_SUPER_MAGIC,      XFS_SUPER_MAGIC,
                                          BTRFS_SUPER_MAGIC,     TMPFS_MAGIC,
                                          OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC};
  return std::find(local.begin(), local.end(), static_cast<unsigned>(found.f_type)) != local.end();
}

/// Whether nobody will come back for the temporary at this path. Of other names, false.
bool is_orphaned(fs::path const& temporary, Others others) {
  auto const owner = temporary_owner(temporary.filename().string());
  if (!owner || others == Others::nowhere) return owner.has_value();
  if (owner->host == host_name()) {
    return others == Others::on_other_machines ||
           (::kill(owner->process, 0) != 0 && errno == ESRCH);
  }
  std::error_code error;
  auto const written = fs::last_write_time(temporary, error);
  return !error && fs::file_time_type::clock::now() - written > std::chrono::days(1);
}

fs::path directory_of(fs::path const& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

void throw_machine_error(std::string_view what, fs::path const& path, int error) {
  throw MachineError(
      fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(error)));
}

fs::path temporary_name(fs::path const& path) {
  return path.parent_path() / fmt::format(".{}{}{}@{}", path.filename().string(), temporary_mark,
                                          ::getpid(), host_name());
}

bool is_temporary(fs::path const& name) {
  return temporary_owner(name.string()).has_value();
}

void write_atomically(fs::path const& path, std::span<std::byte const> bytes, Durable durable) {
  auto const temporary = temporary_name(path);
  int error = write_new_file(temporary, bytes, durable);
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    throw_machine_error("write", path, error);
  }
  if (durable == Durable::yes) sync_path(directory_of(path));
}

void write_atomically(fs::path const& path, std::string_view text, Durable durable) {
  write_atomically(path, std::as_bytes(std::span(text)), durable);
}

void make_directory(fs::path const& directory) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    throw_machine_error("create the directory", directory, errno);
  }
}

void sync_path(fs::path const& path) {
  Descriptor const opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0) throw_machine_error("open", path, errno);
  if (int const error = sync_descriptor(opened.get())) throw_machine_error("sync", path, error);
}

void sync_file_system(fs::path const& directory) {
  Descriptor const opened(::open(directory.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0) throw_machine_error("open", directory, errno);
  if (::syncfs(opened.get()) != 0) throw_machine_error("sync", directory, errno);
}

void remove_temporaries(fs::path const& directory, bool alone) {
  auto const others = !alone                ? Others::anywhere
                      : is_local(directory) ? Others::nowhere
                                            : Others::on_other_machines;
  std::vector<fs::path> stale;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (is_orphaned(at->path(), others)) stale.push_back(at->path());
  }
  for (auto const& path : stale) fs::remove_all(path, error);
}

void remove_orphaned_siblings(fs::path const& path) {
  auto const prefix = fmt::format(".{}{}", path.filename().string(), temporary_mark);
  std::vector<fs::path> stale;
  std::error_code error;
  for (fs::directory_iterator at(directory_of(path), error), end; !error && at != end;
       at.increment(error)) {
    bool const is_sibling = at->path().filename().string().starts_with(prefix);
    if (is_sibling && is_orphaned(at->path(), Others::anywhere)) stale.push_back(at->path());
  }
  for (auto const& sibling : stale) fs::remove_all(sibling, error);
}

}  // namespace brink
