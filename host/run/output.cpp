#include "host/run/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>

#include "host/record/zarr.hpp"
#include "kernels/error.hpp"

namespace brink {

namespace fs = std::filesystem;

void check_output(std::string const& option, fs::path const& path) {
  auto const refuse = [&](std::string const& why) {
    throw InputError(fmt::format("{} '{}': {}", option, path.string(), why));
  };
  if (path.empty()) refuse("an empty path; give a name");
  fs::path const trimmed = path.has_filename() ? path : path.parent_path();
  fs::path const directory = trimmed.has_parent_path() ? trimmed.parent_path() : fs::path(".");
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    refuse(fmt::format("{} is no directory that exists", directory.string()));
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    refuse(fmt::format("the directory {} cannot be written to", directory.string()));
  }
  static_cast<void>(fs::symlink_status(trimmed, error));
  if (error && error != std::errc::no_such_file_or_directory) refuse(error.message());
}

void check_output_file(std::string const& option, fs::path const& path) {
  check_output(option, path);
  std::error_code error;
  if (!path.has_filename() || fs::is_directory(path, error)) {
    throw InputError(fmt::format("{} '{}': is a directory; name a file", option, path.string()));
  }
}

void check_output_record(fs::path const& path, bool overwrite) {
  check_output("--out", path);
  if (!fs::exists(fs::symlink_status(path))) return;
  if (!overwrite) {
    throw InputError(
        fmt::format("{}: already exists; choose another --out, or --overwrite", path.string()));
  }
  ZarrGroup::open(path);  // refuses what is no record
}

void check_same_config(std::string const& out, nlohmann::json const& recorded,
                       nlohmann::json const& asked) {
  for (auto const& [key, value] : asked.items()) {
    nlohmann::json const was = recorded.value(key, nlohmann::json("nothing"));
    if (was != value) {
      throw InputError(fmt::format("--resume: {} was made with {} = {}, not {}", out, key,
                                   was.dump(), value.dump()));
    }
  }
}

}  // namespace brink
