#pragma once

#include <cblas.h>

#include <limits>
#include <string>

#include "kernels/error.hpp"
#include "kernels/linalg.hpp"

namespace brink::cpu {

/// C = A·B + beta·C with op on A and B, on the calling thread alone: the backend splits the work
/// over its own threads.
template <class T>
void gemm(Transpose transpose_a, Transpose transpose_b, Matrix<T const> a, Matrix<T const> b,
          T beta, Matrix<T> c) {
  Index const inner = transpose_a == Transpose::yes ? a.rows : a.cols;
  if (c.rows == 0 || c.cols == 0) return;
  auto const narrow = [](Index value) {
    if (value > std::numeric_limits<int>::max()) {
      throw MachineError("a matrix is larger than the BLAS can index (2^31 - 1)");
    }
    return static_cast<int>(value);
  };
  auto const op = [](Transpose t) { return t == Transpose::yes ? CblasTrans : CblasNoTrans; };
  auto const call = [&](auto blas) {
    blas(CblasRowMajor, op(transpose_a), op(transpose_b), narrow(c.rows), narrow(c.cols),
         narrow(inner), T(1), a.data, narrow(a.stride), b.data, narrow(b.stride), beta, c.data,
         narrow(c.stride));
  };
  if constexpr (sizeof(T) == sizeof(float)) {
    call(cblas_sgemm);
  } else {
    call(cblas_dgemm);
  }
}

/// Name and version of the BLAS, where it tells.
std::string const& blas_description();

/// Makes the BLAS run each call on the calling thread.
void use_sequential_blas();

}  // namespace brink::cpu
