#pragma once

#include <vector>

#include "kernels/math/activation.hpp"
#include "kernels/memory.hpp"

namespace brink {

/// The parameters (or the gradient) of one dense layer.
template <class T>
struct DenseLayer {
  Matrix<T> weight;  ///< outputs × inputs
  Vector<T> bias;    ///< outputs

  template <std::same_as<T const> Const>
  operator DenseLayer<Const>() const {
    return {weight, bias};
  }
};

/// φ(z), φ'(z) and φ''(z) of a layer, n × outputs each. The last two may be empty: not wanted.
/// `Dense::forward` takes them without gaps between the rows.
template <class T>
struct ActivationJet {
  Matrix<T> value;
  Matrix<T> slope;
  Matrix<T> curvature;
};

/// The sizes of a layer and of what goes through it.
struct DenseShape {
  Index examples, inputs, outputs;
};

/// A dense layer with bias and activation fused, over n examples at once.
template <class T>
class Dense {
 public:
  virtual ~Dense() = default;

  /// z = X Wᵀ + b; out = (φ(z), φ'(z), φ''(z)).  X: n × inputs.  2·n·inputs·outputs operations.
  virtual void forward(Matrix<T const> input, DenseLayer<T const> layer, Activation activation,
                       ActivationJet<T> out) const = 0;

  /// out = (φ(z), φ'(z), φ''(z)) of a z that is there already, n × outputs.
  virtual void activate(Matrix<T const> preactivation, Activation activation,
                        ActivationJet<T> out) const = 0;

  /// ∂f/∂W = Δᵀ X and ∂f/∂b = Σ Δ, where Δ = ∂f/∂z: n × outputs.
  virtual void weight_gradient(Matrix<T const> delta, Matrix<T const> input,
                               DenseLayer<T> gradient) const = 0;

  /// Δ_below = (Δ W) ⊙ φ'(z_below) and, unless `bend` is empty, bend = (Δ W) ⊙ φ''(z_below),
  /// which is the part of the second derivative that the layer below contributes. `below` holds
  /// slope and curvature of the layer below.
  virtual void input_gradient(Matrix<T const> delta, Matrix<T const> weight,
                              ActivationJet<T const> below, Matrix<T> delta_below,
                              Matrix<T> bend) const = 0;

  /// Bytes of working memory that calls leave allocated or need, at most: forward for `values`, all
  /// of them for `gradients`.
  virtual double workspace_bytes(std::vector<DenseShape> const& values,
                                 std::vector<DenseShape> const& gradients) const = 0;
};

}  // namespace brink
