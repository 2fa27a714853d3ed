#include "tests/oracle/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

namespace brink::oracle {
namespace {

double zero(double) {
  return 0;
}
double one(double) {
  return 1;
}
double bell(double z) {
  return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
}
double bell_area(double z) {
  return std::erfc(-z / std::numbers::sqrt2) / 2;
}
double sigmoid(double z) {
  return 0.5 * (1 + std::tanh(z / 2));
}
double sech_squared(double z) {
  return 1 / (std::cosh(z) * std::cosh(z));
}

/// A number a + b ε with ε² = 0: arithmetic on it carries the derivative along a direction.
struct Dual {
  double a = 0;
  double b = 0;

  Dual() = default;
  Dual(double value, double derivative = 0) : a(value), b(derivative) {}
};
Dual operator+(Dual p, Dual q) {
  return {p.a + q.a, p.b + q.b};
}
Dual operator-(Dual p, Dual q) {
  return {p.a - q.a, p.b - q.b};
}
Dual operator*(Dual p, Dual q) {
  return {p.a * q.a, p.a * q.b + p.b * q.a};
}
Dual operator/(Dual p, Dual q) {
  return {p.a / q.a, (p.b * q.a - p.a * q.b) / (q.a * q.a)};
}
Dual exp(Dual p) {
  return {std::exp(p.a), std::exp(p.a) * p.b};
}
bool operator<(Dual p, Dual q) {
  return p.a < q.a;
}

double value_of(ScalarFunction const& phi, double z) {
  return phi.value(z);
}
Dual value_of(ScalarFunction const& phi, Dual z) {
  return {phi.value(z.a), phi.slope(z.a) * z.b};
}
double slope_of(ScalarFunction const& phi, double z) {
  return phi.slope(z);
}
Dual slope_of(ScalarFunction const& phi, Dual z) {
  return {phi.slope(z.a), phi.curvature(z.a) * z.b};
}

template <class N>
using Row = std::vector<N>;

/// Where a layer lies in the parameter vector.
struct Layer {
  std::int64_t inputs, outputs, first;

  std::size_t weight(std::int64_t out, std::int64_t in) const {
    return static_cast<std::size_t>(first + out * inputs + in);
  }
  std::size_t bias(std::int64_t out) const {
    return static_cast<std::size_t>(first + outputs * inputs + out);
  }
};

std::vector<Layer> layers_of(Problem const& problem) {
  std::vector<Layer> layers;
  std::int64_t first = 0;
  for (std::size_t l = 0; l + 1 < problem.widths.size(); ++l) {
    layers.push_back({problem.widths[l], problem.widths[l + 1], first});
    first += problem.widths[l + 1] * (problem.widths[l] + 1);
  }
  return layers;
}

/// The pre-activations of every layer for one example; the last are the outputs.
template <class N>
std::vector<Row<N>> preactivations(Problem const& problem, Row<N> const& theta, Reals const& x) {
  ScalarFunction const& phi = activation(problem.activation);
  std::vector<Row<N>> z;
  Row<N> input(x.begin(), x.end());
  for (Layer const& layer : layers_of(problem)) {
    Row<N> sums;
    for (std::int64_t i = 0; i < layer.outputs; ++i) {
      N sum = theta[layer.bias(i)];
      for (std::int64_t j = 0; j < layer.inputs; ++j) {
        sum = sum + theta[layer.weight(i, j)] * input[static_cast<std::size_t>(j)];
      }
      sums.push_back(sum);
    }
    input.clear();
    for (N const& sum : sums) input.push_back(value_of(phi, sum));
    z.push_back(std::move(sums));
  }
  return z;
}

double target(Problem const& problem, std::size_t example, std::size_t output) {
  if (!problem.targets.empty()) return problem.targets[example][output];
  return static_cast<std::size_t>(problem.labels[example]) == output ? 1 : 0;
}

template <class N>
Row<N> softmax(Row<N> const& z) {
  using std::exp;
  N const largest = *std::max_element(z.begin(), z.end());
  N sum = 0;
  for (N const& entry : z) sum = sum + exp(entry - largest);
  Row<N> p;
  for (N const& entry : z) p.push_back(exp(entry - largest) / sum);
  return p;
}

double example_loss(Problem const& problem, std::size_t example, Reals const& z) {
  double loss = 0;
  if (problem.loss == "mse") {
    for (std::size_t c = 0; c < z.size(); ++c) {
      double const miss = z[c] - target(problem, example, c);
      loss += miss * miss / 2;
    }
    return loss;
  }
  double const largest = *std::max_element(z.begin(), z.end());
  for (double const entry : z) loss += std::exp(entry - largest);
  return std::log(loss) + largest - z[static_cast<std::size_t>(problem.labels[example])];
}

/// ∂loss/∂z at the outputs: p − e for cross-entropy, z − y for the squared loss.
template <class N>
Row<N> output_error(Problem const& problem, std::size_t example, Row<N> const& z) {
  Row<N> error = problem.loss == "mse" ? z : softmax(z);
  for (std::size_t c = 0; c < error.size(); ++c) {
    error[c] = error[c] - N(target(problem, example, c));
  }
  return error;
}

/// The gradient by backpropagation, one example at a time. With duals θ + v ε it is
/// ∇f(θ) + ∇²f(θ) v ε.
template <class N>
Row<N> backpropagate(Problem const& problem, Row<N> const& theta) {
  ScalarFunction const& phi = activation(problem.activation);
  std::vector<Layer> const layers = layers_of(problem);
  Row<N> gradient(theta.size(), N(0));
  N const share = N(1 / static_cast<double>(problem.x.size()));
  for (std::size_t example = 0; example < problem.x.size(); ++example) {
    std::vector<Row<N>> const z = preactivations(problem, theta, problem.x[example]);
    Row<N> error = output_error(problem, example, z.back());
    for (std::size_t l = layers.size(); l-- > 0;) {
      Layer const& layer = layers[l];
      Row<N> error_below(static_cast<std::size_t>(layer.inputs), N(0));
      for (std::int64_t i = 0; i < layer.outputs; ++i) {
        N const e = error[static_cast<std::size_t>(i)];
        gradient[layer.bias(i)] = gradient[layer.bias(i)] + share * e;
        for (std::size_t j = 0; j < error_below.size(); ++j) {
          std::size_t const w = layer.weight(i, static_cast<std::int64_t>(j));
          N const input = l == 0 ? N(problem.x[example][j]) : value_of(phi, z[l - 1][j]);
          gradient[w] = gradient[w] + share * e * input;
          if (l > 0) error_below[j] = error_below[j] + e * theta[w] * slope_of(phi, z[l - 1][j]);
        }
      }
      error = std::move(error_below);
    }
  }
  return gradient;
}

}  // namespace

std::vector<ScalarFunction> const& activations() {
  static std::vector<ScalarFunction> const all{
      {"tanh",
       [](double z) { return std::tanh(z); },
       sech_squared,
       [](double z) { return -2 * std::tanh(z) * sech_squared(z); },
       {}},
      {"relu",
       [](double z) { return std::max(z, 0.0); },
       [](double z) { return z > 0 ? 1.0 : 0.0; },
       zero,
       {0}},
      {"gelu",
       [](double z) { return z * bell_area(z); },
       [](double z) { return bell_area(z) + z * bell(z); },
       [](double z) { return 2 * bell(z) - z * z * bell(z); },
       {}},
      {"elu",
       [](double z) { return z > 0 ? z : std::expm1(z); },
       [](double z) { return z > 0 ? 1 : std::exp(z); },
       [](double z) { return z > 0 ? 0 : std::exp(z); },
       {}},
      {"softplus",
       [](double z) { return z > 30 ? z : std::log1p(std::exp(z)); },
       sigmoid,
       [](double z) { return sech_squared(z / 2) / 4; },
       {}},
      {"hardtanh",
       [](double z) { return std::clamp(z, -1.0, 1.0); },
       [](double z) { return std::abs(z) < 1 ? 1.0 : 0.0; },
       zero,
       {-1, 1}},
      {"identity", [](double z) { return z; }, one, zero, {}}};
  return all;
}

ScalarFunction const& activation(std::string_view name) {
  for (ScalarFunction const& candidate : activations()) {
    if (candidate.name == name) return candidate;
  }
  throw std::out_of_range(std::string(name));
}

std::int64_t Problem::parameters() const {
  Layer const last = layers_of(*this).back();
  return last.first + last.outputs * (last.inputs + 1);
}

double Problem::value(Reals const& theta) const {
  double sum = 0;
  for (std::size_t example = 0; example < x.size(); ++example) {
    sum += example_loss(*this, example, preactivations(*this, theta, x[example]).back());
  }
  return sum / static_cast<double>(x.size());
}

Reals Problem::gradient(Reals const& theta) const {
  return backpropagate(*this, theta);
}

Reals Problem::hessian_product(Reals const& theta, Reals const& v) const {
  Row<Dual> moving;
  for (std::size_t i = 0; i < theta.size(); ++i) moving.emplace_back(theta[i], v[i]);
  Reals product;
  for (Dual const& entry : backpropagate(*this, moving)) product.push_back(entry.b);
  return product;
}

Reals Problem::hessian(Reals const& theta) const {
  Reals rows;
  for (std::size_t i = 0; i < theta.size(); ++i) {
    Reals unit(theta.size(), 0.0);
    unit[i] = 1;
    Reals const row = hessian_product(theta, unit);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

std::int64_t Problem::correct(Reals const& theta) const {
  std::int64_t count = 0;
  for (std::size_t example = 0; example < x.size() && !labels.empty(); ++example) {
    Reals const z = preactivations(*this, theta, x[example]).back();
    count += std::max_element(z.begin(), z.end()) - z.begin() == labels[example] ? 1 : 0;
  }
  return count;
}

double Problem::clearance(Reals const& theta) const {
  double nearest = std::numeric_limits<double>::infinity();
  for (Reals const& row : x) {
    std::vector<Reals> hidden = preactivations(*this, theta, row);
    hidden.pop_back();
    for (Reals const& z : hidden) {
      for (double const kink : oracle::activation(activation).kinks) {
        for (double const entry : z) nearest = std::min(nearest, std::abs(entry - kink));
      }
    }
  }
  return nearest;
}

double dot(Reals const& a, Reals const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Reals plus(Reals const& a, double factor, Reals const& b) {
  Reals sum = a;
  for (std::size_t i = 0; i < a.size(); ++i) sum[i] += factor * b[i];
  return sum;
}

double relative_progress(Problem const& problem, Reals const& theta, double eta) {
  Reals const g = problem.gradient(theta);
  double const change = problem.value(plus(theta, -eta, g)) - problem.value(theta);
  return change / (eta * dot(g, g));
}

double directional_smoothness(Problem const& problem, Reals const& theta, Reals const& v) {
  Reals const before = problem.gradient(theta);
  Reals const after = problem.gradient(plus(theta, -1, v));
  return dot(v, plus(before, -1, after)) / dot(v, v);
}

std::vector<Reals> gradient_descent(Problem const& problem, Reals theta, double eta,
                                    std::int64_t steps) {
  std::vector<Reals> path{theta};
  for (std::int64_t step = 0; step < steps; ++step) {
    theta = plus(theta, -eta, problem.gradient(theta));
    path.push_back(theta);
  }
  return path;
}

}  // namespace brink::oracle
