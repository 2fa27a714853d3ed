#pragma once

#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/math/random.hpp"
#include "kernels/operations.hpp"

namespace brink::bench {

/// The device and threads that the command line asks for (ops_main.cpp).
Context& context();

template <class T>
Operations<T> const& operations() {
  static Operations<T> const made = make_operations<T>(context());
  return made;
}

/// Standard normal numbers over and over: drawing all anew would take longer than the benchmarks.
inline std::vector<double> const& normal_numbers() {
  static std::vector<double> const numbers = [] {
    std::vector<double> drawn(65537);
    for (std::size_t i = 0; i < drawn.size(); ++i) drawn[i] = normal(0, 0, i);
    return drawn;
  }();
  return numbers;
}

/// Arrays of standard normal numbers, kept as long as this.
template <class T>
class Arrays {
 public:
  Matrix<T> matrix(Index rows, Index cols) {
    std::vector<T> values(static_cast<std::size_t>(rows * cols));
    std::vector<double> const& numbers = normal_numbers();
    for (T& value : values) value = static_cast<T>(numbers[drawn_++ % numbers.size()]);
    return kept_.emplace_back(context(), values).matrix(rows, cols);
  }
  Vector<T> vector(Index size) { return {matrix(1, size).data, size}; }
  DenseLayer<T> layer(Index outputs, Index inputs) {
    return {matrix(outputs, inputs), vector(outputs)};
  }

 private:
  std::size_t drawn_ = 0;
  std::vector<Buffer<T>> kept_;
};

/// Class labels 0 … classes−1 in turn.
inline Buffer<std::int32_t> make_labels(Index examples, Index classes) {
  std::vector<std::int32_t> labels(static_cast<std::size_t>(examples));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<std::int32_t>(static_cast<Index>(i) % classes);
  }
  return Buffer<std::int32_t>(context(), labels);
}

/// What one call takes at least: floating-point operations, and numbers read or written once.
struct Work {
  Index operations;
  Index numbers;
};

/// Runs `call` as the benchmark's body and reports FLOP/s and bytes/s.
template <class T, class Call>
void time(benchmark::State& state, Work work, Call&& call) {
  for (auto _ : state) {
    call();
    context().synchronize();
  }
  state.counters["FLOP/s"] = benchmark::Counter(static_cast<double>(work.operations),
                                                benchmark::Counter::kIsIterationInvariantRate);
  state.SetBytesProcessed(state.iterations() * work.numbers * static_cast<Index>(sizeof(T)));
}

/// Registers a benchmark in both precisions over one of the axes of sizes.hpp. Wall time counts:
/// the work is done by threads or a device.
#define BRINK_BENCHMARK(function, axes)                            \
  BENCHMARK_TEMPLATE(function, float)->Apply(axes)->UseRealTime(); \
  BENCHMARK_TEMPLATE(function, double)->Apply(axes)->UseRealTime()

}  // namespace brink::bench
