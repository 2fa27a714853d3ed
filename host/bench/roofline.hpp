#pragma once

#include "host/bench/record.hpp"

namespace brink {

/// How large the arrays are that a device is measured with: doubled from the least on until a call
/// is long, or they are far larger than any cache.
struct RooflineSizes {
  double long_call = 0.05;             ///< seconds
  Index least_bytes = Index{1} << 20;  ///< of each of the two arrays that are copied or added
  Index most_bytes = Index{1} << 28;
  Index least_side = 512;  ///< of square matrices
  Index most_side = 8192;
};

/// Measures one row after the other into `roofline`; `measured` is called after each.
template <class T>
void measure_roofline(BenchPlace<T> const& place, RooflineSizes const& sizes, StopRule const& rule,
                      std::function<bool()> const& interrupted, Roofline& roofline,
                      std::function<void()> const& measured);

}  // namespace brink
