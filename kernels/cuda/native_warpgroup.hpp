#pragma once

#include <cuda_runtime.h>

#include <bit>
#include <cstdint>

// Instructions of capability 9.0, compiled for sm_90a, behind functions that the emulated device
// has too. Elsewhere they trap; the host asks devices for `warpgroup_operations`.

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define BRINK_WARPGROUP_ASM(...) asm volatile(__VA_ARGS__)
#else
#define BRINK_WARPGROUP_ASM(...) __trap()
#endif

namespace brink::cuda {

/// Of a matrix in shared memory for wgmma: bricks of 8 × 4 numbers, two of them side by side along
/// the inner dimension, 128 bytes apart, and such pairs 256 bytes apart along the other.
__device__ inline std::uint64_t matrix_descriptor(float const* b) {
  auto const address = static_cast<std::uint64_t>(__cvta_generic_to_shared(b));
  return (address & 0x3ffff) >> 4 | std::uint64_t{128 >> 4} << 16 | std::uint64_t{256 >> 4} << 32;
}

// Operands of the instruction.
#define BRINK_SUMS(f) "+f"(sums[f][0]), "+f"(sums[f][1]), "+f"(sums[f][2]), "+f"(sums[f][3])
#define BRINK_BITS(x) "r"(std::bit_cast<unsigned>(x))

/// Begins sums (+)= A B by the four warps of a group: A is 64 × 8, warp w has 16 rows of it from 16
/// w on, lane 4g + t of these the entries (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4). B is 8 ×
/// 8·count in shared memory: number (k, c) at c / 8 · 64 + k / 4 · 32 + c % 8 · 4 + k % 4. Of the
/// sums of fragment j, columns 8j …, the lane has (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t +
/// 1). `first`: what the sums held is lost. TF32's 11 bits of each number are used; products are
/// exact, and sums lose what lies below their last bit.
template <int count>
__device__ void multiply_warpgroup(float const (&a)[4], float const* b, bool first,
                                   float (&sums)[count][4]);
template <>
__device__ inline void multiply_warpgroup<13>(float const (&a)[4], float const* b, bool first,
                                              float (&sums)[13][4]) {
  BRINK_WARPGROUP_ASM(
      "{ .reg .pred p; setp.ne.b32 p, %57, 0; "
      "wgmma.mma_async.sync.aligned.m64n104k8.f32.tf32.tf32 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
      "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
      "%48, %49, %50, %51}, "
      "{%52, %53, %54, %55}, %56, p, 1, 1; }"
      : BRINK_SUMS(0), BRINK_SUMS(1), BRINK_SUMS(2), BRINK_SUMS(3), BRINK_SUMS(4), BRINK_SUMS(5),
        BRINK_SUMS(6), BRINK_SUMS(7), BRINK_SUMS(8), BRINK_SUMS(9), BRINK_SUMS(10), BRINK_SUMS(11),
        BRINK_SUMS(12)
      : BRINK_BITS(a[0]), BRINK_BITS(a[1]), BRINK_BITS(a[2]), BRINK_BITS(a[3]),
        "l"(matrix_descriptor(b)), "r"(first ? 0 : 1));
}

template <>
__device__ inline void multiply_warpgroup<16>(float const (&a)[4], float const* b, bool first,
                                              float (&sums)[16][4]) {
  BRINK_WARPGROUP_ASM(
      "{ .reg .pred p; setp.ne.b32 p, %69, 0; "
      "wgmma.mma_async.sync.aligned.m64n128k8.f32.tf32.tf32 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
      "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
      "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
      "{%64, %65, %66, %67}, %68, p, 1, 1; }"
      : BRINK_SUMS(0), BRINK_SUMS(1), BRINK_SUMS(2), BRINK_SUMS(3), BRINK_SUMS(4), BRINK_SUMS(5),
        BRINK_SUMS(6), BRINK_SUMS(7), BRINK_SUMS(8), BRINK_SUMS(9), BRINK_SUMS(10), BRINK_SUMS(11),
        BRINK_SUMS(12), BRINK_SUMS(13), BRINK_SUMS(14), BRINK_SUMS(15)
      : BRINK_BITS(a[0]), BRINK_BITS(a[1]), BRINK_BITS(a[2]), BRINK_BITS(a[3]),
        "l"(matrix_descriptor(b)), "r"(first ? 0 : 1));
}

#undef BRINK_SUMS
#undef BRINK_BITS

/// Before products that read what the thread has written: registers, and shared memory.
__device__ inline void begin_products() {
  BRINK_WARPGROUP_ASM("wgmma.fence.sync.aligned;" ::: "memory");
}

/// Waits for the products that the group has begun.
__device__ inline void wait_for_products() {
  BRINK_WARPGROUP_ASM(
      "wgmma.commit_group.sync.aligned;\n"
      "wgmma.wait_group.sync.aligned 0;" ::
          : "memory");
}

/// Begins to copy 4 numbers from global to shared memory, both on 16 bytes.
__device__ inline void copy_pack(float* to, float const* from) {
  BRINK_WARPGROUP_ASM("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(
                          static_cast<unsigned>(__cvta_generic_to_shared(to))),
                      "l"(from));
}

/// The same of one number, or 0 if it is not there; `from` can be read nevertheless.
__device__ inline void copy_number(float* to, float const* from, bool there) {
  BRINK_WARPGROUP_ASM("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(
                          static_cast<unsigned>(__cvta_generic_to_shared(to))),
                      "l"(from), "r"(there ? 4 : 0));
}

/// Ends a group of copies: those that the thread has begun since the last.
__device__ inline void end_copy_group() {
  BRINK_WARPGROUP_ASM("cp.async.commit_group;" ::: "memory");
}

/// Waits for the thread's copies but for those of the last `pending` groups; after a barrier,
/// products may read them.
template <int pending>
__device__ void wait_for_copies() {
  BRINK_WARPGROUP_ASM(
      "cp.async.wait_group %0;\n"
      "fence.proxy.async.shared::cta;" ::"n"(pending)
      : "memory");
}

#undef BRINK_WARPGROUP_ASM

}  // namespace brink::cuda
