#pragma once

#include <vector>

#include "kernels/dense.hpp"
#include "kernels/loss.hpp"

namespace brink {

/// A point of the line θ + τ v: the objective and its derivative along v.
struct LinePoint {
  double loss;
  double derivative;  ///< ⟨v, ∇f(θ + τ v)⟩
};

/// What a line sweep reads. The first layer's preactivation is affine in τ, so that its two
/// products with the data are made once, before; each τ then costs one forward tangent through the
/// layers above (Ahn et al., Experiment 5).
template <class T>
struct LineProblem {
  Matrix<T const> preactivation;                ///< z₁(θ): n × h₁
  Matrix<T const> preactivation_tangent;        ///< ż₁ along v: n × h₁
  std::vector<DenseLayer<T const>> layers;      ///< the layers above the first, at θ
  std::vector<DenseLayer<T const>> directions;  ///< the same parts of v
  Activation activation = Activation::tanh;     ///< of every layer but the last
  LossKind loss = LossKind::cross_entropy;
  Targets<T> targets;
};

/// The sizes of a sweep.
struct SweepShape {
  Index examples;
  std::vector<Index> widths;  ///< of all layers' outputs
  Index taus;                 ///< in one call
};

template <class T>
SweepShape shape_of(LineProblem<T> const& problem, Index taus) {
  SweepShape shape{problem.preactivation.rows, {problem.preactivation.cols}, taus};
  for (auto const& layer : problem.layers) shape.widths.push_back(layer.weight.rows);
  return shape;
}

template <class T>
class Line {
 public:
  virtual ~Line() = default;

  /// One point for each τ. Losses and derivatives are summed in float64 in the order of the
  /// examples. Waits.
  virtual std::vector<LinePoint> sweep(LineProblem<T> const& problem,
                                       std::vector<double> const& taus) const = 0;

  /// Bytes of working memory that sweeps up to these sizes need, at most.
  virtual double workspace_bytes(SweepShape const& shape) const = 0;
};

}  // namespace brink
