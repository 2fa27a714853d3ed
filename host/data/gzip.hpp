#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace brink {

/// Whether the bytes begin like a gzip file.
bool is_gzip(std::span<std::byte const> bytes);

/// The first `limit` bytes of the uncompressed content of a gzip file, or all of it when it is
/// shorter; memory grows only as content appears. InputError, naming `name`, when the compressed
/// bytes are damaged or end early before that.
std::vector<std::byte> gunzip(std::span<std::byte const> compressed, std::int64_t limit,
                              std::string const& name);

}  // namespace brink
