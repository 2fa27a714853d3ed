#pragma once

#include <cmath>

#include "kernels/math/number.hpp"

namespace brink {

enum class Activation { tanh, relu, gelu, elu, softplus, hardtanh, identity };

/// A function's value, first and second derivative at a point. N is float, double, or a SIMD vector
/// of either.
template <class N>
struct Jet {
  N value;
  N slope;
  N curvature;
};

/// φ and its derivatives with PyTorch's conventions at kinks (torch.nn.functional): the derivative
/// of relu at 0 is 0, that of hardtanh at ±1 is 0. gelu is the exact one, z Φ(z).
namespace activation {

struct Tanh {
  template <class N>
  BRINK_HOST_DEVICE static Jet<N> at(N z) {
    using std::tanh;
    N const a = tanh(z);
    N const slope = N(1) - a * a;
    return {a, slope, N(-2) * a * slope};
  }
};

struct Relu {
  template <class N>
  BRINK_HOST_DEVICE static Jet<N> at(N z) {
    auto const positive = z > N(0);
    return {select(positive, z, N(0)), select(positive, N(1), N(0)), N(0)};
  }
};

struct Gelu {
  template <class N>
  BRINK_HOST_DEVICE static Jet<N> at(N z) {
    using std::erf;
    using std::exp;
    N const half_square = N(0.5) * z * z;
    N const cumulative = N(0.5) * (N(1) + erf(z * constant<N>(0.70710678118654752440)));  // Φ(z)
    N const density = constant<N>(0.39894228040143267794) * exp(-half_square);            // Φ'(z)
    return {z * cumulative, cumulative + z * density, density * (N(2) - z * z)};
  }
};

struct Elu {
  template <class N>
  BRINK_HOST_DEVICE static Jet<N> at(N z) {
    using std::exp;
    using std::expm1;
    auto const positive = z > N(0);
    N const below = select(positive, N(0), z);  // keeps exp in range where it is not used
    N const slope = exp(below);
    return {select(positive, z, expm1(below)), slope, select(positive, N(0), slope)};
  }
};

struct Softplus {
  template <class N>
  BRINK_HOST_DEVICE static Jet<N> at(N z) {
    using std::exp;
    using std::log1p;
    auto const positive = z > N(0);
    N const decay = exp(select(positive, -z, z));  // e^{−|z|}
    N const sigmoid = select(positive, N(1), decay) / (N(1) + decay);
    return {select(positive, z, N(0)) + log1p(decay), sigmoid, sigmoid * (N(1) - sigmoid)};
  }
};

struct Hardtanh {
  template <class N>
  BRINK_HOST_DEVICE static Jet<N> at(N z) {
    auto const above = z >= N(1);
    auto const below = z <= N(-1);
    return {select(above, N(1), select(below, N(-1), z)),
            select(above, N(0), select(below, N(0), N(1))), N(0)};
  }
};

struct Identity {
  template <class N>
  BRINK_HOST_DEVICE static Jet<N> at(N z) {
    return {z, N(1), N(0)};
  }
};

}  // namespace activation

/// Calls `use` with the formula of `which`.
template <class Use>
BRINK_HOST_DEVICE auto with_activation(Activation which, Use&& use) {
  switch (which) {
    case Activation::tanh:
      return use(activation::Tanh{});
    case Activation::relu:
      return use(activation::Relu{});
    case Activation::gelu:
      return use(activation::Gelu{});
    case Activation::elu:
      return use(activation::Elu{});
    case Activation::softplus:
      return use(activation::Softplus{});
    case Activation::hardtanh:
      return use(activation::Hardtanh{});
    case Activation::identity:
      break;
  }
  return use(activation::Identity{});
}

}  // namespace brink
