#pragma once

#include "kernels/tally.hpp"

namespace brink {

/// A share of a number of trials, with its Wilson interval of 95 %.
struct Share {
  double value, low, high;
};
Share wilson_share(Index hits, Index trials);

/// Per start; NaN where there are none.
double mean_steps(VerdictCounts const& counts);

/// −Σ p ln p over the basins in a box, the mean over all boxes (Daza et al. 2016); 0 where there
/// are none.
double basin_entropy(VerdictCounts const& counts);
/// The same over the boxes that hold more than one basin.
double boundary_basin_entropy(VerdictCounts const& counts);

/// Whether every start has an outcome and, just where that is a minimum, one of those listed.
bool all_counted(VerdictCounts const& counts);

}  // namespace brink
