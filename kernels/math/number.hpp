#pragma once

#include <cmath>
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

// And the twins of its questions about all lanes.
BRINK_HOST_DEVICE inline bool any(bool condition) {
  return condition;
}
BRINK_HOST_DEVICE inline bool all(bool condition) {
  return condition;
}

/// The larger of two numbers; either of them where one is not a number.
template <class N>
BRINK_HOST_DEVICE N larger(N a, N b) {
  if constexpr (std::is_same_v<N, float>) {
    return std::fmax(a, b);  // one instruction of a GPU, which has none for double
  } else if constexpr (std::is_floating_point_v<N>) {
    return a > b ? a : b;
  } else {
    return max(a, b);
  }
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

/// tanh x. The lanes of a SIMD vector go through the library one by one: SIMD libraries round
/// differently from one instruction set to the next. An interval has its own tanh.
template <class N>
BRINK_HOST_DEVICE N hyperbolic_tangent(N x) {
  if constexpr (std::is_floating_point_v<N>) {
    return std::tanh(x);
  } else if constexpr (requires { N::size; }) {
    typename N::value_type lanes[N::size];
    x.store_unaligned(lanes);
    for (auto& lane : lanes) lane = std::tanh(lane);
    return N::load_unaligned(lanes);
  } else {
    return tanh(x);
  }
}

/// 1/x, and 0 where x = 0. For an interval with 0 inside, everything.
template <class N>
BRINK_HOST_DEVICE N inverse_or_zero(N x) {
  if constexpr (requires { x == x; }) {
    return select(x == N(0), N(0), N(1) / x);
  } else {
    return N(1) / x;
  }
}

/// x². An interval has its own, which knows that both factors are the same.
template <class N>
BRINK_HOST_DEVICE N square(N x) {
  return x * x;
}

}  // namespace brink
