#include "bench/jobs/peak_rate.hpp"

#include <string_view>

#include "bench/jobs/peak_loop.hpp"
#include "bench/jobs/timing.hpp"
#include "kernels/cpu/simd.hpp"

namespace brink::bench {

#ifdef __x86_64__
extern PeakLoops const peak_avx512;
extern PeakLoops const peak_avx2;
#endif
extern PeakLoops const peak_baseline;

namespace {

/// Those of the instruction set that the SIMD loops run in.
PeakLoops const& peak_loops() {
#ifdef __x86_64__
  std::string_view const used = cpu::instruction_set().name;
  for (PeakLoops const* loops : {&peak_avx512, &peak_avx2}) {
    if (used == loops->name) return *loops;
  }
#endif
  return peak_baseline;
}

template <class T>
PeakLoop<T> peak_loop() {
  if constexpr (sizeof(T) == sizeof(float)) {
    return peak_loops().single_precision;
  } else {
    return peak_loops().double_precision;
  }
}

}  // namespace

template <class T>
double peak_rate(int threads) {
  constexpr Index rounds = 1'000'000;
  constexpr Index samples = 20;
  Index operations = 0;
  Timing const timing = measure(samples, [&] {
    operations = 0;
#pragma omp parallel num_threads(threads) reduction(+ : operations)
    {
      T result;
      operations += peak_loop<T>()(rounds, T(1), T(0), &result);
    }
  });
  return static_cast<double>(operations) / timing.least;
}

template double peak_rate<float>(int threads);
template double peak_rate<double>(int threads);

}  // namespace brink::bench
