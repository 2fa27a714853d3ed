#pragma once

namespace brink::bench {

/// Operations per second of `threads` threads that make nothing but independent multiplications and
/// additions, as many of these as of those and none fused, in the SIMD loops' instruction set.
template <class T>
double peak_rate(int threads);

}  // namespace brink::bench
