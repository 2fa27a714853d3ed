// blas.hpp on cuBLAS, which is loaded with the first handle.
#include <cublas_v2.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <type_traits>

#include "kernels/cuda/blas.hpp"
#include "kernels/cuda/native_library.hpp"
#include "kernels/error.hpp"

namespace brink::cuda {
namespace {

/// The one of cublasGemmStridedBatchedEx_64's overloads that the library exports: a parameter
/// vector may have more than 2³¹ entries.
using GemmStridedBatched = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t,
                                              std::int64_t, std::int64_t, std::int64_t, void const*,
                                              void const*, cudaDataType, std::int64_t, long long,
                                              void const*, cudaDataType, std::int64_t, long long,
                                              void const*, void*, cudaDataType, std::int64_t,
                                              long long, std::int64_t, cublasComputeType_t,
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
  file.find(library.gemm_strided_batched, "cublasGemmStridedBatchedEx_64");
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
  try {
    check(library().set_stream(handle, static_cast<cudaStream_t>(stream.handle)),
          "choose the stream");
  } catch (...) {
    library().destroy(handle);
    throw;
  }
  return {handle};
}

void destroy(Blas blas) noexcept {
  library().destroy(native(blas));
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
            native(blas), native(transpose_b), native(transpose_a), out.first.cols, out.first.rows,
            inner, &alpha, b.first.data, type, b.first.stride, b.step, a.first.data, type,
            a.first.stride, a.step, &beta, out.first.data, type, out.first.stride, out.step, count,
            compute, CUBLAS_GEMM_DEFAULT),
        fmt::format("product of {}x{} by {}x{}, {} of them", out.first.rows, inner, inner,
                    out.first.cols, count));
}

template void gemm_batched<float>(Blas, Products, Index, Transpose, Batched<float const>, Transpose,
                                  Batched<float const>, float, Batched<float>);
template void gemm_batched<double>(Blas, Products, Index, Transpose, Batched<double const>,
                                   Transpose, Batched<double const>, double, Batched<double>);

}  // namespace brink::cuda
