#include "kernels/loss.hpp"

#include "host/bench/groups.hpp"
#include "host/bench/shapes.hpp"

namespace brink {
namespace {

template <LossKind kind>
auto const value_and_gradient = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                            OutputShape const& s) {
  Targets<T> targets;
  targets.labels = arrays.labels(s.examples, s.outputs);
  return [loss = place.operations.loss.get(), z = arrays.normal_matrix(s.examples, s.outputs),
          targets, example_loss = arrays.template room<double>(s.examples),
          sums = arrays.template room<LossSums>(1), delta = arrays.matrix(s.examples, s.outputs)] {
    loss->value_and_gradient(kind, z, targets, example_loss, sums.data, delta);
  };
};

auto const tangent = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                 OutputShape const& s) {
  return [loss = place.operations.loss.get(), z = arrays.normal_matrix(s.examples, s.outputs),
          z_tangent = arrays.normal_matrix(s.examples, s.directions * s.outputs),
          delta_tangent = arrays.matrix(s.examples, s.directions * s.outputs)] {
    loss->tangent(LossKind::cross_entropy, z, z_tangent, delta_tangent);
  };
};

}  // namespace

template <class T>
std::vector<BenchOperation<T>> loss_operations() {
  return {
      {"loss.cross_entropy", "cross-entropy of class labels, with its gradient",
       over<T>(network_outputs, cross_entropy_work, value_and_gradient<LossKind::cross_entropy>)},
      {"loss.mse", "squared loss of class labels, with its gradient",
       over<T>(network_outputs, mse_work, value_and_gradient<LossKind::mse>)},
      {"loss.tangent", "tangents of cross-entropy's gradient along k directions",
       over<T>(network_output_tangents, loss_tangent_work, tangent)}};
}

template std::vector<BenchOperation<float>> loss_operations();
template std::vector<BenchOperation<double>> loss_operations();

}  // namespace brink
