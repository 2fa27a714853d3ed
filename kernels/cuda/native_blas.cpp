// blas.hpp on cuBLAS, which is loaded with the first handle.
#include <cublas_v2.h>
#include <fmt/format.h>

#include <string>
#include <type_traits>

#include "kernels/cuda/blas.hpp"
#include "kernels/cuda/native_library.hpp"
#include "kernels/error.hpp"

namespace brink::cuda {
namespace {

/// The one of cublasGemmStridedBatchedEx's overloads that the library exports.
using GemmStridedBatched = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t,
                                              int, int, int, void const*, void const*, cudaDataType,
                                              int, long long, void const*, cudaDataType, int,
                                              long long, void const*, void*, cudaDataType, int,
                                              long long, int, cublasComputeType_t,
                                              cublasGemmAlgo_t);

struct Library {
  decltype(&cublasCreate_v2) create;
  decltype(&cublasDestroy_v2) destroy;
  decltype(&cublasSetStream_v2) set_stream;
  GemmStridedBatched gemm_strided_batched;
  decltype(&cublasGetStatusString) status_string;
};

Library load() {
  NativeLibrary const file("cuBLAS", fmt::format("libcublas.so.{}", CUBLAS_VER_MAJOR));
  Library library;
  file.find(library.create, "cublasCreate_v2");
  file.find(library.destroy, "cublasDestroy_v2");
  file.find(library.set_stream, "cublasSetStream_v2");
  file.find(library.gemm_strided_batched, "cublasGemmStridedBatchedEx");
  file.find(library.status_string, "cublasGetStatusString");
  return library;
}

Library const& library() {
  static Library const loaded = load();
  return loaded;
}

void check(cublasStatus_t status, std::string const& call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw MachineError(fmt::format("cuBLAS: {}: {}", call, library().status_string(status)));
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
  check(library().create(&handle), "make a handle");
  Blas const blas{handle};
  check(library().set_stream(handle, static_cast<cudaStream_t>(stream.handle)),
        "choose the stream");
  return blas;
}

void destroy(Blas blas) noexcept {
  library().destroy(native(blas));
}

template <class T>
void gemm(Blas blas, Products products, Transpose transpose_a, Matrix<T const> a,
          Transpose transpose_b, Matrix<T const> b, T beta, Matrix<T> out) {
  gemm_batched<T>(blas, products, 1, transpose_a, {a, 0}, transpose_b, {b, 0}, beta, {out, 0});
}

template <class T>
void gemm_batched(Blas blas, Products products, Index count, Transpose transpose_a,
                  Batched<T const> a, Transpose transpose_b, Batched<T const> b, T beta,
                  Batched<T> out) {
  constexpr auto type = std::is_same_v<T, float> ? CUDA_R_32F : CUDA_R_64F;
  auto const compute = !std::is_same_v<T, float>    ? CUBLAS_COMPUTE_64F
                       : products == Products::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                    : CUBLAS_COMPUTE_32F;
  Index const inner = transpose_a == Transpose::yes ? a.first.rows : a.first.cols;
  T const alpha = 1;
  check(library().gemm_strided_batched(
            native(blas), native(transpose_b), native(transpose_a),
            static_cast<int>(out.first.cols), static_cast<int>(out.first.rows),
            static_cast<int>(inner), &alpha, b.first.data, type, static_cast<int>(b.first.stride),
            b.step, a.first.data, type, static_cast<int>(a.first.stride), a.step, &beta,
            out.first.data, type, static_cast<int>(out.first.stride), out.step,
            static_cast<int>(count), compute, CUBLAS_GEMM_DEFAULT),
        fmt::format("product of {}x{} by {}x{}, {} of them", out.first.rows, inner, inner,
                    out.first.cols, count));
}

template void gemm<float>(Blas, Products, Transpose, Matrix<float const>, Transpose,
                          Matrix<float const>, float, Matrix<float>);
template void gemm<double>(Blas, Products, Transpose, Matrix<double const>, Transpose,
                           Matrix<double const>, double, Matrix<double>);
template void gemm_batched<float>(Blas, Products, Index, Transpose, Batched<float const>, Transpose,
                                  Batched<float const>, float, Batched<float>);
template void gemm_batched<double>(Blas, Products, Index, Transpose, Batched<double const>,
                                   Transpose, Batched<double const>, double, Batched<double>);

}  // namespace brink::cuda
