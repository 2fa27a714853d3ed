#include "kernels/cpu/lapack.hpp"

#include <fmt/format.h>

#include <limits>
#include <type_traits>

#include "kernels/error.hpp"

// The last two arguments are Fortran's hidden string lengths.
extern "C" {
void ssyevd_(char const* job, char const* triangle, int const* n, float* a, int const* lda,
             float* w, float* work, int const* work_size, int* iwork, int const* iwork_size,
             int* info, std::size_t, std::size_t);
void dsyevd_(char const* job, char const* triangle, int const* n, double* a, int const* lda,
             double* w, double* work, int const* work_size, int* iwork, int const* iwork_size,
             int* info, std::size_t, std::size_t);
}

namespace brink::cpu {

template <class T>
std::vector<T> syevd(Eigenvectors vectors, Matrix<T> a) {
  if (a.stride > std::numeric_limits<int>::max()) {
    throw MachineError("a matrix is larger than LAPACK can index (2^31 - 1)");
  }
  char const* const job = vectors == Eigenvectors::yes ? "V" : "N";
  int const order = static_cast<int>(a.rows);
  int const stride = static_cast<int>(a.stride);
  std::vector<T> values(static_cast<std::size_t>(a.rows));
  int info = 0;
  // LAPACK is column-major: it sees the transpose, which is the same, and leaves vectors in
  // columns, which are rows here.
  auto const call = [&](T* work, int work_size, int* iwork, int iwork_size) {
    if constexpr (std::is_same_v<T, float>) {
      ssyevd_(job, "L", &order, a.data, &stride, values.data(), work, &work_size, iwork,
              &iwork_size, &info, 1, 1);
    } else {
      dsyevd_(job, "L", &order, a.data, &stride, values.data(), work, &work_size, iwork,
              &iwork_size, &info, 1, 1);
    }
  };
  constexpr int query = -1;
  T work_need = 0;
  int iwork_need = 0;
  call(&work_need, query, &iwork_need, query);
  std::vector<T> work(static_cast<std::size_t>(work_need));
  std::vector<int> iwork(static_cast<std::size_t>(iwork_need));
  call(work.data(), static_cast<int>(work.size()), iwork.data(), iwork_need);
  if (info != 0) throw MachineError(fmt::format("LAPACK syevd of order {}: info {}", order, info));
  return values;
}

template std::vector<float> syevd<float>(Eigenvectors, Matrix<float>);
template std::vector<double> syevd<double>(Eigenvectors, Matrix<double>);

}  // namespace brink::cpu
