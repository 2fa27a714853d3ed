#include "kernels/cuda/solver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "kernels/cpu/lapack.hpp"
#include "tests/support/emulated/runtime.hpp"

namespace brink::cuda {

Solver make_solver(Stream stream) {
  emulated::count_handles("solver handle", 1);
  return {new Stream(stream)};
}

void destroy(Solver solver) noexcept {
  emulated::count_handles("solver handle", -1);
  delete static_cast<Stream*>(solver.handle);
}

template <class T>
void symmetric_eigenvalues(Solver solver, Matrix<T> a, T* values) {
  Stream const stream = *static_cast<Stream*>(solver.handle);
  std::string const name = fmt::format("eigenvalues of a matrix of {0} x {0}", a.rows);
  auto const bytes = [](Index count) { return static_cast<std::size_t>(count) * sizeof(T); };
  emulated::queue(stream, name,
                  {[=] {
                     emulated::check_device_memory(name, a.data,
                                                   bytes((a.rows - 1) * a.stride + a.cols));
                     emulated::check_device_memory(name, values, bytes(a.rows));
                   },
                   [=] { std::ranges::copy(cpu::syevd<T>(cpu::Eigenvectors::no, a), values); }});
  synchronize(stream);
}

template <class T>
std::size_t eigenvalues_bytes(Solver, Index) {
  return 0;  // LAPACK's is the host's
}

template std::size_t eigenvalues_bytes<float>(Solver, Index);
template std::size_t eigenvalues_bytes<double>(Solver, Index);
template void symmetric_eigenvalues<float>(Solver, Matrix<float>, float*);
template void symmetric_eigenvalues<double>(Solver, Matrix<double>, double*);

}  // namespace brink::cuda
