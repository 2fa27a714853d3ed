#pragma once

#include <string>

#include "host/landscape/landscape.hpp"

namespace brink {

/// What descends: gradient descent on f or on √f.
enum class ScanObjective { loss, square_root };

/// A set around a minimum θ* that gradient descent with step size η never leaves, on which the loss
/// falls at every step, and from which it converges to θ* (Chen et al. 2024, Lemma 1 and Theorem
/// 2):
///   U = {θ : ‖θ − θ*‖ < radius, f(θ) < level},
/// where λmax(∇²f) ≤ bound < 2/η over the ball, f ≥ level on its sphere, and θ* is the only
/// stationary point in U. While the segment from θ ∈ U to θ − η∇f(θ) stays in the ball, f falls
/// along it, as 1 − η bound/2 > 0; so it cannot reach the sphere, and ends in U.
///
/// radius, level and bound are proved by interval arithmetic over boxes that cover the ball.
struct CertifiedSet {
  double radius = 0;
  double level = 0;  ///< of the objective, f or √f
  double bound = 0;
  std::string reason;  ///< why there is none; empty where there is one

  bool exists() const { return reason.empty(); }
};

/// The largest set found, by level. η > 0.
CertifiedSet certify(LandscapeChoice const& choice, Minimum const& minimum, double step,
                     ScanObjective objective = ScanObjective::loss);

}  // namespace brink
