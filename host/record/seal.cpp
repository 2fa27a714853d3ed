#include "host/record/seal.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cstring>

#include "kernels/error.hpp"

namespace brink {
namespace {

/// As it lies in the file, on little-endian machines, which alone write records.
struct Seal {
  std::uint32_t magic = 0x184D2A5B;
  std::uint32_t bytes = sizeof(std::uint32_t);
  std::uint32_t crc = 0;

  bool operator==(Seal const&) const = default;
};

Seal seal_of(std::span<std::byte const> frame, std::string_view key) {
  Seal seal;
  seal.crc = crc_of(frame, crc_of(std::as_bytes(std::span(key))));
  return seal;
}

}  // namespace

std::uint32_t crc_of(std::span<std::byte const> bytes, std::uint32_t before) {
  auto const* const data = reinterpret_cast<Bytef const*>(bytes.data());
  // Without data zlib returns the start value of a new sum.
  return bytes.empty() ? before : static_cast<std::uint32_t>(crc32_z(before, data, bytes.size()));
}

std::vector<std::byte> sealed(std::vector<std::byte> frame, std::string_view key) {
  Seal const seal = seal_of(frame, key);
  auto const bytes = std::as_bytes(std::span(&seal, 1));
  frame.insert(frame.end(), bytes.begin(), bytes.end());
  return frame;
}

std::span<std::byte const> unsealed(std::span<std::byte const> file, std::string_view key,
                                    std::string const& name) {
  Seal found;
  if (file.size() < sizeof found) {
    throw InputError(
        fmt::format("{}: of {} bytes, is damaged: too short for a chunk", name, file.size()));
  }
  auto const frame = file.first(file.size() - sizeof found);
  std::memcpy(&found, file.data() + frame.size(), sizeof found);
  if (found != seal_of(frame, key)) {
    throw InputError(
        fmt::format("{}: of {} bytes, is damaged: its checksum is that of another content or place",
                    name, file.size()));
  }
  return frame;
}

}  // namespace brink
