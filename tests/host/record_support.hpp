#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/data/atomic_file.hpp"
#include "host/data/file.hpp"
#include "kernels/error.hpp"

namespace brink::test {

/// A fresh directory, removed at the end of the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "brink-record-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw MachineError("no temporary directory");
    path_ = pattern;
  }
  TemporaryDirectory(TemporaryDirectory const&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  std::filesystem::path operator/(std::string const& name) const { return path_ / name; }
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// While it lives, files cannot grow beyond `bytes`, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit const limited{bytes, before_.rlim_max};
    if (::setrlimit(RLIMIT_FSIZE, &limited) != 0) throw MachineError("no file size limit");
  }
  FileSizeLimit(FileSizeLimit const&) = delete;
  FileSizeLimit& operator=(FileSizeLimit const&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

/// Every file under a directory with its content.
inline std::map<std::string, std::vector<std::byte>> contents(std::filesystem::path const& root) {
  std::map<std::string, std::vector<std::byte>> files;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(root)) {
    auto const name = std::filesystem::relative(entry.path(), root).string();
    files[name] = entry.is_regular_file() ? read_file(entry.path()) : std::vector<std::byte>();
  }
  return files;
}

/// The names of every file and directory under a directory.
inline std::vector<std::string> listing(std::filesystem::path const& root) {
  std::vector<std::string> names;
  for (auto const& [name, bytes] : contents(root)) names.push_back(name);
  return names;
}

constexpr pid_t no_process = 999'999'999;  ///< more than any system has

/// The temporary_name of what another process of this machine builds.
inline std::string temporary_of(std::filesystem::path const& path, pid_t process) {
  std::string name = temporary_name(path).string();
  std::string const mine = ".tmp-" + std::to_string(::getpid());
  return name.replace(name.rfind(mine), mine.size(), ".tmp-" + std::to_string(process));
}

/// Expects an InputError of one line that holds `part`.
template <class Call>
void expect_input_error(Call&& call, std::string const& part) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown; expected: " << part;
  } catch (InputError const& error) {
    std::string const message = error.what();
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

/// Has record_readers.py check the records in a directory, with the Python named in BRINK_PYTHON.
/// Returns its exit status; 77 where that has no zarr or xarray.
inline int readers_status(std::string const& kind, std::filesystem::path const& directory) {
  auto const script = std::filesystem::path(BRINK_SOURCE_DIR) / "tests/host/record_readers.py";
  char const* const python = std::getenv("BRINK_PYTHON");
  auto const command = std::string(python != nullptr ? python : "python3") + " '" +
                       script.string() + "' " + kind + " '" + directory.string() + "'";
  int const status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
inline constexpr int without_readers = 77;

}  // namespace brink::test
