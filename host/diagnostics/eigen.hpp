#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "host/diagnostics/symmetric_operator.hpp"
#include "kernels/operations.hpp"

namespace brink {

enum class SpectrumEnd { largest, smallest };

struct EigenOptions {
  Index count = 1;  ///< eigenpairs wanted
  SpectrumEnd end = SpectrumEnd::largest;
  double tolerance = 1e-3;  ///< ‖Hv − λv‖ ≤ tolerance · |λ| for unit v
  Index max_products = 1000;
  std::uint64_t seed = 0;  ///< of the cold start
};

struct Eigenpairs {
  std::vector<double> values;     ///< wanted end first
  std::vector<double> residuals;  ///< ‖Hv − λv‖, unit v
  Index products = 0;             ///< matrix-vector products used
  Index coarse_products = 0;      ///< with the coarse stand-in, where there is one
  double next = 0;                ///< Ritz value after those wanted; NaN without
};

/// The eigenpairs at one end of the spectrum of a symmetric matrix that is given by its products
/// with blocks of vectors: block Lanczos in Rayleigh–Ritz form with thick restarts (Wu and Simon
/// 2000). The basis grows by the residuals of the pairs that have not converged, which spans what
/// Lanczos would, and keeps its images, so that a start from any vectors is as good as a Krylov
/// one: the next call begins with the eigenvectors of the last. One vector beyond those wanted is
/// carried along, which catches an eigenvalue that overtakes another between calls.
///
/// With a coarse stand-in for the matrix, the first basis is the stand-in's own eigenvectors: a few
/// products with the matrix, and more with the stand-in, take the place of many with the matrix.
/// Values and residuals are the matrix's in any case. One with fewer eigenpairs than are wanted is
/// of no use, and left alone.
///
/// A solve that needs few products touches little of the memory (bytes_needed).
template <class T>
class EigenSolver {
 public:
  EigenSolver(Context& context, Linalg<T> const& linalg, Index dimension, EigenOptions options);

  /// Bytes of the context's memory for `count` eigenpairs, 2·(10 + 2·count) + 3·(count + 1)
  /// vectors; with a stand-in of `coarse_dimension` for the matrix more, where that is not small
  /// beside it.
  static double bytes_needed(Index dimension, Index count, Index coarse_dimension = 0);
  /// The largest blocks that it multiplies with each other.
  static LinalgShape largest_products(Index dimension, Index count);
  /// Vectors carried from call to call, and the most that the matrix is multiplied with at a time.
  static Index carried(Index dimension, Index count) { return std::min(count + 1, dimension); }

  /// Eigenvalues are NaN where the matrix has entries that are not finite.
  Eigenpairs solve(SymmetricOperator<T> const& product, CoarseOperator<T>* coarse = nullptr);

  /// The eigenvectors of the last call, then the guard vector: rows. Empty before the first.
  Matrix<T const> vectors() const { return kept_.matrix(kept_count_, dimension_); }
  /// The same on the host, to start the next call of another solver from.
  std::vector<T> state() const;
  void restore(std::vector<T> const& state);

 private:
  struct Ritz {
    std::vector<double> values;   // wanted end first, all of the basis
    std::vector<double> vectors;  // coefficients in the basis, rows
  };

  Matrix<T> basis(Index first, Index count) const {
    return basis_.matrix(capacity_, dimension_).row_range(first, count);
  }
  Matrix<T> images(Index first, Index count) const {
    return images_.matrix(capacity_, dimension_).row_range(first, count);
  }
  static Index capacity(Index dimension, Index count) {
    return std::min(10 + 2 * count, dimension);
  }
  void start();
  Index start_from(CoarseOperator<T>& coarse, Eigenpairs& result);
  void keep(Ritz const& ritz, bool guard_from_coarse);
  void extend_projection(Index first, Index count);
  Eigenpairs not_finite(Index products);
  Ritz ritz() const;
  std::vector<double> residuals(Ritz const& ritz);
  void restart(Ritz const& ritz);
  void copy_rows(Matrix<T const> from, Matrix<T> to);
  void rotate(Buffer<T>& block, std::vector<double> const& coefficients, Index rows);

  Context* context_;
  Linalg<T> const* linalg_;
  Index dimension_;
  EigenOptions options_;
  Index carried_;
  Index capacity_;  // of the basis
  Index size_ = 0;  // of the basis
  Index kept_count_ = 0;
  Buffer<T> basis_, images_, scratch_, kept_;
  std::vector<double> projection_;  // capacity × capacity: basis · H · basisᵀ
};

}  // namespace brink
