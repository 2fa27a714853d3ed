// Compiled once per instruction set, with its flags (which xsimd reads) and its names,
// BRINK_PEAK_LOOPS and BRINK_SIMD_NAME, set by the build.
#include "bench/jobs/peak_loop.hpp"

#include <xsimd/xsimd.hpp>

namespace brink::bench {
namespace {

template <class T>
Index multiply_and_add(Index rounds, T factor, T term, T* out) {
  using Lanes = xsimd::batch<T>;
  // So many operations of either kind hide the latency of each, and fit 16 registers.
  constexpr int chains = 6;
  Lanes products[chains], sums[chains];
  for (int c = 0; c < chains; ++c) products[c] = sums[c] = Lanes(factor);
  for (Index round = 0; round < rounds; ++round) {
    for (int c = 0; c < chains; ++c) {
      products[c] = products[c] * Lanes(factor);
      sums[c] = sums[c] + Lanes(term);
    }
  }
  Lanes all(T(0));
  for (int c = 0; c < chains; ++c) all = all + products[c] + sums[c];
  *out = all.get(0);
  return rounds * 2 * chains * static_cast<Index>(Lanes::size);
}

}  // namespace

extern PeakLoops const BRINK_PEAK_LOOPS;
PeakLoops const BRINK_PEAK_LOOPS{BRINK_SIMD_NAME, multiply_and_add<float>,
                                 multiply_and_add<double>};

}  // namespace brink::bench
