#pragma once

#include <benchmark/benchmark.h>

// The axes that the benchmarks of operations share. Cohen et al. train 3072-200-200-10 networks on
// CIFAR-10; one of its five files has 10000 examples.
namespace brink::bench {

/// examples, inputs, outputs of a dense layer: the three layers over one CIFAR-10 file, a
/// minibatch, and one where nothing is a multiple of a SIMD width.
inline void layers(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "in", "out"})
      ->Args({10000, 3072, 200})
      ->Args({10000, 200, 200})
      ->Args({10000, 200, 10})
      ->Args({32, 3072, 200})
      ->Args({1001, 257, 33});
}

/// Layers above the first, with k directions.
inline void upper_layers_and_directions(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "in", "out", "k", "data"})
      ->Args({10000, 200, 200, 1, 0})
      ->Args({10000, 200, 200, 8, 0})
      ->Args({10000, 200, 10, 8, 0})
      ->Args({1001, 257, 33, 3, 0});
}

/// The same and the first layer, whose input is data and has no tangents.
inline void layers_and_directions(benchmark::internal::Benchmark* benchmark) {
  upper_layers_and_directions(benchmark);
  benchmark->Args({10000, 3072, 200, 1, 1})->Args({10000, 3072, 200, 8, 1});
}

/// examples and widths of two hidden layers.
inline void hidden_layers(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "h1", "h2"})->Args({10000, 200, 200})->Args({1001, 257, 33});
}

/// examples and outputs of a network.
inline void outputs(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "out"})->Args({10000, 10})->Args({50000, 10})->Args({1001, 33});
}

/// Sizes of a parameter vector; 656810 is that of 3072-200-200-10.
inline void parameters(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"P"})->Arg(10001)->Arg(656810)->Arg(4000000);
}

/// p and q rows of blocks of parameter vectors, and their size.
inline void blocks(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"p", "q", "P"})
      ->Args({1, 1, 656810})
      ->Args({2, 14, 656810})
      ->Args({14, 14, 656810})
      ->Args({3, 5, 10001});
}

/// Rows of symmetric matrices.
inline void squares(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n"})->Arg(500)->Arg(2000);
}

/// Starts along a side of a grid over f4, and tenths of η: at 0.1 a start takes tens of steps to
/// its verdict, at 0.5 a few; 1001 is no multiple of a SIMD width.
inline void grids(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"grid", "tenths"})
      ->Args({256, 3})
      ->Args({1024, 1})
      ->Args({1024, 3})
      ->Args({1024, 5})
      ->Args({1001, 3});
}

}  // namespace brink::bench
