#include "host/diagnostics/line_sweep.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace brink {
namespace {

/// The Chebyshev points (1 − cos(π j / degree)) / 2 of [0, 1].
double chebyshev_point(std::size_t j, std::size_t degree) {
  double const angle = std::numbers::pi * static_cast<double>(j) / static_cast<double>(degree);
  return 0.5 - 0.5 * std::cos(angle);
}

/// Whether the polynomial through values at the Chebyshev points is one of lower degree, to the
/// tolerance: its last two coefficients are small beside the largest.
bool resolved(std::vector<double> const& values, double tolerance) {
  std::size_t const degree = values.size() - 1;
  std::vector<double> sizes;
  for (std::size_t k = 0; k <= degree; ++k) {
    double coefficient = 0;
    for (std::size_t j = 0; j <= degree; ++j) {
      double const half_at_ends = j == 0 || j == degree ? 0.5 : 1.0;
      double const angle =
          std::numbers::pi * static_cast<double>(j * k) / static_cast<double>(degree);
      coefficient += half_at_ends * values[j] * std::cos(angle);
    }
    sizes.push_back(std::abs(coefficient));
  }
  double const largest = *std::max_element(sizes.begin(), sizes.end());
  return std::max(sizes[degree], sizes[degree - 1]) <= tolerance * largest;
}

/// The polynomials through the points at the Chebyshev points, at τ (barycentric formula).
LinePoint interpolate(std::vector<LinePoint> const& points, double tau) {
  std::size_t const degree = points.size() - 1;
  LinePoint sum{0, 0};
  double weights = 0;
  for (std::size_t j = 0; j <= degree; ++j) {
    double const distance = tau - chebyshev_point(j, degree);
    if (distance == 0) return points[j];
    double const sign = j % 2 == 0 ? 1.0 : -1.0;
    double const weight = sign * (j == 0 || j == degree ? 0.5 : 1.0) / distance;
    sum.loss += weight * points[j].loss;
    sum.derivative += weight * points[j].derivative;
    weights += weight;
  }
  return {sum.loss / weights, sum.derivative / weights};
}

/// The values at the Chebyshev points of twice the degree, half of which are known.
std::vector<LinePoint> refined(LineFunction const& line, std::vector<LinePoint> const& known,
                               std::size_t degree) {
  std::vector<double> new_taus;
  for (std::size_t j = 1; j < degree; j += 2) new_taus.push_back(chebyshev_point(j, degree));
  std::vector<LinePoint> const fresh = line(new_taus);
  std::vector<LinePoint> points;
  for (std::size_t j = 0; j <= degree; ++j) {
    points.push_back(j % 2 == 0 ? known[j / 2] : fresh[j / 2]);
  }
  return points;
}

/// The Chebyshev interpolant's points, if 33 at most resolve both objective and derivative.
std::optional<std::vector<LinePoint>> chebyshev_points(LineFunction const& line, double tolerance) {
  constexpr std::size_t first_degree = 8;
  constexpr std::size_t last_degree = 32;
  std::vector<double> taus;
  for (std::size_t j = 0; j <= first_degree; ++j) taus.push_back(chebyshev_point(j, first_degree));
  std::vector<LinePoint> points = line(taus);
  for (std::size_t degree = first_degree;; degree *= 2) {
    if (degree > first_degree) points = refined(line, points, degree);
    std::vector<double> losses, derivatives;
    for (LinePoint const& point : points) {
      losses.push_back(point.loss);
      derivatives.push_back(point.derivative);
    }
    if (resolved(losses, tolerance) && resolved(derivatives, tolerance)) return points;
    if (degree == last_degree) return {};
  }
}

}  // namespace

std::vector<double> fractions_of_step(Index points) {
  std::vector<double> taus;
  for (Index i = 0; i <= points; ++i) {
    taus.push_back(static_cast<double>(i) / static_cast<double>(points));
  }
  return taus;
}

std::vector<LinePoint> sample_line(LineFunction const& line, std::vector<double> const& taus,
                                   double tolerance) {
  constexpr std::size_t few = 40;
  if (taus.size() <= few) return line(taus);
  auto const nodes = chebyshev_points(line, tolerance);
  if (!nodes) return line(taus);
  std::vector<LinePoint> points;
  for (double const tau : taus) points.push_back(interpolate(*nodes, tau));
  return points;
}

LineSweep analyse_sweep(std::vector<LinePoint> const& points, std::vector<double> const& taus,
                        double step_square) {
  // With d(τ) = ⟨w, ∇f(θ + τ w)⟩: L(θ; τ v) = (d(τ) − d(0)) / (τ ‖v‖²), and the integrand of (4.2),
  // ρ τ L, is (d(τ) − d(0)) / (−d(0)).
  double const start = points.front().derivative;
  LineSweep sweep;
  double integral = 0;
  std::size_t const last = taus.size() - 1;
  for (std::size_t i = 1; i <= last; ++i) {
    double const change = points[i].derivative - start;
    sweep.smoothness.push_back(change / (taus[i] * step_square));
    double const simpson = i == last ? 1.0 / 3 : (i % 2 == 1 ? 4.0 / 3 : 2.0 / 3);
    double const trapezoid = i == last ? 0.5 : 1.0;
    integral += change * (last % 2 == 0 ? simpson : trapezoid);
  }
  sweep.progress = -1 + integral / static_cast<double>(last) / -start;
  return sweep;
}

}  // namespace brink
