#pragma once

#include <cmath>

#include "kernels/math/point.hpp"

// Landscapes: functions of a few coordinates with value, gradient and Hessian, each written once
// for any number type. Where a landscape is symmetric under x ↔ y or a change of sign, its formulas
// are so to the last bit: they treat both coordinates by the same operations in the same order.

namespace brink::landscape {

/// A number that a division gives, so that an interval encloses it.
template <class N>
BRINK_HOST_DEVICE N fraction(int numerator, int denominator) {
  return constant<N>(numerator) / constant<N>(denominator);
}

/// The Hessian of φ(f) from f's Hessian and gradient: φ'(f) (∇²f + c ∇f ∇fᵀ) with c = φ''(f)/φ'(f).
template <class N, int D>
BRINK_HOST_DEVICE SymmetricMatrix<N, D> composed(SymmetricMatrix<N, D> h, Point<N, D> const& g,
                                                 N slope, N ratio) {
  for (int i = 0; i < D; ++i) {
    for (int j = i; j < D; ++j) {
      N const outer = i == j ? square(g[i]) : g[i] * g[j];
      h(i, j) = slope * (h(i, j) + ratio * outer);
    }
  }
  return h;
}

/// x² + y² + x²y + x³ + y³ (Chen et al. 2024, (43)); a strict minimum at 0, unbounded below.
struct F1 {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1];
    return square(x) * (N(1) + y + x) + square(y) * (N(1) + y);
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1];
    return {x * (N(2) + N(2) * y + N(3) * x), square(x) + y * (N(2) + N(3) * y)};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1];
    return {N(2) + N(2) * y + N(6) * x, N(2) * x, N(2) + N(6) * y};
  }
};

/// x² + y² + x²y + x⁴ + y⁴ (Chen et al. 2024, (44)); its only minimum is at 0.
struct F2 {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    N const y = p[1], xx = square(p[0]), yy = square(y);
    return xx * (N(1) + y + xx) + yy * (N(1) + yy);
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1], xx = square(x);
    return {x * (N(2) + N(2) * y + N(4) * xx), xx + y * (N(2) + N(4) * square(y))};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1];
    return {N(2) + N(2) * y + N(12) * square(x), N(2) * x, N(2) + N(12) * square(y)};
  }
};

/// x⁴y² + x²y⁴ − 3x²y² + 1 (Chen et al. 2024, (45); Motzkin's polynomial): minima at (±1, ±1),
/// where it vanishes. Every point of the axes is stationary; (x, 0) with |x| > √3 is a minimum that
/// is not strict.
struct F3 {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    N const xx = square(p[0]), yy = square(p[1]);
    return xx * yy * (xx + yy - N(3)) + N(1);
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    return {slope(p[0], p[1]), slope(p[1], p[0])};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1];
    return {bend(x, y), N(4) * (x * y) * (N(2) * (square(x) + square(y)) - N(3)), bend(y, x)};
  }

 private:
  /// ∂f/∂x; with the arguments exchanged, ∂f/∂y.
  template <class N>
  BRINK_HOST_DEVICE static N slope(N x, N y) {
    N const yy = square(y);
    return N(2) * x * yy * (N(2) * square(x) + yy - N(3));
  }
  /// ∂²f/∂x² likewise.
  template <class N>
  BRINK_HOST_DEVICE static N bend(N x, N y) {
    N const yy = square(y);
    return N(2) * yy * (N(6) * square(x) + yy - N(3));
  }
};

/// (1 − xy)² + (x² + y²)/20 (Chen et al. 2024, (46)): minima at ±(√(19/20), √(19/20)).
struct F4 {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1];
    return square(N(1) - x * y) + fraction<N>(1, 20) * (square(x) + square(y));
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1], twice = N(2) * (N(1) - x * y), tenth = fraction<N>(1, 10);
    return {tenth * x - twice * y, tenth * y - twice * x};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    N const x = p[0], y = p[1], tenth = fraction<N>(1, 10);
    return {N(2) * square(y) + tenth, N(4) * (x * y) - N(2), N(2) * square(x) + tenth};
  }
};

/// Σ wᵢ θᵢ²; 20θ₁² + θ₂² in Ahn et al. 2022, Example 1.
template <int D>
struct Quadratic {
  static constexpr int dimension = D;
  double weight[D];

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, D> const& p) const {
    N sum = constant<N>(weight[0]) * square(p[0]);
    for (int i = 1; i < D; ++i) sum = sum + constant<N>(weight[i]) * square(p[i]);
    return sum;
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, D> gradient(Point<N, D> const& p) const {
    Point<N, D> g;
    for (int i = 0; i < D; ++i) g[i] = constant<N>(2 * weight[i]) * p[i];
    return g;
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, D> hessian(Point<N, D> const&) const {
    SymmetricMatrix<N, D> h;
    for (int i = 0; i < D; ++i) {
      for (int j = i; j < D; ++j) h(i, j) = constant<N>(i == j ? 2 * weight[i] : 0.0);
    }
    return h;
  }
};

/// tanh(Σ wᵢ θᵢ²): a quadratic that flattens (Ahn et al. 2022, Example 2).
template <int D>
struct TanhQuadratic {
  static constexpr int dimension = D;
  Quadratic<D> inside;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, D> const& p) const {
    return hyperbolic_tangent(inside.value(p));
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, D> gradient(Point<N, D> const& p) const {
    N const slope = N(1) - square(value(p));
    Point<N, D> g = inside.gradient(p);
    for (int i = 0; i < D; ++i) g[i] = slope * g[i];
    return g;
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, D> hessian(Point<N, D> const& p) const {
    N const t = value(p);
    return composed(inside.hessian(p), inside.gradient(p), N(1) - square(t), N(-2) * t);
  }
};

/// (θ₁θ₂)²: a linear network with one hidden neuron, fitted to (1, 0) (Ahn et al. 2022, Example 3).
/// Its minima are the axes, none of them strict.
struct NeuronLinear {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    return square(p[0] * p[1]);
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    N const product = N(2) * (p[0] * p[1]);
    return {product * p[1], product * p[0]};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    return {N(2) * square(p[1]), N(4) * (p[0] * p[1]), N(2) * square(p[0])};
  }
};

/// (θ₁ tanh θ₂)²: the same with a tanh neuron (Ahn et al. 2022, Example 3).
struct NeuronTanh {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    return square(p[0] * hyperbolic_tangent(p[1]));
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    N const t = hyperbolic_tangent(p[1]);
    return {N(2) * p[0] * square(t), N(2) * square(p[0]) * t * (N(1) - square(t))};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    N const t = hyperbolic_tangent(p[1]), tt = square(t), slope = N(1) - tt;
    return {N(2) * tt, N(4) * p[0] * t * slope, N(2) * square(p[0]) * slope * (N(1) - N(3) * tt)};
  }
};

/// ((3θ₁ + 4θ₂) / 5‖θ‖)² + ‖θ‖² / 100: a linear neuron with normalised weights, fitted to
/// ((0.6, 0.8), 0), with weight decay (Ahn et al. 2022, Proposition 1). ⟨∇f, θ⟩ = ‖θ‖² / 50, so
/// that no point is stationary; it is not defined at 0. Where 3θ₁ + 4θ₂ = 0 it falls towards there,
/// and the sharpness grows as 2 / ‖θ‖².
struct NormalizedNeuron {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    N const size = square_length(p);
    return square(dot(input<N>(), p)) / size + fraction<N>(1, 100) * size;
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    Point<N, 2> const a = input<N>();
    N const c = pull(p), along = fraction<N>(1, 50) - square(c) / N(2);
    return {c * a[0] + along * p[0], c * a[1] + along * p[1]};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    Point<N, 2> const a = input<N>();
    N const c = pull(p), along = fraction<N>(1, 50) - square(c) / N(2);
    N const factor = N(2) / square_length(p), first = a[0] - c * p[0], second = a[1] - c * p[1];
    return {factor * square(first) + along, factor * first * second,
            factor * square(second) + along};
  }

 private:
  template <class N>
  BRINK_HOST_DEVICE static Point<N, 2> input() {
    return {fraction<N>(3, 5), fraction<N>(4, 5)};
  }
  /// 2 ⟨input, θ⟩ / ‖θ‖²
  template <class N>
  BRINK_HOST_DEVICE static N pull(Point<N, 2> const& p) {
    return N(2) * dot(input<N>(), p) / square_length(p);
  }
  template <class N>
  BRINK_HOST_DEVICE static N square_length(Point<N, 2> const& p) {
    return square(p[0]) + square(p[1]);
  }
};

/// (1 + x²) y² (Arora, Li, Panigrahi 2022): minima on y = 0, the flattest at 0; none strict.
struct Arora {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    return (N(1) + square(p[0])) * square(p[1]);
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    return {N(2) * p[0] * square(p[1]), N(2) * (N(1) + square(p[0])) * p[1]};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    return {N(2) * square(p[1]), N(4) * (p[0] * p[1]), N(2) * (N(1) + square(p[0]))};
  }
};

/// (1 − xy)²: minima on the hyperbola xy = 1, none strict.
struct Hyperbola {
  static constexpr int dimension = 2;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, 2> const& p) const {
    return square(N(1) - p[0] * p[1]);
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, 2> gradient(Point<N, 2> const& p) const {
    N const twice = N(-2) * (N(1) - p[0] * p[1]);
    return {twice * p[1], twice * p[0]};
  }
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, 2> hessian(Point<N, 2> const& p) const {
    return {N(2) * square(p[1]), N(4) * (p[0] * p[1]) - N(2), N(2) * square(p[0])};
  }
};

/// √f of a landscape f ≥ 0: what gradient descent on √f descends. Where f vanishes √f has its
/// minimum and no Hessian, and the gradient is taken to be 0.
template <class Landscape>
struct SquareRoot {
  static constexpr int dimension = Landscape::dimension;
  Landscape inside;

  template <class N>
  BRINK_HOST_DEVICE N value(Point<N, dimension> const& p) const {
    using std::sqrt;
    return sqrt(inside.value(p));
  }
  template <class N>
  BRINK_HOST_DEVICE Point<N, dimension> gradient(Point<N, dimension> const& p) const {
    N const factor = inverse_or_zero(N(2) * value(p));
    Point<N, dimension> g = inside.gradient(p);
    for (int i = 0; i < dimension; ++i) g[i] = factor * g[i];
    return g;
  }
  /// ∇²√f = (∇²f − ∇f ∇fᵀ / (2f)) / (2√f)
  template <class N>
  BRINK_HOST_DEVICE SymmetricMatrix<N, dimension> hessian(Point<N, dimension> const& p) const {
    return composed(inside.hessian(p), inside.gradient(p), N(1) / (N(2) * value(p)),
                    N(-1) / (N(2) * inside.value(p)));
  }
};

}  // namespace brink::landscape

namespace brink {

enum class LandscapeName {
  f1,
  f2,
  f3,
  f4,
  quadratic,
  tanh_quadratic,
  neuron_linear,
  neuron_tanh,
  normalized_neuron,
  arora,
  hyperbola
};

/// A landscape and its settings.
struct LandscapeChoice {
  static constexpr int most_coordinates = 4;

  LandscapeName name = LandscapeName::f4;
  int dimension = 2;                          ///< of the quadratics; 2 for the others
  double weight[most_coordinates] = {20, 1};  ///< of the quadratics
};

/// Calls body(landscape) with the landscape of the choice.
template <class Body>
BRINK_HOST_DEVICE auto with_landscape(LandscapeChoice const& choice, Body&& body) {
  auto const quadratic = [&]<int D>() {
    landscape::Quadratic<D> q;
    for (int i = 0; i < D; ++i) q.weight[i] = choice.weight[i];
    return q;
  };
  auto const either = [&]<int D>() {
    auto const q = quadratic.template operator()<D>();
    return choice.name == LandscapeName::quadratic ? body(q) : body(landscape::TanhQuadratic<D>{q});
  };
  switch (choice.name) {
    case LandscapeName::f1:
      return body(landscape::F1{});
    case LandscapeName::f2:
      return body(landscape::F2{});
    case LandscapeName::f3:
      return body(landscape::F3{});
    case LandscapeName::f4:
      return body(landscape::F4{});
    case LandscapeName::neuron_linear:
      return body(landscape::NeuronLinear{});
    case LandscapeName::neuron_tanh:
      return body(landscape::NeuronTanh{});
    case LandscapeName::normalized_neuron:
      return body(landscape::NormalizedNeuron{});
    case LandscapeName::arora:
      return body(landscape::Arora{});
    case LandscapeName::hyperbola:
      return body(landscape::Hyperbola{});
    case LandscapeName::quadratic:
    case LandscapeName::tanh_quadratic:
      break;
  }
  switch (choice.dimension) {
    case 1:
      return either.template operator()<1>();
    case 3:
      return either.template operator()<3>();
    case 4:
      return either.template operator()<4>();
    default:
      return either.template operator()<2>();
  }
}

}  // namespace brink
