#include "host/diagnostics/row_algebra.hpp"

#include <cmath>
#include <limits>

namespace brink {

template <class T>
Index orthonormalize(Context& context, Linalg<T> const& linalg, Matrix<T const> q, Matrix<T> a,
                     Matrix<T> scratch) {
  double const vanishing = 1e3 * std::numeric_limits<T>::epsilon();
  Index count = a.rows;
  for (int pass = 0; pass < 2 && count > 0; ++pass) {
    Matrix<T> const block = a.row_range(0, count);
    if (q.rows > 0) {
      std::vector<double> overlap = linalg.inner_products(block, q);
      for (double& o : overlap) o = -o;
      linalg.combine(overlap, q, block, true);
    }
    // Eigenvectors of the block's Gram matrix, scaled to rows of length one.
    SymmetricEigen const gram = symmetric_eigen(linalg.inner_products(block, block), count);
    double const largest = gram.values.back();
    std::vector<double> coefficients;
    Index kept = 0;
    for (Index i = count - 1; i >= 0; --i) {
      if (!(gram.values[i] > vanishing * vanishing * largest)) continue;
      for (Index j = 0; j < count; ++j) {
        coefficients.push_back(gram.vectors[i * count + j] / std::sqrt(gram.values[i]));
      }
      ++kept;
    }
    if (kept > 0) {
      Matrix<T> const turned = scratch.row_range(0, kept);
      linalg.combine(coefficients, block, turned, false);
      context.copy(block.data, turned.data, static_cast<std::size_t>(kept * a.cols) * sizeof(T));
    }
    count = kept;
  }
  return count;
}

template Index orthonormalize<float>(Context&, Linalg<float> const&, Matrix<float const>,
                                     Matrix<float>, Matrix<float>);
template Index orthonormalize<double>(Context&, Linalg<double> const&, Matrix<double const>,
                                      Matrix<double>, Matrix<double>);

}  // namespace brink
