#include "tests/support/emulated/allocations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "tests/support/emulated/control.hpp"
#include "tests/support/emulated/pages.hpp"
#include "tests/support/emulated/poison.hpp"

namespace brink::emulated {

void* Allocations::allocate(std::size_t bytes) {
  if (bytes > capacity_ || live_ > capacity_ - bytes) {
    throw MachineError(
        fmt::format("cannot allocate {} bytes of device memory: {} of {} bytes are available",
                    bytes, capacity_ - std::min(live_, capacity_), capacity_));
  }
  std::byte* const piece = map_pages(bytes, Space::device);
  if (accesses_ == 0) poison(piece, bytes);
  pieces_.emplace(piece, bytes);
  live_ += bytes;
  peak_ = std::max(peak_, live_);
  return piece;
}

void Allocations::release(void* memory) {
  auto const piece = pieces_.find(static_cast<std::byte const*>(memory));
  if (piece == pieces_.end()) {
    throw EmulationError(fmt::format(
        "release of {}, where no device memory is allocated (released twice?)", memory));
  }
  auto const released = *piece;
  pieces_.erase(piece);
  live_ -= released.second;
  GuardZone const zone = emulated::check_guard_zones(released.first, released.second);
  unmap_pages(static_cast<std::byte*>(memory), released.second);
  if (zone != GuardZone::intact) {
    throw EmulationError(fmt::format("release: something was written {} {} bytes of device memory",
                                     zone == GuardZone::before ? "before" : "behind",
                                     released.second));
  }
}

Allocations::Pieces::const_iterator Allocations::at_or_before(void const* address) const {
  auto const behind = pieces_.upper_bound(static_cast<std::byte const*>(address));
  return behind == pieces_.begin() ? pieces_.end() : std::prev(behind);
}

bool Allocations::holds(void const* address) const {
  auto const piece = at_or_before(address);
  return piece != pieces_.end() && address <= piece->first + piece->second;
}

void Allocations::check_range(std::string const& user, void const* memory,
                              std::size_t bytes) const {
  if (bytes == 0) return;
  auto const piece = at_or_before(memory);
  bool const inside = piece != pieces_.end() && memory < piece->first + piece->second &&
                      bytes <= static_cast<std::size_t>(piece->first + piece->second -
                                                        static_cast<std::byte const*>(memory));
  if (!inside) {
    throw EmulationError(
        fmt::format("{}: {} bytes at {} are not device memory", user, bytes, memory));
  }
}

void Allocations::check_guard_zones(std::string const& user) {
  for (auto const& [piece, bytes] : pieces_) {
    GuardZone const zone = emulated::check_guard_zones(piece, bytes);
    if (zone == GuardZone::intact) continue;
    repair_guard_zones(const_cast<std::byte*>(piece), bytes);
    throw EmulationError(fmt::format("{} has written {} {} bytes of device memory", user,
                                     zone == GuardZone::before ? "before" : "behind", bytes));
  }
}

Allocations::Access::Access(Allocations& allocations) : allocations_(allocations) {
  if (allocations_.accesses_++ > 0 || !sanitized) return;
  for (auto const& [piece, bytes] : allocations_.pieces_) unpoison(piece, bytes);
}

Allocations::Access::~Access() {
  if (--allocations_.accesses_ > 0 || !sanitized) return;
  for (auto const& [piece, bytes] : allocations_.pieces_) poison(piece, bytes);
}

}  // namespace brink::emulated
