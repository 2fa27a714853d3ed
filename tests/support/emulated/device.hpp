#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cuda/device.hpp"
#include "tests/support/emulated/scheduler.hpp"
#include "tests/support/emulated/site.hpp"

// What kernels/cuda/portable.hpp promises, as plain C++ on emulated threads. `__shared__` stays
// undefined, so that a kernel which does not use the macros is an error of the compiler.

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

// A declaration's own type stands for it; each instance of a template has its own.
#define BRINK_SHARED(type, name, count) \
  auto& name = ::brink::emulated::declare_shared<type, (count)>(#name, [] {})
#define BRINK_DYNAMIC_SHARED(type, name) \
  type* const name = static_cast<type*>(::brink::emulated::dynamic_shared_memory())

inline constexpr brink::emulated::Coordinates const& threadIdx = brink::emulated::thread_index;
inline constexpr brink::emulated::Coordinates const& blockIdx = brink::emulated::block_index;
inline constexpr brink::emulated::Coordinates const& blockDim = brink::emulated::block_size;
inline constexpr brink::emulated::Coordinates const& gridDim = brink::emulated::grid_size;

struct alignas(8) int2 {
  int x, y;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) double2 {
  double x, y;
};
inline int2 make_int2(int x, int y) {
  return {x, y};
}
inline float2 make_float2(float x, float y) {
  return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w) {
  return {x, y, z, w};
}
inline double2 make_double2(double x, double y) {
  return {x, y};
}

namespace brink::emulated {

template <class T, std::size_t Count, class Declaration>
inline constexpr char declaration = 0;

template <class T, std::size_t Count, class Declaration>
T (&declare_shared(char const* name, Declaration, Site site = Site::here()))
[Count] {
  static_assert(std::is_trivially_copyable_v<T>, "shared memory is uninitialised");
  void* const memory =
      shared_array(&declaration<T, Count, Declaration>, name, Count * sizeof(T), site);
  return *static_cast<T(*)[Count]>(memory);
}

template <class T, class... Kinds>
concept OneOf = (std::same_as<T, Kinds> || ...);

// The types that CUDA has overloads for.
template <class T>
concept Shuffled =
    OneOf<T, int, unsigned, long, unsigned long, long long, unsigned long long, float, double>;
template <class T>
concept Added = OneOf<T, int, unsigned, unsigned long long, float, double>;
template <class T>
concept Compared = OneOf<T, int, unsigned, long long, unsigned long long>;
template <class T>
concept Swapped = OneOf<T, int, unsigned, unsigned long long>;
template <class T>
concept Exchanged = OneOf<T, int, unsigned, unsigned long long, float>;

/// `source` is the lane whose value to take, which `beyond` its segment is the caller itself.
template <Shuffled T>
T shuffle(char const* name, unsigned mask, T value, unsigned source, bool beyond, int width,
          Site site) {
  if (width < 1 || width > 32 || !std::has_single_bit(static_cast<unsigned>(width))) {
    fail_thread(site, std::string(name) + " has a width that is no power of two up to 32");
  }
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = warp_operation(name, mask, bits, beyond ? lane() : source, site).value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

inline unsigned segment_start(int width) {
  return lane() & ~(static_cast<unsigned>(width) - 1);
}

template <class T, class Update>
T change_atomically(T* address, Update update, Site site) {
  T old;
  begin_atomic(&old, address, sizeof(T), site);
  T const changed = update(old);
  end_atomic(address, &changed, sizeof(T));
  return old;
}

/// Integers wrap.
template <class T>
T wrapping_sum(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Bits>(a) + static_cast<Bits>(b));
  } else {
    return a + b;
  }
}

}  // namespace brink::emulated

inline void __syncthreads(brink::emulated::Site site = brink::emulated::Site::here()) {
  brink::emulated::barrier(site);
}

inline void __syncwarp(unsigned mask = ~0u,
                       brink::emulated::Site site = brink::emulated::Site::here()) {
  brink::emulated::warp_operation("__syncwarp", mask, 0, brink::emulated::lane(), site);
}

inline void __threadfence() {
  brink::emulated::fence();
}

template <brink::emulated::Shuffled T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              brink::emulated::Site site = brink::emulated::Site::here()) {
  unsigned const within = static_cast<unsigned>(source) & (static_cast<unsigned>(width) - 1);
  return brink::emulated::shuffle("__shfl_sync", mask, value,
                                  brink::emulated::segment_start(width) + within, false, width,
                                  site);
}

template <brink::emulated::Shuffled T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32,
                 brink::emulated::Site site = brink::emulated::Site::here()) {
  unsigned const lane = brink::emulated::lane();
  return brink::emulated::shuffle("__shfl_up_sync", mask, value, lane - distance,
                                  lane < brink::emulated::segment_start(width) + distance, width,
                                  site);
}

template <brink::emulated::Shuffled T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32,
                   brink::emulated::Site site = brink::emulated::Site::here()) {
  unsigned const source = brink::emulated::lane() + distance;
  unsigned const end = brink::emulated::segment_start(width) + static_cast<unsigned>(width);
  return brink::emulated::shuffle("__shfl_down_sync", mask, value, source, source >= end, width,
                                  site);
}

template <brink::emulated::Shuffled T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32,
                  brink::emulated::Site site = brink::emulated::Site::here()) {
  unsigned const source = brink::emulated::lane() ^ static_cast<unsigned>(bits);
  unsigned const end = brink::emulated::segment_start(width) + static_cast<unsigned>(width);
  return brink::emulated::shuffle("__shfl_xor_sync", mask, value, source, source >= end, width,
                                  site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              brink::emulated::Site site = brink::emulated::Site::here()) {
  return brink::emulated::warp_operation("__ballot_sync", mask, predicate != 0,
                                         brink::emulated::lane(), site)
      .ballot;
}

inline int __any_sync(unsigned mask, int predicate,
                      brink::emulated::Site site = brink::emulated::Site::here()) {
  return brink::emulated::warp_operation("__any_sync", mask, predicate != 0,
                                         brink::emulated::lane(), site)
             .ballot != 0;
}

inline int __all_sync(unsigned mask, int predicate,
                      brink::emulated::Site site = brink::emulated::Site::here()) {
  return brink::emulated::warp_operation("__all_sync", mask, predicate != 0,
                                         brink::emulated::lane(), site)
             .ballot == mask;
}

template <brink::emulated::Added T>
T atomicAdd(T* address, std::type_identity_t<T> value,
            brink::emulated::Site site = brink::emulated::Site::here()) {
  return brink::emulated::change_atomically(
      address, [&](T old) { return brink::emulated::wrapping_sum(old, value); }, site);
}

template <brink::emulated::Compared T>
T atomicMax(T* address, std::type_identity_t<T> value,
            brink::emulated::Site site = brink::emulated::Site::here()) {
  return brink::emulated::change_atomically(
      address, [&](T old) { return old < value ? value : old; }, site);
}

template <brink::emulated::Compared T>
T atomicMin(T* address, std::type_identity_t<T> value,
            brink::emulated::Site site = brink::emulated::Site::here()) {
  return brink::emulated::change_atomically(
      address, [&](T old) { return value < old ? value : old; }, site);
}

template <brink::emulated::Swapped T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value,
            brink::emulated::Site site = brink::emulated::Site::here()) {
  return brink::emulated::change_atomically(
      address, [&](T old) { return old == expected ? value : old; }, site);
}

template <brink::emulated::Exchanged T>
T atomicExch(T* address, std::type_identity_t<T> value,
             brink::emulated::Site site = brink::emulated::Site::here()) {
  return brink::emulated::change_atomically(
      address, [&](T) { return value; }, site);
}

// Of native_warpgroup.hpp. Copies are made where the thread waits for them.

namespace brink::emulated {

/// What tensor cores use of a number: its 11 leading bits.
inline float tf32(float x) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0xffffe000u);
}

/// To float32, without what lies below its last bit.
inline float toward_zero(double x) {
  auto const nearest = static_cast<float>(x);
  return std::abs(static_cast<double>(nearest)) > std::abs(x) ? std::nextafter(nearest, 0.0f)
                                                              : nearest;
}

inline void begin_copy(PendingCopy const& copy) {
  auto& groups = pending_copies();
  if (groups.empty()) groups.emplace_back();
  groups.back().push_back(copy);
}

inline void make_copy(PendingCopy const& copy) {
  for (int i = 0; i < copy.numbers; ++i) copy.to[i] = copy.from == nullptr ? 0.0f : copy.from[i];
}

}  // namespace brink::emulated

namespace brink::cuda {

inline void begin_products() {}
inline void wait_for_products() {}

template <int count>
void multiply_warpgroup(float const (&a)[4], float const* b, bool first, float (&sums)[count][4],
                        emulated::Site site = emulated::Site::here()) {
  float rows[2][8];
  emulated::gather_rows("multiply_warpgroup", a, rows, site);
  unsigned const column = emulated::lane() % 4 * 2;
  for (int j = 0; j < count; ++j) {
    for (unsigned e = 0; e < 4; ++e) {
      float const* const of_column = b + j * 64 + (column + e % 2) * 4;
      double sum = first ? 0 : sums[j][e];
      for (int k = 0; k < 8; ++k) {
        sum += static_cast<double>(emulated::tf32(rows[e / 2][k])) *
               static_cast<double>(emulated::tf32(of_column[k / 4 * 32 + k % 4]));
      }
      sums[j][e] = emulated::toward_zero(sum);
    }
  }
}

inline void copy_pack(float* to, float const* from, emulated::Site site = emulated::Site::here()) {
  auto const is_off = [](void const* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 != 0; };
  if (is_off(to) || is_off(from)) {
    emulated::fail_thread(site, "copy_pack at an address that is no multiple of 16");
  }
  emulated::begin_copy({to, from, 4});
}

inline void copy_number(float* to, float const* from, bool there) {
  emulated::begin_copy({to, there ? from : nullptr, 1});
}

inline void end_copy_group() {
  auto& groups = emulated::pending_copies();
  if (groups.empty()) groups.emplace_back();
  groups.emplace_back();
}

template <int pending>
void wait_for_copies() {
  // The last group is the open one.
  auto& groups = emulated::pending_copies();
  while (groups.size() > pending + 1) {
    for (emulated::PendingCopy const& copy : groups.front()) emulated::make_copy(copy);
    groups.erase(groups.begin());
  }
}

}  // namespace brink::cuda

inline int __popc(unsigned x) {
  return std::popcount(x);
}

/// One more than the place of the lowest bit that is set, or 0.
inline int __ffs(int x) {
  return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1;
}

inline int __clz(int x) {
  return std::countl_zero(static_cast<unsigned>(x));
}

namespace brink::emulated {

/// Queues a kernel, whose code is at `function` and whose arguments hold `pointers`. Returns what
/// `check_launch` takes.
int queue_kernel(cuda::Stream stream, cuda::LaunchShape const& shape, void const* function,
                 std::vector<void const*> pointers, std::function<void()> body);

/// Adds the address that an argument of a kernel is or begins with: a pointer, or a view.
template <class T>
void add_pointer(std::vector<void const*>& pointers, T const& argument) {
  if constexpr (std::is_pointer_v<T>) {
    pointers.push_back(argument);
  } else if constexpr (requires { *argument.data; }) {
    pointers.push_back(argument.data);
  }
}

}  // namespace brink::emulated

namespace brink::cuda {

/// Queues a kernel on a stream. Throws MachineError that names kernel, sizes and reason.
template <class... Parameters, class... Arguments>
void launch(Stream stream, LaunchShape const& shape, void (*kernel)(Parameters...),
            Arguments&&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...),
                "arguments of a kernel are copied byte by byte");
  void const* const function = reinterpret_cast<void const*>(kernel);
  allow_shared_memory(shape, function);
  auto const values = std::make_shared<std::tuple<std::remove_cv_t<Parameters>...>>(
      static_cast<Parameters>(arguments)...);
  std::vector<void const*> pointers;
  std::apply([&](auto const&... value) { (emulated::add_pointer(pointers, value), ...); }, *values);
  check_launch(shape, emulated::queue_kernel(stream, shape, function, std::move(pointers),
                                             [kernel, values] { std::apply(kernel, *values); }));
}

}  // namespace brink::cuda
