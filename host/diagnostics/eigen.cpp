#include "host/diagnostics/eigen.hpp"

#include <algorithm>
#include <cmath>

#include "host/diagnostics/row_algebra.hpp"
#include "kernels/math/nan.hpp"
#include "kernels/math/random.hpp"

namespace brink {
namespace {

// How far the stand-in's eigenvectors are converged: what is wrong with them stays, as the next
// directions mend what is wrong with the stand-in.
constexpr double coarse_tolerance = 0.7;
constexpr double least_coarse_tolerance = 1e-4;
// Eigenvalues nearer to each other than the stand-in's error may have changed places.
constexpr double close_to_guard = 0.01;

}  // namespace

template <class T>
EigenSolver<T>::EigenSolver(Context& context, Linalg<T> const& linalg, Index dimension,
                            EigenOptions options)
    : context_(&context),
      linalg_(&linalg),
      dimension_(dimension),
      options_(options),
      carried_(carried(dimension, options.count)),
      capacity_(capacity(dimension, options.count)) {
  options_.count = std::min(options_.count, dimension);
}

/// Basis and images, scratch and kept vectors; and at first a solver for the stand-in, at last the
/// vectors that take the place of those kept.
template <class T>
double EigenSolver<T>::bytes_needed(Index dimension, Index count, Index coarse_dimension) {
  Index const held = 2 * capacity(dimension, count) + 2 * carried(dimension, count);
  double const first = coarse_dimension > 0 ? bytes_needed(coarse_dimension, count) : 0;
  double const last = bytes_of<T>(carried(dimension, count), dimension);
  return bytes_of<T>(held, dimension) + std::max(first, last);
}

template <class T>
LinalgShape EigenSolver<T>::largest_products(Index dimension, Index count) {
  return {carried(dimension, count), capacity(dimension, count), dimension, 0};
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
  copy_rows(vectors(), basis(0, kept_count_));
}

/// Puts the stand-in's eigenvectors in place of those that were kept, and the wanted ones into the
/// basis, with the guard where it is so close that the two may have changed places. Returns how
/// many rows that makes.
template <class T>
Index EigenSolver<T>::start_from(CoarseOperator<T>& coarse, Eigenpairs& result) {
  Index const m = coarse.dimension();
  EigenOptions options = options_;
  options.tolerance = std::max(coarse_tolerance * options_.tolerance, least_coarse_tolerance);
  EigenSolver solver(*context_, *linalg_, m, options);
  solver.kept_count_ = std::min(kept_count_, solver.carried_);
  solver.kept_ = Buffer<T>(*context_, solver.kept_count_ * m);
  coarse.restrict_to_coarse(kept_.matrix(solver.kept_count_, dimension_),
                            solver.kept_.matrix(solver.kept_count_, m));
  Eigenpairs const pairs =
      solver.solve([&](Matrix<T const> v, Matrix<T> product) { coarse.product(v, product); });
  result.coarse_products = pairs.products;
  if (solver.kept_count_ == 0) return kept_count_;  // not finite, as the matrix itself will show

  kept_count_ = solver.kept_count_;
  coarse.prolong(solver.vectors(), kept_.matrix(kept_count_, dimension_));
  Index const wanted = std::min(options_.count, kept_count_);
  double const last = pairs.values[wanted - 1];
  bool const guard = std::abs(last - pairs.next) < close_to_guard * std::abs(last);
  Index const rows = std::min(kept_count_, wanted + (guard ? 1 : 0));
  copy_rows(kept_.matrix(rows, dimension_), basis(0, rows));
  return rows;
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
  copy_rows(turned, block.matrix(rows, dimension_));
}

template <class T>
void EigenSolver<T>::copy_rows(Matrix<T const> from, Matrix<T> to) {
  context_->copy(to.data, from.data, static_cast<std::size_t>(from.rows * from.cols) * sizeof(T));
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
  std::vector<double> const none(static_cast<std::size_t>(options_.count), nan);
  std::fill(projection_.begin(), projection_.end(), 0.0);
  return {none, none, products, 0, nan};
}

/// Carries the best Ritz vectors on to the next call. A basis that began with the stand-in's wanted
/// vectors alone has no guard among them: the stand-in's stays.
template <class T>
void EigenSolver<T>::keep(Ritz const& ritz, bool guard_from_coarse) {
  Index const best = std::min(guard_from_coarse ? options_.count : carried_, size_);
  Index const rows = guard_from_coarse ? std::max(best, kept_count_) : best;
  Buffer<T> kept(*context_, rows * dimension_);
  linalg_->combine({ritz.vectors.begin(), ritz.vectors.begin() + best * size_}, basis(0, size_),
                   kept.matrix(best, dimension_), false);
  if (rows > best) {
    copy_rows(vectors().row_range(best, rows - best),
              kept.matrix(rows, dimension_).row_range(best, rows - best));
  }
  kept_ = std::move(kept);
  kept_count_ = rows;
}

template <class T>
Eigenpairs EigenSolver<T>::solve(SymmetricOperator<T> const& product, CoarseOperator<T>* coarse) {
  start();
  Eigenpairs result;
  if (coarse != nullptr && coarse->dimension() < options_.count) coarse = nullptr;
  Index grow = coarse != nullptr ? start_from(*coarse, result) : kept_count_;
  Ritz pairs;
  while (true) {
    grow = orthonormalize<T>(*context_, *linalg_, basis(0, size_), basis(size_, grow),
                             scratch_.matrix(grow, dimension_));
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
    Index const wanted = std::min(options_.count, size_);
    result.values.assign(pairs.values.begin(), pairs.values.begin() + wanted);
    result.next = size_ > wanted ? pairs.values[wanted] : nan;
    result.residuals = residuals(pairs);

    double const scale =
        std::max(std::abs(pairs.values.front()), std::abs(pairs.values.back())) * 1e-3;
    std::vector<Index> open;
    for (Index i = 0; i < wanted; ++i) {
      double const allowed = options_.tolerance * std::max(std::abs(result.values[i]), scale);
      if (result.residuals[i] > allowed) open.push_back(i);
    }
    bool const exhausted = grow == 0 || size_ == dimension_;
    if ((open.empty() && wanted == options_.count) || exhausted ||
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
      copy_rows(scratch_.matrix(wanted, dimension_).row_range(open[i], 1), basis(size_ + i, 1));
    }
  }
  keep(pairs, coarse != nullptr);
  return result;
}

template class EigenSolver<float>;
template class EigenSolver<double>;

}  // namespace brink
