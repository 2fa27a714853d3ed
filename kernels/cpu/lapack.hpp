#pragma once

#include <vector>

#include "kernels/view.hpp"

namespace brink::cpu {

enum class Eigenvectors { no, yes };

/// Eigenvalues, ascending, of a symmetric matrix, by LAPACK's divide and conquer (syevd). Row i of
/// the matrix becomes the eigenvector of value i, or is lost. T is float or double. Throws
/// MachineError if LAPACK does not converge.
template <class T>
std::vector<T> syevd(Eigenvectors vectors, Matrix<T> a);

}  // namespace brink::cpu
