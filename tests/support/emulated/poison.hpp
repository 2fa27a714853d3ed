#pragma once

#include <cstddef>

#include "tests/support/emulated/control.hpp"

// The address sanitizer's marks for memory that must not be touched; nothing without it.

extern "C" {
void __asan_poison_memory_region(void const volatile* memory, std::size_t bytes);
void __asan_unpoison_memory_region(void const volatile* memory, std::size_t bytes);
}

namespace brink::emulated {

inline void poison(void const* memory, std::size_t bytes) {
  if constexpr (sanitized) __asan_poison_memory_region(memory, bytes);
}

inline void unpoison(void const* memory, std::size_t bytes) {
  if constexpr (sanitized) __asan_unpoison_memory_region(memory, bytes);
}

}  // namespace brink::emulated
