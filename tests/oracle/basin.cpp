#include "tests/oracle/basin.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace brink::oracle {
namespace {

constexpr double settled = 1e-10;        // of ‖g‖
constexpr std::int64_t patience = 1000;  // steps that ‖g‖ stays so small at a stationary point
constexpr double at_minimum = 1e-6;      // distance
constexpr std::int64_t survey = 512;     // steps between the points whose return is watched for
constexpr std::int64_t longest_period = 64;
constexpr double returned = 1e-11;  // distance, relative to max(1, |θ|∞)
constexpr double moved = 1e-7;      // the least step on a cycle, likewise
constexpr double slack = 16 * std::numeric_limits<double>::epsilon();  // relative to max(1, |f|)

/// a + b ε with ε² = 0 over numbers N: arithmetic on it carries a derivative; over duals again, a
/// second one.
template <class N>
struct Dual {
  N a{};
  N b{};

  Dual() = default;
  Dual(double number) : a(number) {}
  Dual(N value, N derivative) : a(value), b(derivative) {}

  friend Dual operator+(Dual const& p, Dual const& q) { return {p.a + q.a, p.b + q.b}; }
  friend Dual operator-(Dual const& p, Dual const& q) { return {p.a - q.a, p.b - q.b}; }
  friend Dual operator*(Dual const& p, Dual const& q) { return {p.a * q.a, p.a * q.b + p.b * q.a}; }
  friend Dual operator/(Dual const& p, Dual const& q) {
    return {p.a / q.a, (p.b * q.a - p.a * q.b) / (q.a * q.a)};
  }
  friend Dual cosh(Dual const& p) {
    using std::cosh, std::sinh;
    return {cosh(p.a), sinh(p.a) * p.b};
  }
  friend Dual sinh(Dual const& p) {
    using std::cosh, std::sinh;
    return {sinh(p.a), cosh(p.a) * p.b};
  }
  friend Dual tanh(Dual const& p) {
    using std::cosh, std::tanh;
    return {tanh(p.a), p.b / (cosh(p.a) * cosh(p.a))};
  }
  friend Dual sqrt(Dual const& p) {
    using std::sqrt;
    return {sqrt(p.a), p.b / (N(2.0) * sqrt(p.a))};
  }
};

template <class N, std::size_t D>
using Coordinates = std::array<N, D>;

template <std::size_t D>
Coordinates<double, D> coordinates(Reals const& theta) {
  Coordinates<double, D> point;
  for (std::size_t i = 0; i < D; ++i) point[i] = theta.at(i);
  return point;
}
template <std::size_t D>
Reals reals(Coordinates<double, D> const& point) {
  return {point.begin(), point.end()};
}

template <std::size_t D>
double length(Coordinates<double, D> const& v) {
  double sum = 0;
  for (double const entry : v) sum += entry * entry;
  return std::sqrt(sum);
}
template <std::size_t D>
double largest(Coordinates<double, D> const& v) {
  double size = 0;
  for (double const entry : v) size = std::max(size, std::abs(entry));
  return size;
}
template <std::size_t D>
Coordinates<double, D> difference(Coordinates<double, D> a, Coordinates<double, D> const& b) {
  for (std::size_t i = 0; i < D; ++i) a[i] -= b[i];
  return a;
}

/// Whether a symmetric matrix is positive definite: whether elimination meets positive pivots only.
template <std::size_t D>
bool positive_definite(std::array<std::array<double, D>, D> matrix) {
  for (std::size_t k = 0; k < D; ++k) {
    if (!(matrix[k][k] > 0)) return false;
    for (std::size_t i = k + 1; i < D; ++i) {
      double const factor = matrix[i][k] / matrix[k][k];
      for (std::size_t j = k; j < D; ++j) matrix[i][j] -= factor * matrix[k][j];
    }
  }
  return true;
}

/// A landscape from its formula, a template over the kind of number.
template <std::size_t D, class Formula>
class Typed : public Landscape {
  using Theta = Coordinates<double, D>;

 public:
  Typed(Formula formula, std::vector<Reals> minima)
      : formula_(std::move(formula)), minima_(std::move(minima)) {}

  double value(Reals const& theta) const override { return formula_(coordinates<D>(theta)); }
  Reals gradient(Reals const& theta) const override { return reals(at(coordinates<D>(theta)).g); }
  Reals hessian(Reals const& theta) const override {
    Reals entries;
    for (auto const& row : curvature(coordinates<D>(theta))) {
      entries.insert(entries.end(), row.begin(), row.end());
    }
    return entries;
  }
  std::vector<Reals> const& minima() const override { return minima_; }

  Verdict descend(Reals const& start, Descent const& descent) const override {
    Verdict verdict;
    Theta theta = coordinates<D>(start);
    Local local = at(theta);
    Theta watched = theta;
    std::int64_t quiet = 0;  // steps since ‖g‖ became small
    for (std::int64_t k = 0;; ++k) {
      auto const ends = [&](std::string const& outcome) {
        verdict.outcome = outcome;
        verdict.steps = k;
        verdict.end = reals(theta);
        return verdict;
      };
      // A comparison with a number that is none fails.
      for (double const entry : theta) {
        if (!(std::abs(entry) <= descent.escape)) return ends("diverged");
      }
      quiet = length(local.g) < settled ? quiet + 1 : 0;
      if (quiet > 0 && !descent.normalized) {
        verdict.minimum = minimum_at(theta, descent.step);
        if (verdict.minimum >= 0) return ends(verdict.rises == 0 ? "stable" : "unstable");
      }
      if (quiet > patience) return ends("stationary");

      Theta const next = after(theta, local.g, descent);
      double const scale = std::max(1.0, largest(theta));
      std::int64_t const watched_for = k % survey;
      if (watched_for == 0) watched = theta;
      bool const may_return = watched_for >= 2 && watched_for <= longest_period;
      if (may_return && largest(difference(theta, watched)) <= returned * scale &&
          largest(difference(next, theta)) > moved * scale) {
        return ends("periodic");
      }
      if (k == descent.max_steps) return ends("undecided");

      theta = next;
      Local const now = at(theta);
      if (now.f > local.f + slack * std::max(1.0, std::abs(local.f))) {
        ++verdict.rises;
        verdict.last_rise = k + 1;
      }
      local = now;
    }
  }

  std::vector<Reals> trajectory(Reals const& start, Descent const& descent,
                                std::int64_t steps) const override {
    std::vector<Reals> points{start};
    Theta theta = coordinates<D>(start);
    for (std::int64_t k = 0; k < steps; ++k) {
      theta = after(theta, at(theta).g, descent);
      points.push_back(reals(theta));
    }
    return points;
  }

 private:
  /// Value and gradient.
  struct Local {
    double f;
    Theta g;
  };

  Local at(Theta const& theta) const {
    Local local{};
    for (std::size_t i = 0; i < D; ++i) {
      Coordinates<Dual<double>, D> along;
      for (std::size_t j = 0; j < D; ++j) along[j] = {theta[j], i == j ? 1.0 : 0.0};
      Dual<double> const result = formula_(along);
      local.f = result.a;
      local.g[i] = result.b;
    }
    return local;
  }

  std::array<std::array<double, D>, D> curvature(Theta const& theta) const {
    std::array<std::array<double, D>, D> h;
    for (std::size_t i = 0; i < D; ++i) {
      for (std::size_t j = 0; j < D; ++j) {
        Coordinates<Dual<Dual<double>>, D> along;
        for (std::size_t k = 0; k < D; ++k) {
          along[k] = {{theta[k], k == i ? 1.0 : 0.0}, {k == j ? 1.0 : 0.0, 0.0}};
        }
        h[i][j] = formula_(along).b.b;
      }
    }
    return h;
  }

  static Theta after(Theta theta, Theta const& g, Descent const& descent) {
    double const size = length(g);
    double const step = descent.normalized && size > 0 ? descent.step / size : descent.step;
    for (std::size_t i = 0; i < D; ++i) theta[i] -= step * g[i];
    return theta;
  }

  /// The strict minimum that descent from a settled point goes to, or −1.
  int minimum_at(Theta const& theta, double step) const {
    auto h = curvature(theta);
    auto below = h;  // 2/η − ∇²f
    for (std::size_t i = 0; i < D; ++i) {
      for (std::size_t j = 0; j < D; ++j) below[i][j] = (i == j ? 2 / step : 0.0) - h[i][j];
    }
    if (!positive_definite(h) || !positive_definite(below)) return -1;
    for (std::size_t m = 0; m < minima_.size(); ++m) {
      if (length(difference(theta, coordinates<D>(minima_[m]))) < at_minimum) {
        return static_cast<int>(m);
      }
    }
    return -1;
  }

  Formula formula_;
  std::vector<Reals> minima_;
};

template <std::size_t D, class Formula>
std::unique_ptr<Landscape> typed(Formula formula, std::vector<Reals> minima, bool square_root) {
  if (!square_root) return std::make_unique<Typed<D, Formula>>(formula, std::move(minima));
  auto root = [formula](auto const& theta) {
    using std::sqrt;
    return sqrt(formula(theta));
  };
  // Where f vanishes √f has a kink instead of a minimum.
  std::erase_if(minima, [&](Reals const& at) { return formula(coordinates<D>(at)) < 1e-9; });
  return std::make_unique<Typed<D, decltype(root)>>(root, std::move(minima));
}

/// Σ wᵢ θᵢ² or its tanh.
template <std::size_t D>
std::unique_ptr<Landscape> quadratic(Reals const& weights, bool flattened, bool square_root) {
  auto const sum = [w = coordinates<D>(weights)](auto const& theta) {
    auto result = w[0] * theta[0] * theta[0];
    for (std::size_t i = 1; i < D; ++i) result = result + w[i] * theta[i] * theta[i];
    return result;
  };
  std::vector<Reals> const minima{Reals(D, 0.0)};
  if (!flattened) return typed<D>(sum, minima, square_root);
  auto const flat = [sum](auto const& theta) {
    using std::tanh;
    return tanh(sum(theta));
  };
  return typed<D>(flat, minima, square_root);
}

std::unique_ptr<Landscape> make(std::string_view name, Reals const& weights, bool square_root) {
  auto const plane = [square_root](auto formula, std::vector<Reals> minima = {}) {
    auto const of_both = [formula](auto const& theta) { return formula(theta[0], theta[1]); };
    return typed<2>(of_both, std::move(minima), square_root);
  };
  if (name == "f1") {
    return plane([](auto x, auto y) { return x * x + y * y + x * x * y + x * x * x + y * y * y; },
                 {{0, 0}});
  }
  if (name == "f2") {
    return plane(
        [](auto x, auto y) { return x * x + y * y + x * x * y + x * x * x * x + y * y * y * y; },
        {{0, 0}});
  }
  if (name == "f3") {
    return plane(
        [](auto x, auto y) {
          return x * x * x * x * y * y + x * x * y * y * y * y - 3.0 * x * x * y * y + 1.0;
        },
        {{-1, -1}, {-1, 1}, {1, -1}, {1, 1}});
  }
  if (name == "f4") {
    double const r = std::sqrt(19.0) / (2 * std::sqrt(5.0));
    return plane(
        [](auto x, auto y) {
          return (1.0 - x * y) * (1.0 - x * y) + (1.0 / 20.0) * (x * x + y * y);
        },
        {{-r, -r}, {r, r}});
  }
  if (name == "neuron-linear") return plane([](auto x, auto y) { return (x * y) * (x * y); });
  if (name == "neuron-tanh") {
    return plane([](auto x, auto y) {
      using std::tanh;
      return (x * tanh(y)) * (x * tanh(y));
    });
  }
  if (name == "normalized-neuron") {
    return plane([](auto x, auto y) {
      auto const size = x * x + y * y;
      auto const output = 0.6 * x + 0.8 * y;
      return output * output / size + 0.01 * size;
    });
  }
  if (name == "arora") return plane([](auto x, auto y) { return (1.0 + x * x) * y * y; });
  if (name == "hyperbola") {
    return plane([](auto x, auto y) { return (1.0 - x * y) * (1.0 - x * y); });
  }
  bool const flattened = name == "tanh-quadratic";
  if (!flattened && name != "quadratic") throw std::out_of_range(std::string(name));
  switch (weights.size()) {
    case 1:
      return quadratic<1>(weights, flattened, square_root);
    case 2:
      return quadratic<2>(weights, flattened, square_root);
    case 3:
      return quadratic<3>(weights, flattened, square_root);
    case 4:
      return quadratic<4>(weights, flattened, square_root);
    default:
      throw std::out_of_range("weights");
  }
}

}  // namespace

std::unique_ptr<Landscape> landscape(std::string_view name, Reals const& weights) {
  return make(name, weights, false);
}
std::unique_ptr<Landscape> square_root_of(std::string_view name, Reals const& weights) {
  return make(name, weights, true);
}

}  // namespace brink::oracle
