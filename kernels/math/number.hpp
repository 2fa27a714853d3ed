#pragma once

#include <type_traits>

#include "kernels/math/host_device.hpp"

// What formulas need to be written once for every number type: float, double, a SIMD vector of
// either, an interval.

namespace brink {

/// The scalar twin of the SIMD library's lane-wise choice.
template <class N>
BRINK_HOST_DEVICE N select(bool condition, N if_true, N if_false) {
  return condition ? if_true : if_false;
}

/// A constant as a number of type N, rounded once.
template <class N>
BRINK_HOST_DEVICE N constant(double value) {
  if constexpr (std::is_floating_point_v<N>) {
    return static_cast<N>(value);
  } else {
    return N(static_cast<typename N::value_type>(value));
  }
}

/// x². An interval has its own, which knows that both factors are the same.
template <class N>
BRINK_HOST_DEVICE N square(N x) {
  return x * x;
}

}  // namespace brink
