#pragma once

/// Marks a function that both the host and a CUDA device may call.
#ifdef __CUDACC__
#define BRINK_HOST_DEVICE __host__ __device__
#else
#define BRINK_HOST_DEVICE
#endif
