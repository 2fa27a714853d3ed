#pragma once

#include "kernels/context.hpp"
#include "kernels/cuda/device.hpp"
#include "kernels/linalg.hpp"

namespace brink::cuda {

/// cuBLAS on one stream. The emulated device has a BLAS of the host.
struct Blas {
  void* handle = nullptr;
};
Blas make_blas(Stream stream);
void destroy(Blas blas) noexcept;

/// For j = 0 … count−1, out_j = op(A_j) op(B_j) + beta out_j; row-major; T is float or double, of
/// which `products` says nothing. The entries of matrix j lie j · step behind those of the first.
template <class T>
struct Batched {
  Matrix<T> first;
  Index step;
};
template <class T>
void gemm_batched(Blas blas, Products products, Index count, Transpose transpose_a,
                  Batched<T const> a, Transpose transpose_b, Batched<T const> b, T beta,
                  Batched<T> out);

/// out = op(A) op(B) + beta out.
template <class T>
void gemm(Blas blas, Products products, Transpose transpose_a, Matrix<T const> a,
          Transpose transpose_b, Matrix<T const> b, T beta, Matrix<T> out) {
  gemm_batched<T>(blas, products, 1, transpose_a, {a, 0}, transpose_b, {b, 0}, beta, {out, 0});
}

}  // namespace brink::cuda
