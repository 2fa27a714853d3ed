#include "kernels/cpu/linalg.hpp"

#include <fmt/format.h>

#include "kernels/cpu/blas.hpp"
#include "kernels/error.hpp"

// LAPACK's symmetric eigensolver (divide and conquer); the last two arguments are Fortran's hidden
// string lengths.
extern "C" void dsyevd_(char const* job, char const* triangle, int const* n, double* a,
                        int const* lda, double* w, double* work, int const* work_size, int* iwork,
                        int const* iwork_size, int* info, std::size_t, std::size_t);

namespace brink::cpu {

namespace {

// Inner products: fixed stretches of the long dimension are widened to float64 and multiplied
// there; their products are added in order.
constexpr Index length = 2048;

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
         bytes_of<double>(context_.threads(), shape.rows_a + shape.rows_b, length);
}

template class CpuLinalg<float>;
template class CpuLinalg<double>;

}  // namespace brink::cpu

namespace brink {

SymmetricEigen symmetric_eigen(std::vector<double> matrix, Index n) {
  SymmetricEigen eigen;
  eigen.values.resize(static_cast<std::size_t>(n));
  int const order = static_cast<int>(n);
  int const query = -1;
  int info = 0;
  int iwork_need = 0;
  double work_need = 0;
  dsyevd_("V", "L", &order, matrix.data(), &order, eigen.values.data(), &work_need, &query,
          &iwork_need, &query, &info, 1, 1);
  std::vector<double> work(static_cast<std::size_t>(work_need));
  std::vector<int> iwork(static_cast<std::size_t>(iwork_need));
  int const work_size = static_cast<int>(work.size());
  dsyevd_("V", "L", &order, matrix.data(), &order, eigen.values.data(), work.data(), &work_size,
          iwork.data(), &iwork_need, &info, 1, 1);
  if (info != 0) throw MachineError(fmt::format("LAPACK dsyevd of order {}: info {}", n, info));
  eigen.vectors = std::move(matrix);  // column-major columns are row-major rows
  return eigen;
}

}  // namespace brink
