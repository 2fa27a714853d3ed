#pragma once

#include <cstdint>
#include <vector>

#include "host/data/dataset.hpp"

namespace brink {

/// An affine map per group of neighbouring features: x <- (x - mean) / deviation.
struct Standardization {
  /// One per group, in the units of the data as loaded.
  std::vector<double> mean;
  std::vector<double> deviation;
};

/// Mean and population standard deviation, in float64, over the examples and the features of each
/// of `groups` equal runs of features: as many groups as features standardises every feature by
/// itself. `unit` is what the data would otherwise be divided by (255 for pixels); a constant group
/// keeps that scale, so that nothing is divided by zero.
template <class T>
Standardization fit_standardization(Dataset<T> const& data, std::int64_t groups, double unit);

/// Applies the map in place; each value is computed in float64.
template <class T>
void apply_standardization(Standardization const& map, Dataset<T>& data);

}  // namespace brink
