#pragma once

#include "kernels/cuda/warpgroup_plan.hpp"
#include "kernels/dense.hpp"

namespace brink::cuda {

/// What the weight gradients of one layer, or their tangents along k directions, are made of.
template <class T>
struct WeightGradientTerms {
  Matrix<T const> delta;          ///< Δ, or the Δ̇_j side by side: n × (k·outputs)
  Matrix<T const> input;          ///< X: n × inputs
  Matrix<T const> shared_delta;   ///< Δ where there are Ẋ_j, else empty: n × outputs
  Matrix<T const> input_tangent;  ///< the Ẋ_j side by side, or empty: n × (k·inputs)
};

/// Where they go: weight (outputs × inputs) and bias (outputs) of the first, the next ones `step`
/// numbers behind. Without gaps between the rows of `weight` where there are several.
template <class T>
struct WeightGradients {
  Matrix<T> weight;
  T* bias;
  Index count;
  Index step;
};

/// weight_j = Δ_jᵀ X (+ Δᵀ Ẋ_j) and bias_j = Σ Δ_j, the latter in float64. 2·n·k·inputs·outputs
/// operations for each of the two products.
template <class T>
class WeightGradient {
 public:
  void operator()(CudaContext const& context, WeightGradientTerms<T> const& terms,
                  WeightGradients<T> const& out) const;

  /// Bytes of working memory for calls of these shapes with up to so many directions, at most.
  static double workspace_bytes(CudaContext const& context, std::vector<DenseShape> const& shapes,
                                Index directions);

 private:
  mutable Workspace weights_;
  mutable Workspace biases_;
  mutable Workspace parts_;  ///< of factors, for warp groups
};

}  // namespace brink::cuda
