#pragma once

#include <vector>

#include "kernels/context.hpp"
#include "kernels/linalg.hpp"

namespace brink {

/// factor · diag(entries), as `Linalg::combine` takes it: scales the rows of a block.
inline std::vector<double> diagonal(std::vector<double> const& entries, double factor = 1) {
  std::size_t const k = entries.size();
  std::vector<double> matrix(k * k, 0.0);
  for (std::size_t j = 0; j < k; ++j) matrix[j * k + j] = factor * entries[j];
  return matrix;
}

/// Inner product of each row of A with the same row of B. Waits.
template <class T>
std::vector<double> row_products(Linalg<T> const& linalg, Matrix<T const> a, Matrix<T const> b) {
  std::vector<double> const all = linalg.inner_products(a, b);
  std::vector<double> products;
  for (Index j = 0; j < a.rows; ++j) products.push_back(all[j * a.rows + j]);
  return products;
}

/// Makes the rows of A orthonormal, and orthogonal to the orthonormal rows of Q (which may be
/// none). Directions that vanish to rounding are dropped; returns how many rows are left, the first
/// ones of A. `scratch`: as large as A.
template <class T>
Index orthonormalize(Context& context, Linalg<T> const& linalg, Matrix<T const> q, Matrix<T> a,
                     Matrix<T> scratch);

}  // namespace brink
