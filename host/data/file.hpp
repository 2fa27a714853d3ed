#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace brink {

/// Size in bytes of a regular file. InputError when there is none at `path`.
std::int64_t regular_file_size(std::filesystem::path const& path);

/// The first `limit` bytes of a regular file, or all of it when it is shorter. InputError when
/// it is missing or unreadable.
std::vector<std::byte> read_file(std::filesystem::path const& path,
                                 std::int64_t limit = std::numeric_limits<std::int64_t>::max());

/// The bytes seen as text; valid as long as they are.
std::string_view as_text(std::span<std::byte const> bytes);

/// InputError unless `path` can name a file: its directory is there, and it is not one itself.
void check_names_file(std::filesystem::path const& path);

}  // namespace brink
