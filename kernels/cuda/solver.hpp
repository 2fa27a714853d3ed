#pragma once

#include "kernels/cuda/device.hpp"

namespace brink::cuda {

/// cuSOLVER on one stream. The emulated device has a LAPACK of the host.
struct Solver {
  void* handle = nullptr;
};
Solver make_solver(Stream stream);
void destroy(Solver solver) noexcept;

/// The eigenvalues of a symmetric matrix, ascending, into `values`, a.rows numbers of device
/// memory; the matrix is lost. T is float or double. Waits. Throws MachineError if they are not
/// found.
template <class T>
void symmetric_eigenvalues(Solver solver, Matrix<T> a, T* values);

/// Bytes of device memory that it allocates, for a matrix of this order.
template <class T>
std::size_t eigenvalues_bytes(Solver solver, Index order);

}  // namespace brink::cuda
