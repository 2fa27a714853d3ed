#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <span>
#include <vector>

namespace brink {

/// Size in bytes of a regular file. InputError when there is none at `path`.
std::int64_t regular_file_size(std::filesystem::path const& path);

/// The first `limit` bytes of a regular file, or all of it when it is shorter. InputError when
/// it is missing or unreadable.
std::vector<std::byte> read_file(std::filesystem::path const& path,
                                 std::int64_t limit = std::numeric_limits<std::int64_t>::max());

/// Replaces `path` by the concatenated `parts`, all at once: they go to a temporary name in the
/// same directory, which is then renamed. InputError when the directory is missing, MachineError
/// when writing fails; neither leaves anything behind.
void replace_file(std::filesystem::path const& path,
                  std::initializer_list<std::span<std::byte const>> parts);

}  // namespace brink
