// blas.hpp on cuBLAS.
#include <cublas_v2.h>
#include <fmt/format.h>

#include <type_traits>

#include "kernels/cuda/blas.hpp"
#include "kernels/error.hpp"

namespace brink::cuda {
namespace {

void check(cublasStatus_t status, std::string const& call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw MachineError(fmt::format("cuBLAS: {}: {}", call, cublasGetStatusString(status)));
}

cublasHandle_t native(Blas blas) {
  return static_cast<cublasHandle_t>(blas.handle);
}

/// cuBLAS is column-major: it sees the transposes of what lies here, so that out = A B becomes
/// outᵀ = Bᵀ Aᵀ.
cublasOperation_t native(Transpose transpose) {
  return transpose == Transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N;
}

}  // namespace

Blas make_blas(Stream stream) {
  cublasHandle_t handle = nullptr;
  check(cublasCreate(&handle), "make a handle");
  Blas const blas{handle};
  check(cublasSetStream(handle, static_cast<cudaStream_t>(stream.handle)), "choose the stream");
  allow_tf32(blas, false);
  return blas;
}

void destroy(Blas blas) noexcept {
  cublasDestroy(native(blas));
}

void allow_tf32(Blas blas, bool allowed) {
  check(cublasSetMathMode(native(blas), allowed ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH),
        "choose the precision of products");
}

template <class T>
void gemm(Blas blas, Transpose transpose_a, Matrix<T const> a, Transpose transpose_b,
          Matrix<T const> b, T beta, Matrix<T> out) {
  gemm_batched<T>(blas, 1, transpose_a, {a, 0}, transpose_b, {b, 0}, beta, {out, 0});
}

template <class T>
void gemm_batched(Blas blas, Index count, Transpose transpose_a, Batched<T const> a,
                  Transpose transpose_b, Batched<T const> b, T beta, Batched<T> out) {
  constexpr auto type = std::is_same_v<T, float> ? CUDA_R_32F : CUDA_R_64F;
  // CUBLAS_COMPUTE_32F follows the math mode, which lets TF32 in or not.
  constexpr auto compute = std::is_same_v<T, float> ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_64F;
  Index const inner = transpose_a == Transpose::yes ? a.first.rows : a.first.cols;
  T const alpha = 1;
  check(cublasGemmStridedBatchedEx(
            native(blas), native(transpose_b), native(transpose_a),
            static_cast<int>(out.first.cols), static_cast<int>(out.first.rows),
            static_cast<int>(inner), &alpha, b.first.data, type, static_cast<int>(b.first.stride),
            b.step, a.first.data, type, static_cast<int>(a.first.stride), a.step, &beta,
            out.first.data, type, static_cast<int>(out.first.stride), out.step,
            static_cast<int>(count), compute, CUBLAS_GEMM_DEFAULT),
        fmt::format("product of {}x{} by {}x{}, {} of them", out.first.rows, inner, inner,
                    out.first.cols, count));
}

template void gemm<float>(Blas, Transpose, Matrix<float const>, Transpose, Matrix<float const>,
                          float, Matrix<float>);
template void gemm<double>(Blas, Transpose, Matrix<double const>, Transpose, Matrix<double const>,
                           double, Matrix<double>);
template void gemm_batched<float>(Blas, Index, Transpose, Batched<float const>, Transpose,
                                  Batched<float const>, float, Batched<float>);
template void gemm_batched<double>(Blas, Index, Transpose, Batched<double const>, Transpose,
                                   Batched<double const>, double, Batched<double>);

}  // namespace brink::cuda
