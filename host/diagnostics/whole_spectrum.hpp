#pragma once

#include <vector>

#include "host/diagnostics/symmetric_operator.hpp"
#include "kernels/operations.hpp"

namespace brink {

/// Every eigenvalue of a symmetric matrix.
struct WholeSpectrum {
  std::vector<double> values;  ///< ascending; NaN where the matrix has entries that are not finite
  /// How far rounding may have moved them: ‖H − Hᵀ‖/2 of the matrix as its products give it, which
  /// is zero but for their rounding (Frobenius norm; Weyl's inequality), and √n ε max|λ| for the
  /// solver.
  double rounding = 0;

  double trace() const;
  Index negative() const;  ///< how many are below −rounding
};

inline constexpr Index unit_vectors_at_once = 16;

/// Forms the n × n matrix from its products with the unit vectors, `directions` at a time, and
/// solves its dense eigenproblem: n products and 4/3 n³ operations.
template <class T>
WholeSpectrum whole_spectrum(Context& context, Linalg<T> const& linalg, Index n,
                             SymmetricOperator<T> const& product,
                             Index directions = unit_vectors_at_once);

/// Bytes of the context's memory that it takes, beside what products and operations take.
template <class T>
double whole_spectrum_bytes(Index n);

}  // namespace brink
