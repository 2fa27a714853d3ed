#pragma once

#include "kernels/math/landscape.hpp"

namespace brink {

/// Floating-point operations that a step of a basin scan takes from everyone who makes and judges
/// it, for the outcome alone: value and gradient of the landscape, common subexpressions once and
/// a tanh as one operation; per coordinate a product and a difference for the update, a selection
/// for trajectories that have their verdict, an absolute value and a comparison against the region;
/// 5 for the loss against what it was, 1 against the certified level, 2 to count rises. What only
/// some steps need (distances to minima, every eighth the gradient's norm, the search for cycles)
/// does not count.
double basin_step_operations(LandscapeChoice const& choice);

/// The part of it that is the landscape's value and gradient.
double landscape_operations(LandscapeChoice const& choice);

}  // namespace brink
