#pragma once

#include <vector>

#include "host/objective/pass.hpp"

namespace brink {

/// τ = 0, 1/points, …, 1: where the objective and its sharpness are taken along a step.
std::vector<double> fractions_of_step(Index points);

/// Down to where a Chebyshev coefficient tells no more than rounding does, at precision T.
template <class T>
inline constexpr double sampling_tolerance = sizeof(T) == sizeof(float) ? 1e-6 : 1e-13;

/// The points at `taus` in [0, 1]. On a line an objective of smooth parts is analytic, so that its
/// interpolant in 9, 17 or 33 Chebyshev points gives all of them to rounding: it is used where its
/// last Chebyshev coefficients have fallen below `tolerance` relative to the largest (Trefethen,
/// Approximation Theory and Approximation Practice, chapters 4 and 5). Where they do not fall
/// (relu, hardtanh), or `taus` are few, every point is computed.
std::vector<LinePoint> sample_line(LineFunction const& line, std::vector<double> const& taus,
                                   double tolerance);

/// What a sweep along a step w = −v says (Ahn et al., Experiment 5).
struct LineSweep {
  std::vector<double> smoothness;  ///< L(θ; τ v) at each τ but 0
  /// The right-hand side of (4.2), −1 + ρ ∫₀¹ τ L(θ; τ v) dτ with ρ = ‖v‖² / ⟨v, g⟩ (which is η for
  /// gradient descent), by Simpson's rule (trapezoids where the number of points is odd).
  double progress;
};

/// points[i] is the objective's restriction to the line at taus[i]; taus as from fractions_of_step.
LineSweep analyse_sweep(std::vector<LinePoint> const& points, std::vector<double> const& taus,
                        double step_square);

}  // namespace brink
