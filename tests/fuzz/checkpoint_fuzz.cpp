#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "host/record/checkpoint.hpp"
#include "kernels/error.hpp"

namespace {

void parse(std::span<std::byte const> bytes) {
  brink::Checkpoint checkpoint;
  try {
    checkpoint = brink::parse_checkpoint(bytes, "fuzz");
  } catch (brink::InputError const&) {
    return;
  }
  auto const written = brink::checkpoint_bytes(checkpoint);
  auto const again = brink::parse_checkpoint(written, "again");
  if (brink::checkpoint_bytes(again) != written) __builtin_trap();
}

/// The input with a right checksum, so that the parser behind it is reached.
std::vector<std::byte> with_checksum(std::span<std::byte const> bytes) {
  auto const* data = reinterpret_cast<Bytef const*>(bytes.data());
  auto const crc = static_cast<std::uint32_t>(crc32_z(0, data, bytes.size()));
  std::vector<std::byte> sealed(bytes.begin(), bytes.end());
  sealed.resize(bytes.size() + sizeof crc);
  std::memcpy(sealed.data() + bytes.size(), &crc, sizeof crc);
  return sealed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const bytes = std::as_bytes(std::span(data, size));
  parse(bytes);
  parse(with_checksum(bytes));
  return 0;
}
