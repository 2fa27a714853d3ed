#pragma once

#include "kernels/cuda/context.hpp"
#include "kernels/cuda/portable.hpp"

// Sums in float64 whose order depends on sizes alone, so that they repeat bit for bit.

namespace brink::cuda {

inline constexpr unsigned warp_lanes = 32;
inline constexpr unsigned all_lanes = 0xffffffffu;

/// The sum of `value` over the lanes of a warp, which all of them call; lane 0 gets it.
__device__ inline double warp_sum(double value) {
  for (unsigned distance = warp_lanes / 2; distance > 0; distance /= 2) {
    value += __shfl_down_sync(all_lanes, value, distance);
  }
  return value;
}

/// Sums of `values` over the threads of a block, which thread 0 gets. Every thread calls it; blocks
/// are one-dimensional, with a multiple of 32 threads.
template <int Count>
__device__ void block_sum(double (&values)[Count]) {
  BRINK_SHARED(double, of_warp, Count* warp_lanes);
  unsigned const lane = threadIdx.x % warp_lanes;
  unsigned const warp = threadIdx.x / warp_lanes;
  for (int i = 0; i < Count; ++i) {
    values[i] = warp_sum(values[i]);
    if (lane == 0) of_warp[i * warp_lanes + warp] = values[i];
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int i = 0; i < Count; ++i) {
      for (unsigned w = 1; w < blockDim.x / warp_lanes; ++w) {
        values[i] += of_warp[i * warp_lanes + w];
      }
    }
  }
  __syncthreads();  // the shared memory may be used again
}

/// Sums of `values` over the threads of all blocks in a row of the grid. True on the one thread of
/// each row that gets them; it belongs to the block that came last.
template <int Count>
__device__ bool grid_sum(double (&values)[Count], GridSums sums) {
  BRINK_SHARED(bool, is_last, 1);
  double* const of_block = sums.of_block + Index(blockIdx.y) * gridDim.x * Count;
  block_sum(values);
  if (threadIdx.x == 0) {
    for (int i = 0; i < Count; ++i) of_block[Index(blockIdx.x) * Count + i] = values[i];
    __threadfence();
    is_last[0] = atomicAdd(sums.arrivals + blockIdx.y, 1u) == gridDim.x - 1;
    if (is_last[0]) __threadfence();
  }
  __syncthreads();
  if (!is_last[0]) return false;  // the same for the whole block
  for (int i = 0; i < Count; ++i) {
    values[i] = 0;
    for (unsigned b = threadIdx.x; b < gridDim.x; b += blockDim.x) {
      values[i] += of_block[Index(b) * Count + i];
    }
  }
  block_sum(values);
  if (threadIdx.x == 0) sums.arrivals[blockIdx.y] = 0;
  return threadIdx.x == 0;
}

}  // namespace brink::cuda
