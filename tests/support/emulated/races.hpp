#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/emulated/pages.hpp"
#include "tests/support/emulated/site.hpp"

// The race detector. Where kernel sources are compiled with -fsanitize=thread, the compiler's calls
// at each of their accesses end here, and the scheduler reports what orders accesses. In other
// builds (without BRINK_EMULATED_RACES) nothing of it is there.

namespace brink::emulated::races {

#ifdef BRINK_EMULATED_RACES

void add_memory(std::byte const* piece, std::size_t bytes, Space space);
void remove_memory(std::byte const* piece, std::size_t bytes);

/// A launch is ordered behind all before it.
void begin_launch();
void begin_block(std::uint32_t block, unsigned threads);
/// Accesses from here on are those of thread `thread`.
void run_thread(unsigned thread);
/// Accesses from here on are the emulator's own, and are not looked at.
void leave_kernel();

/// All threads of the block have met.
void barrier();
/// The lanes of `mask` of a warp have met.
void meet(unsigned warp, unsigned mask);
void fence();
void atomic(void const* address, std::size_t bytes, Site site);

#else

inline void add_memory(std::byte const*, std::size_t, Space) {}
inline void remove_memory(std::byte const*, std::size_t) {}
inline void begin_launch() {}
inline void begin_block(std::uint32_t, unsigned) {}
inline void run_thread(unsigned) {}
inline void leave_kernel() {}
inline void barrier() {}
inline void meet(unsigned, unsigned) {}
inline void fence() {}
inline void atomic(void const*, std::size_t, Site) {}

#endif

}  // namespace brink::emulated::races
