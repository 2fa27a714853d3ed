#pragma once

#include <cstdint>

#include "kernels/cuda/portable.hpp"

namespace brink::cuda {

/// Numbers that one access of 16 bytes moves.
template <class T>
struct alignas(16) Pack {
  static constexpr int size = 16 / static_cast<int>(sizeof(T));
  T at[size];
};

/// Whether packs can be read from, or written to, each of the addresses. An empty one can do
/// without.
template <class... T>
bool takes_packs(T const*... addresses) {
  return ((reinterpret_cast<std::uintptr_t>(addresses) % 16 == 0) && ...);
}

/// The numbers from `from` on, `count` ≥ 1 of them, the rest 0. `packed`: as one access.
template <class T>
__device__ Pack<T> load_pack(T const* from, Index count, bool packed) {
  if (packed && count >= Pack<T>::size) return *reinterpret_cast<Pack<T> const*>(from);
  Pack<T> pack;
  for (int i = 0; i < Pack<T>::size; ++i) pack.at[i] = i < count ? from[i] : T(0);
  return pack;
}

template <class T>
__device__ void store_pack(T* to, Pack<T> const& pack, Index count, bool packed) {
  if (packed && count >= Pack<T>::size) {
    *reinterpret_cast<Pack<T>*>(to) = pack;
    return;
  }
  for (int i = 0; i < Pack<T>::size; ++i) {
    if (i < count) to[i] = pack.at[i];
  }
}

}  // namespace brink::cuda
