#include "host/diagnostics/line_sweep.hpp"

namespace brink {

std::vector<double> sweep_taus(Index points) {
  std::vector<double> taus;
  for (Index i = 0; i <= points; ++i) {
    taus.push_back(static_cast<double>(i) / static_cast<double>(points));
  }
  return taus;
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
