#pragma once

#include <vector>

#include "host/dynamics/optimizer.hpp"
#include "host/objective/pass.hpp"

namespace brink {

/// What a GramLayer has to keep to go on bit for bit.
template <class T>
struct GramLayerState {
  std::vector<T> coefficients, preactivation, previous_image;
};

/// The first layer under full-batch gradient descent, in the span of the data X (n × d): its
/// gradient is Δᵀ X, so that W₁ = W₁⁽⁰⁾ + Aᵀ X throughout, and its preactivation moves by −s K Δ
/// with the Gram matrix K = X Xᵀ + 1 1ᵀ (the ones are the bias's). One product of 2 n² u operations
/// takes the place of the two of 2 n d u that forward and backward pass make with the data.
template <class T>
class GramLayer {
 public:
  /// Gradient descent and normalised gradient descent, also on √f, stay in the span by themselves.
  static bool applies(Method method) {
    return method == Method::gd || method == Method::normalized_gd;
  }
  /// Whether it saves at least half of the operations and takes no more memory than the data: n ≤
  /// d.
  static bool pays(Network const& network, Index examples) { return examples <= network.inputs(0); }

  /// Bytes of the context's memory, n² + 4 n u numbers; 3 n u more where `keep` is called.
  static double bytes_needed(Network const& network, Index examples, bool keeps);

  /// Makes K, and the preactivation at θ. The data and the network outlive this.
  GramLayer(Context& context, Operations<T> const& operations, Network const& network,
            Matrix<T const> data, Vector<T const> theta);

  /// X W₁ᵀ + b₁ at θ: n × outputs.
  Matrix<T const> preactivation() const { return shaped(preactivation_); }

  /// The inner products of the layer's gradient, given Δ at θ; stays until the next call.
  KeptElsewhere observe(Matrix<T const> delta);

  /// The update that belongs to the last `observe`, with its Δ and the step's scale.
  void advance(StepScalars const* scalars, Matrix<T const> delta);

  /// How far the last advance moved the preactivation, given its scale: n × outputs.
  void displacement(double scale, Matrix<T> out) const;

  /// All parameters: those of this layer formed (one product with the data), and the rest of
  /// `theta`.
  void parameters(Vector<T const> theta, Vector<T> out) const;
  /// All of the gradient: that of this layer formed from Δ in the same way, and the rest of
  /// `gradient`.
  void gradient(Matrix<T const> delta, Vector<T const> gradient, Vector<T> out) const;

  GramLayerState<T> state() const;
  void restore(GramLayerState<T> const& state);

  /// Remembers the state, in the context's memory.
  void keep();
  /// Returns to what was kept, after an even number of steps since then.
  void go_back();

 private:
  Matrix<T> shaped(Buffer<T> const& buffer) const {
    return buffer.matrix(data_.rows, network_->outputs(0));
  }
  Index layer_parameters() const { return (network_->inputs(0) + 1) * network_->outputs(0); }
  void copy_later_layers(Vector<T const> from, Vector<T> to) const;

  Context* context_;
  Operations<T> const* operations_;
  Network const* network_;
  Matrix<T const> data_;
  bool has_previous_ = false;
  Buffer<T> ones_;  // one per example
  Buffer<T> gram_;
  Buffer<T> coefficients_, preactivation_;
  Buffer<T> image_, previous_image_;  // K Δ of this step and of the one before
  Buffer<T> kept_coefficients_, kept_preactivation_, kept_image_;
  Buffer<StepScalars> scalars_;
};

}  // namespace brink
