#pragma once

#include <vector>

#include "kernels/view.hpp"

namespace brink {

/// What repeated measurements of one quantity say of it.
struct Spread {
  double median = 0;
  double lower_quartile = 0;  ///< interpolated between the measurements around it
  double upper_quartile = 0;
  /// Of the median, at 95 % at least, whatever the distribution: two of the measurements. Infinite
  /// where there are fewer than six.
  double lower_bound = 0;
  double upper_bound = 0;
  Index samples = 0;

  /// Half the width of that interval relative to the median.
  double noise() const { return 0.5 * (upper_bound - lower_bound) / median; }
};

/// `values` is not empty.
Spread spread_of(std::vector<double> values);

/// How many measurements at either end lie outside the 95 % interval of the median of `samples`
/// independent ones: the largest m with P(B < m) ≤ 0.025 for B binomial of (samples, 1/2). 0: all
/// of them make no such interval.
Index outside_median_interval(Index samples);

}  // namespace brink
