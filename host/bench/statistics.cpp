#include "host/bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace brink {
namespace {

/// At a share of the way through sorted values.
double quantile(std::vector<double> const& sorted, double share) {
  double const place = share * static_cast<double>(sorted.size() - 1);
  auto const below = static_cast<std::size_t>(place);
  std::size_t const above = std::min(below + 1, sorted.size() - 1);
  double const weight = place - static_cast<double>(below);
  return (1 - weight) * sorted[below] + weight * sorted[above];
}

}  // namespace

Index outside_median_interval(Index samples) {
  constexpr double tail = 0.025;
  auto const n = static_cast<double>(samples);
  double below = 0;
  for (Index m = 0; m < samples; ++m) {
    auto const k = static_cast<double>(m);
    below += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) -
                      n * std::numbers::ln2);
    if (below > tail) return m;
  }
  return 0;
}

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double const infinity = std::numeric_limits<double>::infinity();
  Spread spread{
      quantile(values, 0.5), quantile(values, 0.25), quantile(values, 0.75), -infinity, infinity,
      std::ssize(values)};
  if (Index const outside = outside_median_interval(spread.samples); outside > 0) {
    spread.lower_bound = values[static_cast<std::size_t>(outside - 1)];
    spread.upper_bound = values[static_cast<std::size_t>(spread.samples - outside)];
  }
  return spread;
}

}  // namespace brink
