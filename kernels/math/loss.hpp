#pragma once

#include <cmath>

#include "kernels/loss.hpp"
#include "kernels/math/host_device.hpp"
#include "kernels/view.hpp"

namespace brink {

/// What one example contributes to the sums.
struct ExampleLoss {
  double loss;
  bool correct;
};

/// Formulas of the losses for one example with C outputs z, in float64 whatever T is: they are a
/// vanishing part of the work, and RP is a difference of their sums.
namespace example {

template <class T>
BRINK_HOST_DEVICE Index largest(T const* z, Index outputs) {
  Index best = 0;
  for (Index c = 1; c < outputs; ++c) {
    if (z[c] > z[best]) best = c;
  }
  return best;
}

/// Σ_c exp(z_c − max z), with max z.
struct SoftmaxSum {
  double largest;
  double sum;

  template <class T>
  BRINK_HOST_DEVICE double probability(T z) const {
    return std::exp(static_cast<double>(z) - largest) / sum;
  }
};

template <class T>
BRINK_HOST_DEVICE SoftmaxSum softmax_sum(T const* z, Index outputs) {
  SoftmaxSum softmax{static_cast<double>(z[largest(z, outputs)]), 0.0};
  for (Index c = 0; c < outputs; ++c) {
    softmax.sum += std::exp(static_cast<double>(z[c]) - softmax.largest);
  }
  return softmax;
}

/// Loss of one example and, unless null, weight · ∂loss/∂z.
template <class T>
BRINK_HOST_DEVICE ExampleLoss cross_entropy(T const* z, Index outputs, Index label, double weight,
                                            T* delta) {
  SoftmaxSum const softmax = softmax_sum(z, outputs);
  if (delta != nullptr) {
    for (Index c = 0; c < outputs; ++c) {
      double const target = c == label ? 1.0 : 0.0;
      delta[c] = static_cast<T>(weight * (softmax.probability(z[c]) - target));
    }
  }
  double const margin = softmax.largest - static_cast<double>(z[label]);
  return {std::log(softmax.sum) + margin, largest(z, outputs) == label};
}

/// ½‖z − y‖² where y is the row of values, or the one-hot vector of `label` if `values` is null.
template <class T>
BRINK_HOST_DEVICE ExampleLoss squared(T const* z, Index outputs, Index label, T const* values,
                                      double weight, T* delta) {
  double loss = 0;
  for (Index c = 0; c < outputs; ++c) {
    double const target = values != nullptr ? static_cast<double>(values[c]) : double(c == label);
    double const difference = static_cast<double>(z[c]) - target;
    loss += 0.5 * difference * difference;
    if (delta != nullptr) delta[c] = static_cast<T>(weight * difference);
  }
  return {loss, values == nullptr && largest(z, outputs) == label};
}

/// weight · (diag p − p pᵀ) ż, p = softmax z.
template <class T>
BRINK_HOST_DEVICE void cross_entropy_tangent(SoftmaxSum softmax, T const* z, Index outputs,
                                             T const* z_tangent, double weight, T* delta_tangent) {
  double mean = 0;
  for (Index c = 0; c < outputs; ++c) {
    mean += softmax.probability(z[c]) * static_cast<double>(z_tangent[c]);
  }
  for (Index c = 0; c < outputs; ++c) {
    double const centred = static_cast<double>(z_tangent[c]) - mean;
    delta_tangent[c] = static_cast<T>(weight * softmax.probability(z[c]) * centred);
  }
}

/// Loss of example r, and its part of Δ unless `delta` is null.
template <class T>
BRINK_HOST_DEVICE ExampleLoss value_and_gradient(LossKind kind, T const* z, Index outputs,
                                                 Targets<T> const& targets, Index r, double weight,
                                                 T* delta) {
  Index const label = targets.labels.empty() ? 0 : targets.labels.data[r];
  if (kind == LossKind::cross_entropy) return cross_entropy(z, outputs, label, weight, delta);
  T const* const values = targets.values.empty() ? nullptr : targets.values.row(r);
  return squared(z, outputs, label, values, weight, delta);
}

}  // namespace example
}  // namespace brink
