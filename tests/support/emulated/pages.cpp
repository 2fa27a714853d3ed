#include "tests/support/emulated/pages.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <cstring>

#include "tests/support/emulated/control.hpp"
#include "tests/support/emulated/poison.hpp"
#include "tests/support/emulated/races.hpp"

namespace brink::emulated {

namespace {

constexpr std::size_t guard_bytes = 256;
// A quiet not-a-number whose payload nobody else writes.
constexpr std::uint32_t guard_word = 0xfff5a5a5;

/// Address space, to which memory comes with the pieces.
class Range {
 public:
  Range() {
    void* const range =
        mmap(nullptr, range_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) throw MachineError("no address space for an emulated device");
    next_ = static_cast<std::byte*>(range);
    range_start = reinterpret_cast<std::uintptr_t>(range);
  }

  /// Pages that can be read and written, followed by one that cannot.
  std::byte* take(std::size_t bytes) {
    if (bytes + page_bytes > range_bytes - place_in_range(next_)) {
      throw EmulationError("an emulated device has used up its addresses");
    }
    std::byte* const taken = next_;
    if (mprotect(taken, bytes, PROT_READ | PROT_WRITE) != 0) {
      throw MachineError(fmt::format("no memory for {} bytes of an emulated device", bytes));
    }
    next_ += bytes + page_bytes;
    return taken;
  }

 private:
  std::byte* next_;
};

Range& range() {
  static Range range;
  return range;
}

/// A page before the piece, then the piece, then at least a guard zone, to the end of a page.
std::size_t mapped_bytes(std::size_t bytes) {
  return page_bytes + (bytes + guard_bytes + page_bytes - 1) / page_bytes * page_bytes;
}

/// What a guard zone at an address holds.
void const* guard_pattern(std::byte const* zone) {
  static auto const words = [] {
    std::array<std::uint32_t, guard_bytes / sizeof(guard_word) + 1> filled;
    filled.fill(guard_word);
    return filled;
  }();
  return reinterpret_cast<std::byte const*>(words.data()) +
         reinterpret_cast<std::uintptr_t>(zone) % sizeof(guard_word);
}

void paint(std::byte* zone) {
  std::memcpy(zone, guard_pattern(zone), guard_bytes);
}

bool is_painted(std::byte const* zone) {
  return std::memcmp(zone, guard_pattern(zone), guard_bytes) == 0;
}

/// Runs `body` while guard zones may be touched.
template <class Body>
auto with_guard_zones(std::byte const* piece, std::size_t bytes, Body&& body) {
  unpoison(piece - guard_bytes, guard_bytes);
  unpoison(piece + bytes, guard_bytes);
  auto const result = body();
  poison(piece - guard_bytes, guard_bytes);
  poison(piece + bytes, guard_bytes);
  return result;
}

}  // namespace

std::byte* map_pages(std::size_t bytes, Space space) {
  std::byte* const piece = range().take(mapped_bytes(bytes)) + page_bytes;
  unpoison(piece - page_bytes, mapped_bytes(bytes));
  make_fresh(piece, bytes);
  paint(piece - guard_bytes);
  paint(piece + bytes);
  poison(piece - page_bytes, page_bytes);
  poison(piece + bytes, mapped_bytes(bytes) - page_bytes - bytes);
  races::add_memory(piece, bytes, space);
  return piece;
}

void unmap_pages(std::byte* piece, std::size_t bytes) {
  races::remove_memory(piece, bytes);
  poison(piece, bytes);
  // Mapped anew, so that its memory goes back.
  mmap(piece - page_bytes, mapped_bytes(bytes), PROT_NONE,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void make_fresh(std::byte* piece, std::size_t bytes) {
  std::memset(piece, fresh_byte, bytes);
}

GuardZone check_guard_zones(std::byte const* piece, std::size_t bytes) {
  return with_guard_zones(piece, bytes, [&] {
    if (!is_painted(piece - guard_bytes)) return GuardZone::before;
    return is_painted(piece + bytes) ? GuardZone::intact : GuardZone::behind;
  });
}

void repair_guard_zones(std::byte* piece, std::size_t bytes) {
  with_guard_zones(piece, bytes, [&] {
    paint(piece - guard_bytes);
    paint(piece + bytes);
    return true;
  });
}

}  // namespace brink::emulated
