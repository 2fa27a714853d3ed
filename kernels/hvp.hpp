#pragma once

#include "kernels/dense.hpp"

namespace brink {

/// The parts of k parameter vectors that belong to one dense layer: direction j has its weight
/// (outputs × inputs) at weight + j·stride and its bias (outputs) at bias + j·stride.
template <class T>
struct DenseDirections {
  T* weight = nullptr;
  T* bias = nullptr;
  Index count = 0;
  Index stride = 0;
  Index outputs = 0;
  Index inputs = 0;

  template <std::same_as<T const> Const>
  operator DenseDirections<Const>() const {
    return {weight, bias, count, stride, outputs, inputs};
  }
  DenseLayer<T> layer(Index direction) const {
    return {{weight + direction * stride, outputs, inputs}, {bias + direction * stride, outputs}};
  }
};

/// An n × (k·h) tangent as the (n·k) × h matrix that the same memory is.
template <class T>
Matrix<T> stacked(Matrix<T> tangent, Index directions) {
  return {tangent.data, tangent.rows * directions, tangent.cols / directions};
}

/// Derivatives, along k directions at once, of a dense layer's forward and backward pass at a θ
/// whose activations and Δ are kept (Pearlmutter 1994, forward over reverse).
///
/// The tangents of k directions stand side by side: a tangent of an n × h matrix is n × (k·h),
/// which the same memory also shows as (n·k) × h, so that every product with a weight that the
/// directions share is one large product.
template <class T>
class Hvp {
 public:
  virtual ~Hvp() = default;

  /// ż_j = X V_jᵀ + Ẋ_j Wᵀ + v_j; ȧ_j = φ'(z) ⊙ ż_j.  `input_tangent` empty: the input is data,
  /// and `layer` is not read.
  /// `preactivation_tangent` ż and `output_tangent` ȧ: n × (k·outputs); they may be the same memory
  /// when the activation is the identity (`slope` empty).
  virtual void forward(Matrix<T const> input, Matrix<T const> input_tangent,
                       DenseLayer<T const> layer, DenseDirections<T const> directions,
                       Matrix<T const> slope, Matrix<T> preactivation_tangent,
                       Matrix<T> output_tangent) const = 0;

  /// (∂f/∂W)˙_j = Δ̇_jᵀ X + Δᵀ Ẋ_j and (∂f/∂b)˙_j = Σ Δ̇_j.
  virtual void weight_gradient(Matrix<T const> delta, Matrix<T const> delta_tangent,
                               Matrix<T const> input, Matrix<T const> input_tangent,
                               DenseDirections<T> out) const = 0;

  /// Δ̇_below,j = (Δ̇_j W + Δ V_j) ⊙ φ'(z_below) + bend ⊙ ż_below,j, with `bend` as left by
  /// Dense::input_gradient.
  virtual void input_gradient(Matrix<T const> delta, Matrix<T const> delta_tangent,
                              Matrix<T const> weight, DenseDirections<T const> directions,
                              Matrix<T const> slope_below, Matrix<T const> bend,
                              Matrix<T const> preactivation_tangent_below,
                              Matrix<T> delta_tangent_below) const = 0;

  /// As of Dense, for up to so many directions.
  virtual double workspace_bytes(std::vector<DenseShape> const& shapes, Index directions) const = 0;
};

}  // namespace brink
