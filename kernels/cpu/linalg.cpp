#include "kernels/cpu/linalg.hpp"

#include <cmath>
#include <numeric>

#include "kernels/cpu/blas.hpp"
#include "kernels/cpu/lapack.hpp"

namespace brink::cpu {

namespace {

// Inner products: fixed stretches of the long dimension are widened to float64 and multiplied
// there; their products are added in order.
constexpr Index length = 2048;

/// In so many columns besides its matrix LAPACK finds eigenvalues, by blocks of up to 64.
constexpr Index lapack_columns = 66;

Index stretches_of(Index cols) {
  return (cols + length - 1) / length;
}

}  // namespace

template <class T>
std::vector<double> CpuLinalg<T>::inner_products(Matrix<T const> a, Matrix<T const> b) const {
  Index const stretches = stretches_of(a.cols);
  std::size_t const entries = static_cast<std::size_t>(a.rows * b.rows);
  std::vector<double> partial(entries * static_cast<std::size_t>(stretches));
  for_shares(context_.threads(), stretches, 1, [&](Range mine) {
    std::vector<double> wide_a(static_cast<std::size_t>(a.rows * length));
    std::vector<double> wide_b(static_cast<std::size_t>(b.rows * length));
    auto const widen = [](Matrix<T const> m, Index first, Index count, std::vector<double>& out) {
      for (Index r = 0; r < m.rows; ++r) {
        for (Index c = 0; c < count; ++c) out[r * count + c] = m.row(r)[first + c];
      }
      return Matrix<double const>(out.data(), m.rows, count);
    };
    for (Index s = mine.first; s < mine.first + mine.count; ++s) {
      Index const count = std::min(length, a.cols - s * length);
      gemm<double>(Transpose::no, Transpose::yes, widen(a, s * length, count, wide_a),
                   widen(b, s * length, count, wide_b), 0.0,
                   {partial.data() + s * static_cast<Index>(entries), a.rows, b.rows});
    }
  });
  std::vector<double> total(entries, 0.0);
  for (std::size_t i = 0; i < partial.size(); ++i) total[i % entries] += partial[i];
  return total;
}

template <class T>
void CpuLinalg<T>::combine(std::vector<double> const& coefficients, Matrix<T const> a,
                           Matrix<T> out, bool accumulate) const {
  std::vector<T> const c(coefficients.begin(), coefficients.end());
  for_shares(context_.threads(), out.cols, 16, [&](Range cols) {
    gemm<T>(Transpose::no, Transpose::no, {c.data(), out.rows, a.rows},
            a.col_range(cols.first, cols.count), accumulate ? T(1) : T(0),
            out.col_range(cols.first, cols.count));
  });
}

template <class T>
void CpuLinalg<T>::multiply(Transpose transpose_a, Matrix<T const> a, Transpose transpose_b,
                            Matrix<T const> b, Matrix<T> out, bool accumulate) const {
  T const beta = accumulate ? T(1) : T(0);
  // Each thread takes a share of the longer side of the result.
  if (out.rows > out.cols) {
    for_shares(context_.threads(), out.rows, 16, [&](Range rows) {
      gemm<T>(transpose_a, transpose_b,
              transpose_a == Transpose::yes ? a.col_range(rows.first, rows.count)
                                            : a.row_range(rows.first, rows.count),
              b, beta, out.row_range(rows.first, rows.count));
    });
  } else {
    for_shares(context_.threads(), out.cols, 16, [&](Range cols) {
      gemm<T>(transpose_a, transpose_b, a,
              transpose_b == Transpose::yes ? b.row_range(cols.first, cols.count)
                                            : b.col_range(cols.first, cols.count),
              beta, out.col_range(cols.first, cols.count));
    });
  }
}

template <class T>
void CpuLinalg<T>::axpy(double a, Vector<T const> x, Vector<T> y) const {
  T const factor = static_cast<T>(a);
  for_shares(context_.threads(), y.size, 16, [&](Range mine) {
    for (Index i = mine.first; i < mine.first + mine.count; ++i) y.data[i] += factor * x.data[i];
  });
}

template <class T>
double CpuLinalg<T>::symmetrize(Matrix<T> a) const {
  // By square tiles, so that a column's cache lines are used whole; a thread has whole rows of
  // tiles.
  constexpr Index side = 64;
  Index const tiles = (a.rows + side - 1) / side;
  std::vector<double> squares(static_cast<std::size_t>(tiles), 0.0);
  auto const tile = [&](Index i, Index j) {
    double sum = 0;
    for (Index r = i * side; r < std::min(a.rows, (i + 1) * side); ++r) {
      for (Index c = j * side; c < std::min(r + 1, (j + 1) * side); ++c) {
        T& below = a.row(r)[c];
        T& above = a.row(c)[r];
        double const difference = static_cast<double>(below) - static_cast<double>(above);
        sum += difference * difference;
        below = above = (below + above) / 2;
      }
    }
    return sum;
  };
  for_shares(context_.threads(), tiles, 1, [&](Range mine) {
    for (Index i = mine.first; i < mine.first + mine.count; ++i) {
      for (Index j = 0; j <= i; ++j) squares[i] += tile(i, j);
    }
  });
  // The norm has each difference twice.
  return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0) / 2);
}

template <class T>
std::vector<double> CpuLinalg<T>::symmetric_eigenvalues(Matrix<T> a) const {
  // On one thread: LAPACK's own would meet thousands of times, for little, and where others use the
  // machine each of them waits for all.
  std::vector<T> const values = syevd<T>(Eigenvectors::no, a);
  return {values.begin(), values.end()};
}

template <class T>
void CpuLinalg<T>::gather_rows(Matrix<T const> x, std::vector<Index> const& indices,
                               Matrix<T> out) const {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(x.row(indices[i]), x.cols, out.row(static_cast<Index>(i)));
  }
}

template <class T>
void CpuLinalg<T>::gather(Vector<std::int32_t const> x, std::vector<Index> const& indices,
                          Vector<std::int32_t> out) const {
  for (std::size_t i = 0; i < indices.size(); ++i) out.data[i] = x.data[indices[i]];
}

template <class T>
double CpuLinalg<T>::workspace_bytes(LinalgShape const& shape) const {
  return bytes_of<double>(shape.rows_a, shape.rows_b, stretches_of(shape.cols) + 1) +
         bytes_of<double>(context_.threads(), shape.rows_a + shape.rows_b, length) +
         bytes_of<T>(lapack_columns, shape.symmetric);
}

template class CpuLinalg<float>;
template class CpuLinalg<double>;

}  // namespace brink::cpu

namespace brink {

SymmetricEigen symmetric_eigen(std::vector<double> matrix, Index n) {
  SymmetricEigen eigen;
  eigen.values = cpu::syevd<double>(cpu::Eigenvectors::yes, {matrix.data(), n, n});
  eigen.vectors = std::move(matrix);
  return eigen;
}

}  // namespace brink
