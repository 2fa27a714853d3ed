#pragma once

#include <functional>
#include <vector>

#include "host/network/network.hpp"
#include "host/ranks/shared_rows.hpp"
#include "kernels/operations.hpp"

namespace brink {

/// Examples in a context's memory: x is n × inputs. All there are, or one rank's share of them.
template <class T>
struct Examples {
  Matrix<T const> x;
  Targets<T> targets;
  SharedRows share{};

  Index count() const { return x.rows; }
  Index of_all_ranks() const { return share.is_all() ? count() : share.total(); }
};

/// An objective restricted to a line, and its derivative along it, at any points τ of it.
using LineFunction = std::function<std::vector<LinePoint>(std::vector<double> const& taus)>;

/// A loss, its gradient and its Hessian as functions of θ.
struct Model {
  Network network;
  LossKind loss;
};

/// What a pass is used for: over how many examples, at most, it makes each of these.
struct PassUse {
  Index values = 0;      ///< f, with gradients or without
  Index gradients = 0;   ///< ∇f
  Index curvatures = 0;  ///< ∇f with Curvature::keep, and products with the Hessian
  Index directions = 0;  ///< of such products at a time
  Index lines = 0;       ///< `line` where it makes the products with the data itself
};

/// Forward and backward passes of a network over a set of examples, and the state they leave at θ:
/// per layer φ(z), φ'(z) and Δ, and where Hessian-vector products are to follow, the second-order
/// part. Memory grows with use (bytes_needed): n·units for a value, 3 n·units for a gradient,
/// 4 n·units with curvature, and 2 k·n·units more for products with k directions.
///
/// Where the examples are a share, f, ∇f and the products are those over the examples of all ranks,
/// and the calls that make them are made by all ranks together.
template <class T>
class Pass {
 public:
  Pass(Context& context, Operations<T> const& operations, Model const& model)
      : context_(&context), operations_(&operations), model_(&model) {}

  /// Bytes of the context's memory that such use takes at most.
  static double bytes_needed(Network const& network, PassUse const& use);

  /// f(θ) over the examples, into sums().
  void value(Vector<T const> theta, Examples<T> const& examples);

  enum class Curvature { forget, keep };

  /// f and ∇f at θ over the examples. With Curvature::keep, hessian_products may follow for as long
  /// as θ and the examples stay as they are.
  void gradient(Vector<T const> theta, Examples<T> const& examples, Vector<T> gradient,
                Curvature curvature = Curvature::forget) {
    this->gradient(theta, examples, gradient, curvature, {});
  }
  /// The same at the first layer's `preactivation` X W₁ᵀ + b₁, which somebody keeps: makes no
  /// product with the data, reads no parameters of that layer, and writes nothing of its part of
  /// the gradient, which first_delta() stands for.
  void gradient(Vector<T const> theta, Examples<T> const& examples, Vector<T> gradient,
                Curvature curvature, Matrix<T const> preactivation);

  /// ∂f/∂z of the first layer at the last gradient: n × outputs.
  Matrix<T const> first_delta() { return shaped(layers_.front().delta, 0); }

  /// ∇²f(θ) v for each row v of `vectors` (k × parameters), at the θ of the last gradient. The k
  /// products share that θ's state: 2 large products with the data per direction and no second
  /// forward pass.
  void hessian_products(Matrix<T const> vectors, Matrix<T> products) {
    hessian_products(vectors, products, model_->network, examples_.x);
  }
  /// The same with other data (as many examples) in the first layer's products, at the activations
  /// that the true data gave. `network` is the model's but for the number of inputs.
  void hessian_products(Matrix<T const> vectors, Matrix<T> products, Network const& network,
                        Matrix<T const> data);

  /// The objective restricted to the line θ + τ·direction (kernels/line.hpp). Makes the two
  /// products with the data that every point of the line shares; the function that is returned
  /// waits, and lasts as long as θ and the direction do, and until the next call.
  LineFunction line(Vector<T const> theta, Examples<T> const& examples, Vector<T const> direction);
  /// The same from those products, the first layer's preactivation at θ and its derivative along
  /// the line, which last as long as the function does. Reads no parameters of the first layer.
  LineFunction line(Vector<T const> theta, Examples<T> const& examples, Vector<T const> direction,
                    Matrix<T const> preactivation, Matrix<T const> preactivation_tangent) const;

  /// Mean loss and number of correct examples of the last pass. Waits.
  LossSums sums() const { return sums_.download().front(); }
  /// Where they are, for operations that use the loss without waiting.
  double const* loss_in_memory() const { return &sums_.view().data->loss; }
  LossSums const* sums_in_memory() const { return sums_.view().data; }

 private:
  struct LayerState {
    Buffer<T> value, slope, curvature, delta;         // n × outputs
    Buffer<T> preactivation_tangent, output_tangent;  // n × (k·outputs)
  };

  void reserve(Buffer<T>& buffer, Index size);
  Matrix<T> shaped(Buffer<T>& buffer, Index layer, Index directions = 1);
  ActivationJet<T> jet(Index layer, bool slope, bool curvature);
  Matrix<T const> input(Index layer);
  Matrix<T const> input_tangent(Index layer, Index directions);
  void forward(Vector<T const> theta, Examples<T> const& examples, bool slope, bool curvature,
               Matrix<T const> preactivation);
  void evaluate_loss(bool with_gradient);
  void average_loss();
  bool is_output(Index layer) const { return layer == model_->network.layers() - 1; }

  Context* context_;
  Operations<T> const* operations_;
  Model const* model_;
  std::vector<LayerState> layers_;
  Vector<T const> theta_;
  Examples<T> examples_;
  Buffer<double> example_loss_;
  Buffer<LossSums> sums_;
  Buffer<T> line_start_, line_tangent_;
};

}  // namespace brink
