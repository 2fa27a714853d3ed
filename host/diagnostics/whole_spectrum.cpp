#include "host/diagnostics/whole_spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/math/nan.hpp"

namespace brink {
namespace {

/// A block of vectors that are unit vectors, one after another.
template <class T>
class UnitVectors {
 public:
  UnitVectors(Context& context, Index count, Index dimension)
      : context_(&context), dimension_(dimension), memory_(context, count * dimension) {
    memory_.fill_zero();
  }

  /// e_first, e_first+1, …: valid until the next call.
  Matrix<T const> at(Index first, Index count) {
    for (Index i = 0; i < shown_; ++i) set(i, first_ + i, T(0));
    for (Index i = 0; i < count; ++i) set(i, first + i, T(1));
    first_ = first;
    shown_ = count;
    return memory_.matrix(count, dimension_);
  }

 private:
  void set(Index row, Index col, T value) {
    context_->upload(memory_.view().data + row * dimension_ + col, &value, sizeof value);
  }

  Context* context_;
  Index dimension_;
  Buffer<T> memory_;
  Index first_ = 0;
  Index shown_ = 0;
};

template <class T>
Buffer<T> explicit_matrix(Context& context, Index n, SymmetricOperator<T> const& product,
                          Index directions) {
  Buffer<T> matrix(context, n * n);
  UnitVectors<T> units(context, std::min(directions, n), n);
  for (Index first = 0; first < n; first += directions) {
    Index const count = std::min(directions, n - first);
    product(units.at(first, count), matrix.matrix(n, n).row_range(first, count));
  }
  return matrix;
}

}  // namespace

double WholeSpectrum::trace() const {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

Index WholeSpectrum::negative() const {
  return std::ranges::count_if(values, [this](double value) { return value < -rounding; });
}

template <class T>
WholeSpectrum whole_spectrum(Context& context, Linalg<T> const& linalg, Index n,
                             SymmetricOperator<T> const& product, Index directions) {
  Buffer<T> const matrix = explicit_matrix(context, n, product, directions);
  double const asymmetry = linalg.symmetrize(matrix.matrix(n, n));
  if (!std::isfinite(asymmetry)) {
    return {std::vector<double>(static_cast<std::size_t>(n), nan), nan};
  }
  std::vector<double> values = linalg.symmetric_eigenvalues(matrix.matrix(n, n));
  double const largest = std::max(std::abs(values.front()), std::abs(values.back()));
  double const solver =
      std::sqrt(static_cast<double>(n)) * std::numeric_limits<T>::epsilon() * largest;
  return {std::move(values), asymmetry + solver};
}

template <class T>
double whole_spectrum_bytes(Index n) {
  return bytes_of<T>(n, n) + bytes_of<T>(std::min(unit_vectors_at_once, n), n);
}

template WholeSpectrum whole_spectrum<float>(Context&, Linalg<float> const&, Index,
                                             SymmetricOperator<float> const&, Index);
template WholeSpectrum whole_spectrum<double>(Context&, Linalg<double> const&, Index,
                                              SymmetricOperator<double> const&, Index);
template double whole_spectrum_bytes<float>(Index);
template double whole_spectrum_bytes<double>(Index);

}  // namespace brink
