#include "host/data/file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "kernels/error.hpp"

namespace brink {

namespace fs = std::filesystem;

std::int64_t regular_file_size(fs::path const& path) {
  std::error_code error;
  fs::file_status const status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw InputError(fmt::format("{}: no such file", path.string()));
  }
  if (!fs::is_regular_file(status)) {
    throw InputError(fmt::format("{}: not a regular file", path.string()));
  }
  std::uintmax_t const size = fs::file_size(path, error);
  if (error) {
    throw InputError(fmt::format("{}: cannot read its size: {}", path.string(), error.message()));
  }
  return static_cast<std::int64_t>(size);
}

std::vector<std::byte> read_file(fs::path const& path, std::int64_t limit) {
  std::int64_t const size = std::min(regular_file_size(path), limit);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw InputError(fmt::format("{}: cannot be opened for reading", path.string()));
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  file.read(reinterpret_cast<char*>(bytes.data()), size);
  if (file.gcount() != size) {
    throw MachineError(
        fmt::format("{}: read only {} of {} bytes", path.string(), file.gcount(), size));
  }
  return bytes;
}

std::string_view as_text(std::span<std::byte const> bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

void check_names_file(fs::path const& path) {
  std::error_code error;
  fs::path const directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(directory, error)) {
    throw InputError(
        fmt::format("{}: the directory {} does not exist", path.string(), directory.string()));
  }
  if (fs::is_directory(path, error)) {
    throw InputError(fmt::format("{}: is a directory; name a file", path.string()));
  }
}

}  // namespace brink
