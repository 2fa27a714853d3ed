#pragma once

#include <cstdint>

#include "kernels/cuda/portable.hpp"
#include "kernels/view.hpp"

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

/// Whether one access may move the pack at `address`.
template <class T>
__device__ bool on_pack(T const* address) {
  return reinterpret_cast<std::uintptr_t>(address) % sizeof(Pack<T>) == 0;
}

/// As above, in one access where the address allows it.
template <class T>
__device__ Pack<T> load_pack(T const* from, Index count) {
  return load_pack(from, count, on_pack(from));
}

template <class T>
__device__ void store_pack(T* to, Pack<T> const& pack, Index count) {
  store_pack(to, pack, count, on_pack(to));
}

/// A matrix's numbers from (row, col) on, `count` of them at most, the rest 0.
template <class T>
__device__ Pack<T> load_pack(Matrix<T const> m, Index row, Index col, Index count) {
  return load_pack(m.row(row) + col, count);
}

template <class T>
__device__ void store_pack(Matrix<T> m, Index row, Index col, Pack<T> const& pack, Index count) {
  store_pack(m.row(row) + col, pack, count);
}

}  // namespace brink::cuda
