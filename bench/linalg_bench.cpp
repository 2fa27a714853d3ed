#include "kernels/linalg.hpp"

#include "bench/operation.hpp"
#include "bench/sizes.hpp"

namespace brink::bench {
namespace {

template <class T>
void linalg_inner_products(benchmark::State& state) {
  Index const p = state.range(0);
  Index const q = state.range(1);
  Index const size = state.range(2);
  Arrays<T> arrays;
  Matrix<T> const a = arrays.matrix(p, size);
  Matrix<T> const b = arrays.matrix(q, size);
  time<T>(state, {2 * p * q * size, (p + q) * size},
          [&] { operations<T>().linalg->inner_products(a, b); });
}
BRINK_BENCHMARK(linalg_inner_products, blocks);

template <class T>
void linalg_combine(benchmark::State& state) {
  Index const q = state.range(0);
  Index const p = state.range(1);
  Index const size = state.range(2);
  Arrays<T> arrays;
  Matrix<T> const a = arrays.matrix(p, size);
  Matrix<T> const out = arrays.matrix(q, size);
  std::vector<double> const coefficients(static_cast<std::size_t>(p * q), 0.5);
  time<T>(state, {2 * p * q * size, (p + q) * size},
          [&] { operations<T>().linalg->combine(coefficients, a, out, false); });
}
BRINK_BENCHMARK(linalg_combine, blocks);

template <class T>
void linalg_axpy(benchmark::State& state) {
  Index const size = state.range(0);
  Arrays<T> arrays;
  Vector<T> const x = arrays.vector(size);
  Vector<T> const y = arrays.vector(size);
  time<T>(state, {2 * size, 3 * size}, [&] { operations<T>().linalg->axpy(1e-30, x, y); });
}
BRINK_BENCHMARK(linalg_axpy, parameters);

/// A minibatch of 32 images.
template <class T>
void linalg_gather_rows(benchmark::State& state) {
  constexpr Index images = 10000;
  constexpr Index batch = 32;
  constexpr Index pixels = 3072;
  Buffer<T> x(context(), images * pixels);
  x.fill_zero();
  Arrays<T> arrays;
  Matrix<T> const out = arrays.matrix(batch, pixels);
  std::vector<Index> indices;
  for (Index i = 0; i < batch; ++i) indices.push_back(i * 7919 % images);
  time<T>(state, {0, 2 * batch * pixels},
          [&] { operations<T>().linalg->gather_rows(x.matrix(images, pixels), indices, out); });
}
BENCHMARK_TEMPLATE(linalg_gather_rows, float)->UseRealTime();
BENCHMARK_TEMPLATE(linalg_gather_rows, double)->UseRealTime();

template <class T>
void linalg_symmetrize(benchmark::State& state) {
  Index const n = state.range(0);
  Arrays<T> arrays;
  Matrix<T> const a = arrays.matrix(n, n);
  time<T>(state, {2 * n * n, 2 * n * n}, [&] { operations<T>().linalg->symmetrize(a); });
}
BRINK_BENCHMARK(linalg_symmetrize, squares);

template <class T>
void linalg_symmetric_eigenvalues(benchmark::State& state) {
  Index const n = state.range(0);
  Arrays<T> arrays;
  Matrix<T> const symmetric = arrays.matrix(n, n);
  Matrix<T> const overwritten = arrays.matrix(n, n);
  auto const& linalg = *operations<T>().linalg;
  linalg.symmetrize(symmetric);
  time<T>(state, {4 * n * n * n / 3, 2 * n * n}, [&] {
    context().copy(overwritten.data, symmetric.data, static_cast<std::size_t>(n * n) * sizeof(T));
    linalg.symmetric_eigenvalues(overwritten);
  });
}
BRINK_BENCHMARK(linalg_symmetric_eigenvalues, squares);

/// The projected problem of the eigensolver; on the host.
void linalg_symmetric_eigen(benchmark::State& state) {
  Index const n = state.range(0);
  std::vector<double> matrix(static_cast<std::size_t>(n * n));
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      matrix[i * n + j] = 1.0 / static_cast<double>(1 + i + j);
    }
  }
  for (auto _ : state) benchmark::DoNotOptimize(symmetric_eigen(matrix, n));
}
BENCHMARK(linalg_symmetric_eigen)->ArgName("n")->Arg(2)->Arg(14)->Arg(64);

}  // namespace
}  // namespace brink::bench
