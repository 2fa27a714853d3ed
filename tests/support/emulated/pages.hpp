#pragma once

#include <cstddef>
#include <cstdint>

namespace brink::emulated {

// Memory that kernels work on: each piece on pages of its own, with a guard zone before and behind
// it, at addresses that are never given out again. Beyond the guard zones, and where a piece was
// unmapped, any access ends the program.

inline constexpr std::size_t page_bytes = 4096;

/// Of whom a piece of memory is: of the device, or of one block of a kernel.
enum class Space { device, shared };

/// A piece of `bytes` bytes, filled with `fresh_byte`, starting on a page.
std::byte* map_pages(std::size_t bytes, Space space);
void unmap_pages(std::byte* piece, std::size_t bytes);

/// What uninitialised memory holds: not-a-number as float, double or half, -1 as an integer.
inline constexpr unsigned char fresh_byte = 0xff;
void make_fresh(std::byte* piece, std::size_t bytes);

enum class GuardZone { intact, before, behind };
/// Which guard zone of a piece has been overwritten.
GuardZone check_guard_zones(std::byte const* piece, std::size_t bytes);
void repair_guard_zones(std::byte* piece, std::size_t bytes);

/// The range from which pieces are taken; before the first, it begins where no address is.
inline constexpr std::size_t range_bytes = std::size_t{1} << 38;
inline std::uintptr_t range_start = std::uintptr_t{1} << 63;

inline std::size_t place_in_range(void const* address) {
  return reinterpret_cast<std::uintptr_t>(address) - range_start;
}
inline bool in_pages(void const* address) {
  return place_in_range(address) < range_bytes;
}
inline std::size_t page_number(void const* address) {
  return place_in_range(address) / page_bytes;
}

}  // namespace brink::emulated
