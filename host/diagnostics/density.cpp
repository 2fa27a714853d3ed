#include "host/diagnostics/density.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "host/diagnostics/row_algebra.hpp"
#include "kernels/math/random.hpp"

namespace brink {
namespace {

/// The tridiagonal matrices of Lanczos runs side by side: alpha[step][probe], beta likewise.
struct Tridiagonals {
  std::vector<std::vector<double>> alpha, beta;
};

struct Node {
  double value, weight;
};

template <class T>
std::vector<T> rademacher(Index probes, Index dimension, std::uint64_t seed) {
  std::vector<T> signs(static_cast<std::size_t>(probes * dimension));
  T const length = static_cast<T>(1 / std::sqrt(static_cast<double>(dimension)));
  for (std::size_t i = 0; i < signs.size(); ++i) {
    signs[i] = uniform(seed, 1, i) < 0.5 ? -length : length;
  }
  return signs;
}

template <class T>
Tridiagonals lanczos(Context& context, Linalg<T> const& linalg, Index dimension,
                     SymmetricOperator<T> const& product, DensityOptions const& options) {
  Index const k = options.probes;
  Buffer<T> current(context, rademacher<T>(k, dimension, options.seed));
  Buffer<T> previous(context, k * dimension), next(context, k * dimension);
  auto const block = [&](Buffer<T> const& buffer) { return buffer.matrix(k, dimension); };

  Tridiagonals result;
  double scale = 0;
  for (Index step = 0; step < options.steps; ++step) {
    product(block(current), block(next));
    if (step > 0) {
      linalg.combine(diagonal(result.beta.back(), -1), block(previous), block(next), true);
    }
    std::vector<double> const alpha = row_products<T>(linalg, block(next), block(current));
    linalg.combine(diagonal(alpha, -1), block(current), block(next), true);
    std::vector<double> beta = row_products<T>(linalg, block(next), block(next));
    std::vector<double> inverse;
    for (std::size_t j = 0; j < beta.size(); ++j) {
      beta[j] = std::sqrt(beta[j]);
      scale = std::max({scale, std::abs(alpha[j]), beta[j]});
      // A run that has exhausted its Krylov space goes on from zero, apart from what it has found.
      if (beta[j] <= 1e2 * std::numeric_limits<T>::epsilon() * scale) beta[j] = 0;
      inverse.push_back(beta[j] > 0 ? 1 / beta[j] : 0);
    }
    result.alpha.push_back(alpha);
    result.beta.push_back(beta);
    previous.swap(current);
    linalg.combine(diagonal(inverse, 1), block(next), block(current), false);
  }
  return result;
}

std::vector<Node> quadrature(Tridiagonals const& runs, Index probe) {
  Index const m = std::ssize(runs.alpha);
  std::vector<double> matrix(static_cast<std::size_t>(m * m), 0.0);
  for (Index i = 0; i < m; ++i) {
    matrix[i * m + i] = runs.alpha[i][probe];
    if (i + 1 < m) matrix[(i + 1) * m + i] = matrix[i * m + i + 1] = runs.beta[i][probe];
  }
  SymmetricEigen const eigen = symmetric_eigen(std::move(matrix), m);
  std::vector<Node> nodes;
  for (Index i = 0; i < m; ++i) {
    double const first = eigen.vectors[i * m];
    nodes.push_back({eigen.values[i], first * first});
  }
  return nodes;
}

}  // namespace

template <class T>
SpectralDensity spectral_density(Context& context, Linalg<T> const& linalg, Index dimension,
                                 SymmetricOperator<T> const& product, DensityOptions options) {
  options.steps = std::min(options.steps, dimension);
  Tridiagonals const runs = lanczos(context, linalg, dimension, product, options);

  std::vector<Node> nodes;
  std::vector<double> traces;
  for (Index probe = 0; probe < options.probes; ++probe) {
    std::vector<Node> const mine = quadrature(runs, probe);
    nodes.insert(nodes.end(), mine.begin(), mine.end());
    traces.push_back(runs.alpha.front()[probe] * static_cast<double>(dimension));
  }
  auto const by_value = [](Node a, Node b) { return a.value < b.value; };
  auto const [low, high] = std::minmax_element(nodes.begin(), nodes.end(), by_value);

  SpectralDensity result{{}, {}, 0, estimate(traces), options.steps * options.probes};
  double const range = std::max(high->value - low->value, 1e-12);
  double const margin = 0.05 * range;
  result.width = range / 200;
  for (Index i = 0; i < options.grid_points; ++i) {
    double const at = static_cast<double>(i) / static_cast<double>(options.grid_points - 1);
    double const lambda = low->value - margin + at * (range + 2 * margin);
    double density = 0;
    for (Node const& node : nodes) {
      double const distance = (lambda - node.value) / result.width;
      density += node.weight * std::exp(-0.5 * distance * distance);
    }
    double const normaliser =
        result.width * std::sqrt(2 * std::numbers::pi) * static_cast<double>(options.probes);
    result.lambda.push_back(lambda);
    result.density.push_back(density / normaliser);
  }
  return result;
}

template SpectralDensity spectral_density<float>(Context&, Linalg<float> const&, Index,
                                                 SymmetricOperator<float> const&, DensityOptions);
template SpectralDensity spectral_density<double>(Context&, Linalg<double> const&, Index,
                                                  SymmetricOperator<double> const&, DensityOptions);

}  // namespace brink
