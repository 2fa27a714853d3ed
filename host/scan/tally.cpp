#include "host/scan/tally.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace brink {
namespace {

/// −Σ p ln p over the basins in a box, summed over all boxes.
double entropy(VerdictCounts const& counts) {
  // Each start of a box is in one of its basins.
  Index starts = 0;
  for (Index n = 1; n <= most_box_starts; ++n) starts += n * counts.occurrences[n];
  double sum = 0;
  for (Index n = 1; n <= most_box_starts; ++n) {
    if (counts.occurrences[n] == 0) continue;
    double const p = static_cast<double>(n * counts.boxes) / static_cast<double>(starts);
    sum -= static_cast<double>(counts.occurrences[n]) * p * std::log(p);
  }
  return sum;
}

double per(Index boxes, double sum) {
  return boxes > 0 ? sum / static_cast<double>(boxes) : 0;
}

}  // namespace

Share wilson_share(Index hits, Index trials) {
  if (trials == 0) return {0, 0, 1};
  constexpr double z = 1.959963984540054;  // of 95 %
  auto const n = static_cast<double>(trials);
  double const p = static_cast<double>(hits) / n;
  double const middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  double const reach = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  // The interval holds p, also where rounding would have it end just short of 0 or 1.
  return {p, std::clamp(middle - reach, 0.0, p), std::clamp(middle + reach, p, 1.0)};
}

double mean_steps(VerdictCounts const& counts) {
  return static_cast<double>(counts.steps) / static_cast<double>(counts.starts);
}

double basin_entropy(VerdictCounts const& counts) {
  return per(counts.boxes, entropy(counts));
}

double boundary_basin_entropy(VerdictCounts const& counts) {
  return per(counts.boundary_boxes, entropy(counts));
}

bool all_counted(VerdictCounts const& counts) {
  auto const sum = [](auto const& all) {
    return std::accumulate(all.begin(), all.end(), Index{0});
  };
  auto const at_a_minimum = counts.outcome[static_cast<int>(Outcome::stable)] +
                            counts.outcome[static_cast<int>(Outcome::unstable)];
  return sum(counts.outcome) == counts.starts && sum(counts.minimum) == at_a_minimum;
}

}  // namespace brink
