#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace brink {

/// CRC-32 as zlib, PNG and gzip have it, of bytes that follow those of `before`.
std::uint32_t crc_of(std::span<std::byte const> bytes, std::uint32_t before = 0);

/// A chunk's file: its zstd frame, and behind it the seal, a skippable frame (RFC 8878, 3.1.2) that
/// decoders pass over:
///   u32 0x184D2A5B | u32 4 | u32 CRC-32 of `key` and the frame,
/// little-endian. `key` is the file's place in its record, "outcome/0.3", so that a chunk is good
/// there alone.
std::vector<std::byte> sealed(std::vector<std::byte> frame, std::string_view key);

/// The frame of such a file. Throws InputError that starts with `name` for anything else:
/// truncated, altered, or another place's.
std::span<std::byte const> unsealed(std::span<std::byte const> file, std::string_view key,
                                    std::string const& name);

}  // namespace brink
