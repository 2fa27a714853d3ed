#include "kernels/cuda/blas.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/cpu/blas.hpp"
#include "tests/support/emulated/runtime.hpp"

namespace brink::cuda {

namespace {

struct Handle {
  Stream stream;
};

Handle& handle_of(Blas blas) {
  return *static_cast<Handle*>(blas.handle);
}

/// To 10 bits of the mantissa, the nearest, ties away from 0.
float round_to_tf32(float value) {
  if (!std::isfinite(value)) return value;
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) + 0x1000u) & ~0x1fffu);
}

/// A matrix's entries, rounded, without gaps between its rows.
std::vector<float> rounded_entries(Matrix<float const> m) {
  std::vector<float> entries;
  entries.reserve(static_cast<std::size_t>(m.rows * m.cols));
  for (Index r = 0; r < m.rows; ++r) {
    for (Index c = 0; c < m.cols; ++c) entries.push_back(round_to_tf32(m.row(r)[c]));
  }
  return entries;
}

template <class T>
void multiply(Products products, Transpose transpose_a, Matrix<T const> a, Transpose transpose_b,
              Matrix<T const> b, T beta, Matrix<T> out) {
  if constexpr (sizeof(T) == sizeof(float)) {
    if (products == Products::tf32) {
      std::vector<float> const of_a = rounded_entries(a);
      std::vector<float> const of_b = rounded_entries(b);
      cpu::gemm<float>(transpose_a, transpose_b, {of_a.data(), a.rows, a.cols},
                       {of_b.data(), b.rows, b.cols}, beta, out);
      return;
    }
  }
  cpu::gemm<T>(transpose_a, transpose_b, a, b, beta, out);
}

template <class T>
void check_matrix(Matrix<T> m) {
  if (m.rows == 0 || m.cols == 0) return;
  emulated::check_device_memory(
      fmt::format("a product with a matrix of {} x {}", m.rows, m.cols), m.data,
      static_cast<std::size_t>((m.rows - 1) * m.stride + m.cols) * sizeof(T));
}

template <class T>
Matrix<T> entry(Batched<T> batch, Index j) {
  Matrix<T> m = batch.first;
  m.data += j * batch.step;
  return m;
}

}  // namespace

Blas make_blas(Stream stream) {
  cpu::use_sequential_blas();
  emulated::count_handles("BLAS handle", 1);
  return {new Handle{stream}};
}

void destroy(Blas blas) noexcept {
  if (blas.handle == nullptr) return;
  emulated::count_handles("BLAS handle", -1);
  delete &handle_of(blas);
}

template <class T>
void gemm_batched(Blas blas, Products products, Index count, Transpose transpose_a,
                  Batched<T const> a, Transpose transpose_b, Batched<T const> b, T beta,
                  Batched<T> out) {
  auto const check = [=] {
    for (Index j = 0; j < count; ++j) {
      check_matrix(entry(a, j));
      check_matrix(entry(b, j));
      check_matrix(entry(out, j));
    }
  };
  auto const run = [=] {
    for (Index j = 0; j < count; ++j) {
      multiply(products, transpose_a, entry(a, j), transpose_b, entry(b, j), beta, entry(out, j));
    }
  };
  emulated::queue(handle_of(blas).stream, "product of matrices", {check, run});
}

#define BRINK_INSTANTIATE(T)                                                                   \
  template void gemm_batched<T>(Blas, Products, Index, Transpose, Batched<T const>, Transpose, \
                                Batched<T const>, T, Batched<T>);
BRINK_INSTANTIATE(float)
BRINK_INSTANTIATE(double)
#undef BRINK_INSTANTIATE

}  // namespace brink::cuda
