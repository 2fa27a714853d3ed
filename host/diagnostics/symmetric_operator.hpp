#pragma once

#include <functional>

#include "kernels/view.hpp"

namespace brink {

/// Products of a symmetric matrix with the rows of a block of vectors.
template <class T>
using SymmetricOperator = std::function<void(Matrix<T const> vectors, Matrix<T> products)>;

/// A cheap stand-in for a symmetric matrix H: Rᵀ H̃ R, where R maps a vector to a much shorter one
/// and R Rᵀ = 1, so that H is taken to be zero where R is. Blocks hold one vector per row.
template <class T>
class CoarseOperator {
 public:
  virtual ~CoarseOperator() = default;

  virtual Index dimension() const = 0;                                                  ///< of H̃
  virtual void restrict_to_coarse(Matrix<T const> vectors, Matrix<T> coarse) = 0;       ///< R
  virtual void prolong(Matrix<T const> coarse, Matrix<T> vectors) = 0;                  ///< Rᵀ
  virtual void product(Matrix<T const> coarse_vectors, Matrix<T> coarse_products) = 0;  ///< H̃
};

}  // namespace brink
