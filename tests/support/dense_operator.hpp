#pragma once

#include <vector>

#include "host/diagnostics/eigen.hpp"
#include "kernels/math/random.hpp"

namespace brink::test {

/// Products with an explicit n × n matrix, row by row in host memory.
template <class T>
SymmetricOperator<T> dense_operator(Context& context, std::vector<double> matrix, Index n) {
  return [&context, matrix = std::move(matrix), n](Matrix<T const> vectors, Matrix<T> products) {
    std::vector<T> v(static_cast<std::size_t>(n)), product(v.size());
    std::size_t const bytes = v.size() * sizeof(T);
    for (Index r = 0; r < vectors.rows; ++r) {
      context.download(v.data(), vectors.row(r), bytes);
      for (Index i = 0; i < n; ++i) {
        double sum = 0;
        for (Index j = 0; j < n; ++j) sum += matrix[i * n + j] * static_cast<double>(v[j]);
        product[i] = static_cast<T>(sum);
      }
      context.upload(products.row(r), product.data(), bytes);
    }
  };
}

/// A symmetric matrix with these eigenvalues and eigenvectors that point anywhere.
inline std::vector<double> matrix_with(std::vector<double> const& eigenvalues) {
  Index const n = std::ssize(eigenvalues);
  std::vector<double> symmetric(static_cast<std::size_t>(n * n));
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j) {
      symmetric[i * n + j] = symmetric[j * n + i] =
          normal(5, 0, static_cast<std::uint64_t>(i * n + j));
    }
  }
  std::vector<double> const q = symmetric_eigen(symmetric, n).vectors;
  std::vector<double> matrix(symmetric.size(), 0.0);
  for (Index k = 0; k < n; ++k) {
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) {
        matrix[i * n + j] += eigenvalues[k] * q[k * n + i] * q[k * n + j];
      }
    }
  }
  return matrix;
}

}  // namespace brink::test
