#pragma once

#include <string>
#include <vector>

#include "kernels/math/landscape.hpp"

namespace brink {

/// `f1` … `f4`, `quadratic[:w1,w2,…]`, `tanh-quadratic[:w1,w2,…]`, `neuron-linear`, `neuron-tanh`,
/// `normalized-neuron`, `arora`, `hyperbola`. InputError for anything else, or weights that are not
/// positive.
LandscapeChoice parse_landscape(std::string const& text);
std::string landscape_name(LandscapeChoice const& choice);

/// A strict local minimum.
struct Minimum {
  std::vector<double> at;
  double value = 0;
  double sharpness = 0;  ///< largest eigenvalue of the Hessian there
  double flatness = 0;   ///< smallest
};

/// The strict local minima in the box |θᵢ| ≤ `reach`, by Newton's method from a grid, sorted by
/// coordinates. Each is verified: by interval arithmetic (Krawczyk's operator) there is exactly one
/// stationary point within 1e-9 of it, and the Hessian is positive definite there. Minima that are
/// not strict (on a curve of them) cannot pass and are not listed.
std::vector<Minimum> find_minima(LandscapeChoice const& choice, double reach = 8);

}  // namespace brink
