#pragma once

#include <vector>

#include "host/scan/space.hpp"
#include "kernels/operations.hpp"

namespace brink {

/// How the share of pairs of starts that end in different basins falls with the distance of the
/// two: share ∝ distance^exponent, so that the boundary's dimension is that of the space less the
/// exponent (Grebogi, McDonald, Ott, Yorke 1983). By least squares over the distances at which the
/// share is known well enough; NaN where there are fewer than three.
struct Uncertainty {
  std::vector<double> distance;
  std::vector<double> share;
  double exponent;
  double exponent_error;
};

/// From `pairs` random starts in the space's box, each with a neighbour in a random direction at
/// distances from a fiftieth of the box's longest side down, by fours.
template <class T>
Uncertainty boundary_uncertainty(Context& context, Operations<T> const& operations,
                                 BasinRule const& rule, ScanSpace const& space, Index pairs);

/// Bytes of the context's memory that this takes.
template <class T>
double uncertainty_bytes_needed(ScanSpace const& space, Index pairs);

}  // namespace brink
