#pragma once

#include <vector>

#include "kernels/memory.hpp"

namespace brink {

enum class Transpose { no, yes };

/// The sizes of blocks that are multiplied with each other, or with as many coefficients as they
/// have inner products, how many rows are gathered, and of dense symmetric problems.
struct LinalgShape {
  Index rows_a = 0, rows_b = 0, cols = 0;
  Index gathered = 0;
  Index symmetric = 0;  ///< the order of a dense symmetric matrix
};

/// Algebra on blocks of parameter vectors (rows), and dense symmetric problems.
template <class T>
class Linalg {
 public:
  virtual ~Linalg() = default;

  /// A Bᵀ, accumulated in float64: p × P times q × P gives p × q, row-major on the host. Waits.
  virtual std::vector<double> inner_products(Matrix<T const> a, Matrix<T const> b) const = 0;

  /// out = C A (+ out if `accumulate`): C is q × p on the host, row-major; A is p × P; out is q × P
  /// and does not overlap A.
  virtual void combine(std::vector<double> const& coefficients, Matrix<T const> a, Matrix<T> out,
                       bool accumulate) const = 0;

  /// out = op(A) op(B) (+ out if `accumulate`).
  virtual void multiply(Transpose transpose_a, Matrix<T const> a, Transpose transpose_b,
                        Matrix<T const> b, Matrix<T> out, bool accumulate = false) const = 0;

  /// out = A B, for a product that every step makes: faster than `multiply` where a device has use
  /// for working memory, of which there is apply_bytes.
  virtual void apply(Matrix<T const> a, Matrix<T const> b, Matrix<T> out) const {
    multiply(Transpose::no, a, Transpose::no, b, out);
  }
  /// For products of rows × inner by inner × cols.
  virtual double apply_bytes(Index /*rows*/, Index /*cols*/, Index /*inner*/) const { return 0; }

  /// y ← y + a x.
  virtual void axpy(double a, Vector<T const> x, Vector<T> y) const = 0;

  /// A ← (A + Aᵀ)/2 for a square A. Returns how far it was from that, ‖A − Aᵀ‖/2 in the Frobenius
  /// norm, summed in float64: not a number where A has entries that are not finite. Waits.
  virtual double symmetrize(Matrix<T> a) const = 0;

  /// All eigenvalues, ascending, of a symmetric matrix with finite entries, which is overwritten.
  /// In T, by reduction to tridiagonal form (syevd of LAPACK or cuSOLVER): 4/3 rows³ operations,
  /// and memory of some rows beside the matrix. Waits. Throws MachineError where the library fails.
  virtual std::vector<double> symmetric_eigenvalues(Matrix<T> a) const = 0;

  /// out = rows of X at `indices` (host memory), for minibatches; labels likewise.
  virtual void gather_rows(Matrix<T const> x, std::vector<Index> const& indices,
                           Matrix<T> out) const = 0;
  virtual void gather(Vector<std::int32_t const> x, std::vector<Index> const& indices,
                      Vector<std::int32_t> out) const = 0;

  /// Bytes of working memory that calls of up to these sizes need, at most; of several shapes, the
  /// most that one of them takes.
  virtual double workspace_bytes(LinalgShape const& shape) const = 0;
};

/// Eigenvalues, ascending, and eigenvectors (row i belongs to value i) of a symmetric matrix given
/// by its n × n row-major entries on the host. Throws MachineError if LAPACK does not converge.
struct SymmetricEigen {
  std::vector<double> values;
  std::vector<double> vectors;
};
SymmetricEigen symmetric_eigen(std::vector<double> matrix, Index n);

}  // namespace brink
