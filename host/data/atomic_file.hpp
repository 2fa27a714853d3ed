#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace brink {

/// Whether a write survives a loss of power (fsync of file and directory), or only the end of the
/// process at any instant.
enum class Durable { no, yes };

/// Replaces `path` by a file of these bytes in one step: a reader, or a kill at any instant, sees
/// the old content or the new one. The bytes go to temporary_name(path) first. Throws MachineError
/// with the system's reason, and then leaves no temporary behind.
void write_atomically(std::filesystem::path const& path, std::span<std::byte const> bytes,
                      Durable durable = Durable::yes);
void write_atomically(std::filesystem::path const& path, std::string_view text,
                      Durable durable = Durable::yes);

/// The hidden sibling `.NAME.tmp-PID@HOST` under which this process builds `path`.
std::filesystem::path temporary_name(std::filesystem::path const& path);

/// Whether `name` is that of a temporary: temporary_name() of some process.
bool is_temporary(std::filesystem::path const& name);

/// Makes sure that a directory is there; its parent must be. Throws MachineError.
void make_directory(std::filesystem::path const& directory);

/// Makes a file's content, or the names in a directory, survive a loss of power. Throws
/// MachineError.
void sync_path(std::filesystem::path const& path);

/// sync_path for all files below a directory, and for all else in its file system: one wait instead
/// of one per file.
void sync_file_system(std::filesystem::path const& directory);

/// Removes the temporaries under `directory`, at any depth, that their makers will not come back
/// for. `alone`: no other process of this machine writes there, so that all of this machine's are
/// such, and on a local file system all there are; else those are whose process has ended. Of other
/// machines, those that are a day old.
void remove_temporaries(std::filesystem::path const& directory, bool alone);

/// The same with the temporary siblings of `path`, where others may be at work.
void remove_orphaned_siblings(std::filesystem::path const& path);

/// Throws MachineError "cannot WHAT PATH: what the system says of errno `error`".
[[noreturn]] void throw_machine_error(std::string_view what, std::filesystem::path const& path,
                                      int error);

}  // namespace brink
