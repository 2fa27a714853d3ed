#pragma once

#include <cstdint>

#include "kernels/memory.hpp"

namespace brink {

/// cross_entropy: −log softmax(z)_label;  mse: ½‖z − y‖² summed over outputs (labels are one-hot).
/// Both are averaged over the examples (Cohen et al. 2021).
enum class LossKind { cross_entropy, mse };

/// What the network should say: class labels, or a matrix of values (mse only).
template <class T>
struct Targets {
  Vector<std::int32_t const> labels;  ///< n, each in 0 … outputs−1; empty with `values`
  Matrix<T const> values;             ///< n × outputs; empty with `labels`
};

/// Sums over examples that a loss leaves in the context's memory.
struct LossSums {
  double loss;     ///< mean loss, summed in float64 in an order that sizes alone decide
  double correct;  ///< examples whose largest output is their label; 0 for value targets
};

template <class T>
class Loss {
 public:
  virtual ~Loss() = default;

  /// sums = (f, correct) and, unless empty, Δ = ∂f/∂z: n × outputs. `example_loss` is workspace: n.
  virtual void value_and_gradient(LossKind kind, Matrix<T const> output, Targets<T> targets,
                                  Vector<double> example_loss, LossSums* sums,
                                  Matrix<T> delta) const = 0;

  /// Δ̇_j = (∂²f/∂z²) ż_j for k directions: n × (k·outputs).
  virtual void tangent(LossKind kind, Matrix<T const> output, Matrix<T const> output_tangent,
                       Matrix<T> delta_tangent) const = 0;

  /// Bytes of working memory for up to so many examples, at most.
  virtual double workspace_bytes(Index examples) const = 0;
};

}  // namespace brink
