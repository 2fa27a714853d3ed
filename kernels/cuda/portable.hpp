#pragma once

// What kernel sources include for the device, and all they include: CUDA's own under nvcc, and an
// emulated one where BRINK_EMULATED_DEVICE names its header. Kernels keep to what both have:
//   __global__ __device__ __launch_bounds__, threadIdx blockIdx blockDim gridDim,
//   __syncthreads __syncwarp __threadfence, __shfl_sync __shfl_up_sync __shfl_down_sync
//   __shfl_xor_sync __ballot_sync __any_sync __all_sync, atomicAdd atomicMax atomicMin atomicCAS
//   atomicExch on 4- and 8-byte numbers, __popc __ffs __clz, float2 float4 double2, and
//   what native_warpgroup.hpp has, and
//   BRINK_SHARED(type, name, count), BRINK_DYNAMIC_SHARED(type, name): shared memory of a block,
//   uninitialised. The dynamic one is 16-byte aligned and as long as its launch says.
// Every barrier is reached by every thread of its block, and every warp operation by exactly the
// lanes of its mask. No thread waits for another in any other way.

#include "kernels/cuda/device.hpp"

#ifdef BRINK_EMULATED_DEVICE
#include BRINK_EMULATED_DEVICE
#else

#include <cuda_runtime.h>

#include "kernels/cuda/native_warpgroup.hpp"

#define BRINK_SHARED(type, name, count) __shared__ type name[count]
#define BRINK_DYNAMIC_SHARED(type, name)                                \
  extern __shared__ __align__(16) unsigned char brink_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(brink_dynamic_shared)

namespace brink::cuda {

/// Queues a kernel on a stream. Throws MachineError that names kernel, sizes and reason.
template <class... Parameters, class... Arguments>
void launch(Stream stream, LaunchShape const& shape, void (*kernel)(Parameters...),
            Arguments&&... arguments) {
  allow_shared_memory(shape, reinterpret_cast<void const*>(kernel));
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(shape.grid.x, shape.grid.y, shape.grid.z);
  config.blockDim = dim3(shape.block.x, shape.block.y, shape.block.z);
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = static_cast<cudaStream_t>(stream.handle);
  check_launch(shape, static_cast<int>(cudaLaunchKernelEx(&config, kernel,
                                                          static_cast<Parameters>(arguments)...)));
}

}  // namespace brink::cuda

#endif
