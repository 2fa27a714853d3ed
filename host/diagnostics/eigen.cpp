#include "host/diagnostics/eigen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math/random.hpp"

namespace brink {

template <class T>
EigenSolver<T>::EigenSolver(Context& context, Linalg<T> const& linalg, Index dimension,
                            EigenOptions options)
    : context_(&context),
      linalg_(&linalg),
      dimension_(dimension),
      options_(options),
      carried_(std::min(options.count + 1, dimension)),
      capacity_(std::min(10 + 2 * options.count, dimension)) {
  options_.count = std::min(options_.count, dimension);
}

template <class T>
void EigenSolver<T>::restore(std::vector<T> const& state) {
  kept_ = Buffer<T>(*context_, state);
  kept_count_ = std::ssize(state) / dimension_;
}

template <class T>
std::vector<T> EigenSolver<T>::state() const {
  return kept_count_ > 0 ? kept_.download() : std::vector<T>{};
}

template <class T>
void EigenSolver<T>::start() {
  if (basis_.size() == 0) {
    basis_ = Buffer<T>(*context_, capacity_ * dimension_);
    images_ = Buffer<T>(*context_, capacity_ * dimension_);
    scratch_ = Buffer<T>(*context_, carried_ * dimension_);
    projection_.resize(static_cast<std::size_t>(capacity_ * capacity_));
  }
  if (kept_count_ == 0) {
    std::vector<T> random(static_cast<std::size_t>(carried_ * dimension_));
    for (std::size_t i = 0; i < random.size(); ++i) {
      random[i] = static_cast<T>(normal(options_.seed, 0, i));
    }
    restore(random);
  }
  size_ = 0;
  context_->copy(basis(0, kept_count_).data, kept_.view().data,
                 static_cast<std::size_t>(kept_count_ * dimension_) * sizeof(T));
}

/// Makes rows first … first+count−1 of the basis orthonormal and orthogonal to those before, and
/// returns how many are left: directions that vanish to rounding are dropped.
template <class T>
Index EigenSolver<T>::orthonormalize(Index first, Index count) {
  double const vanishing = 1e3 * std::numeric_limits<T>::epsilon();
  for (int pass = 0; pass < 2; ++pass) {
    Matrix<T> const block = basis(first, count);
    if (first > 0) {
      std::vector<double> overlap = linalg_->inner_products(block, basis(0, first));
      for (double& o : overlap) o = -o;
      linalg_->combine(overlap, basis(0, first), block, true);
    }
    // Eigenvectors of the block's Gram matrix, scaled to unit rows of length one.
    SymmetricEigen const gram = symmetric_eigen(linalg_->inner_products(block, block), count);
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
    if (kept == 0) return 0;
    Matrix<T> const turned = scratch_.matrix(kept, dimension_);
    linalg_->combine(coefficients, block, turned, false);
    context_->copy(block.data, turned.data,
                   static_cast<std::size_t>(kept * dimension_) * sizeof(T));
    count = kept;
  }
  return count;
}

template <class T>
void EigenSolver<T>::extend_projection(Index first, Index count) {
  std::vector<double> const products =
      linalg_->inner_products(images(first, count), basis(0, first + count));
  for (Index i = 0; i < count; ++i) {
    for (Index j = 0; j < first + count; ++j) {
      double const entry = products[i * (first + count) + j];
      projection_[(first + i) * capacity_ + j] = entry;
      projection_[j * capacity_ + first + i] = entry;
    }
  }
}

template <class T>
typename EigenSolver<T>::Ritz EigenSolver<T>::ritz() const {
  std::vector<double> small;
  for (Index i = 0; i < size_; ++i) {
    auto const row = projection_.begin() + i * capacity_;
    small.insert(small.end(), row, row + size_);
  }
  SymmetricEigen const eigen = symmetric_eigen(std::move(small), size_);
  Ritz ritz;
  for (Index i = 0; i < size_; ++i) {
    Index const from = options_.end == SpectrumEnd::largest ? size_ - 1 - i : i;
    ritz.values.push_back(eigen.values[from]);
    auto const row = eigen.vectors.begin() + from * size_;
    ritz.vectors.insert(ritz.vectors.end(), row, row + size_);
  }
  return ritz;
}

/// Leaves the residual vectors of the wanted pairs in the scratch rows.
template <class T>
std::vector<double> EigenSolver<T>::residuals(Ritz const& ritz) {
  Index const wanted = std::min(options_.count, size_);
  Matrix<T> const out = scratch_.matrix(wanted, dimension_);
  std::vector<double> coefficients(ritz.vectors.begin(), ritz.vectors.begin() + wanted * size_);
  linalg_->combine(coefficients, images(0, size_), out, false);
  for (Index i = 0; i < wanted * size_; ++i) coefficients[i] *= -ritz.values[i / size_];
  linalg_->combine(coefficients, basis(0, size_), out, true);
  std::vector<double> norms;
  for (Index i = 0; i < wanted; ++i) {
    Matrix<T> const row = out.row_range(i, 1);
    norms.push_back(std::sqrt(linalg_->inner_products(row, row).front()));
  }
  return norms;
}

/// block ← coefficients · block, with `rows` rows.
template <class T>
void EigenSolver<T>::rotate(Buffer<T>& block, std::vector<double> const& coefficients, Index rows) {
  Matrix<T> const turned = scratch_.matrix(rows, dimension_);
  linalg_->combine(coefficients, block.matrix(size_, dimension_), turned, false);
  context_->copy(block.view().data, turned.data,
                 static_cast<std::size_t>(rows * dimension_) * sizeof(T));
}

/// Shrinks the basis to the best Ritz vectors.
template <class T>
void EigenSolver<T>::restart(Ritz const& ritz) {
  Index const rows = std::min(carried_, size_);
  std::vector<double> const best(ritz.vectors.begin(), ritz.vectors.begin() + rows * size_);
  rotate(basis_, best, rows);
  rotate(images_, best, rows);
  size_ = rows;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < rows; ++j) projection_[i * capacity_ + j] = i == j ? ritz.values[i] : 0;
  }
}

/// What a matrix with entries that are not finite has: no eigenvalues, and nothing to go on from.
template <class T>
Eigenpairs EigenSolver<T>::not_finite(Index products) {
  kept_count_ = 0;
  double const nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> const none(static_cast<std::size_t>(options_.count), nan);
  std::fill(projection_.begin(), projection_.end(), 0.0);
  return {none, none, products};
}

template <class T>
Eigenpairs EigenSolver<T>::solve(SymmetricOperator<T> const& product) {
  start();
  Eigenpairs result;
  Index grow = kept_count_;
  Ritz pairs;
  while (true) {
    grow = orthonormalize(size_, grow);
    if (grow > 0) {
      product(basis(size_, grow), images(size_, grow));
      result.products += grow;
      extend_projection(size_, grow);
      size_ += grow;
    }
    if (!std::all_of(projection_.begin(), projection_.end(),
                     [](double entry) { return std::isfinite(entry); })) {
      return not_finite(result.products);
    }
    pairs = ritz();
    result.values.assign(pairs.values.begin(),
                         pairs.values.begin() + std::min(options_.count, size_));
    result.residuals = residuals(pairs);

    double const scale =
        std::max(std::abs(pairs.values.front()), std::abs(pairs.values.back())) * 1e-3;
    std::vector<Index> open;
    for (Index i = 0; i < std::ssize(result.values); ++i) {
      double const allowed = options_.tolerance * std::max(std::abs(result.values[i]), scale);
      if (result.residuals[i] > allowed) open.push_back(i);
    }
    bool const exhausted = grow == 0 || size_ == dimension_;
    if ((open.empty() && std::ssize(result.values) == options_.count) || exhausted ||
        result.products >= options_.max_products) {
      break;
    }

    // The residuals of the open pairs are the next directions.
    grow = std::ssize(open);
    if (capacity_ == dimension_) grow = std::min(grow, dimension_ - size_);
    bool const full = size_ + grow > capacity_;
    if (full) {
      restart(pairs);  // uses the scratch rows, so the residuals are made again
      pairs = ritz();
      residuals(pairs);
    }
    for (Index i = 0; i < grow; ++i) {
      context_->copy(basis(size_ + i, 1).data, scratch_.view().data + open[i] * dimension_,
                     static_cast<std::size_t>(dimension_) * sizeof(T));
    }
  }
  kept_count_ = std::min(carried_, size_);
  kept_ = Buffer<T>(*context_, kept_count_ * dimension_);
  linalg_->combine({pairs.vectors.begin(), pairs.vectors.begin() + kept_count_ * size_},
                   basis(0, size_), kept_.matrix(kept_count_, dimension_), false);
  return result;
}

template class EigenSolver<float>;
template class EigenSolver<double>;

}  // namespace brink
