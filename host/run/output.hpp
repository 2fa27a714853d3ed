#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "kernels/error.hpp"

namespace brink {

/// InputError, naming `option`, unless a file or record could be made at `path`: its directory
/// exists and can be written to. To be asked before the work whose result goes there.
void check_output(std::string const& option, std::filesystem::path const& path);

/// check_output, and `path` is no directory.
void check_output_file(std::string const& option, std::filesystem::path const& path);

/// check_output for a record at --out, and what is there is nothing, or a record that may be
/// replaced.
void check_output_record(std::filesystem::path const& path, bool overwrite);

/// For --resume: InputError unless the record at `out`, made with the configuration `recorded`, has
/// every setting of `asked`.
void check_same_config(std::string const& out, nlohmann::json const& recorded,
                       nlohmann::json const& asked);

/// A run whose record is kept up to date: if the machine fails, the MachineError says how to go on.
template <class Run>
auto to_be_resumed(Run&& run) {
  try {
    return run();
  } catch (MachineError const& error) {
    throw MachineError(
        fmt::format("{}; what was written is kept: go on with --resume", error.what()));
  }
}

}  // namespace brink
