#include "host/bench/groups.hpp"
#include "host/bench/shapes.hpp"

namespace brink {
namespace {

template <class T>
using Place = BenchPlace<T>;
template <class T>
using Arrays = BenchArrays<T>;

/// Value and slope, as training wants them.
template <class T>
ActivationJet<T> jet(Arrays<T>& arrays, LayerShape const& s) {
  return {arrays.matrix(s.examples, s.outputs), arrays.matrix(s.examples, s.outputs), {}};
}

auto const forward = []<class T>(Place<T> const& place, Arrays<T>& arrays, LayerShape const& s) {
  return [dense = place.operations.dense.get(), x = arrays.normal_matrix(s.examples, s.inputs),
          layer = arrays.layer(s.outputs, s.inputs),
          out = jet(arrays, s)] { dense->forward(x, layer, Activation::tanh, out); };
};

auto const activate = []<class T>(Place<T> const& place, Arrays<T>& arrays, LayerShape const& s) {
  return [dense = place.operations.dense.get(), z = arrays.normal_matrix(s.examples, s.outputs),
          out = jet(arrays, s)] { dense->activate(z, Activation::tanh, out); };
};

auto const weight_gradient = []<class T>(Place<T> const& place, Arrays<T>& arrays,
                                         LayerShape const& s) {
  return [dense = place.operations.dense.get(), delta = arrays.normal_matrix(s.examples, s.outputs),
          x = arrays.normal_matrix(s.examples, s.inputs),
          gradient = arrays.layer(s.outputs, s.inputs)] {
    dense->weight_gradient(delta, x, gradient);
  };
};

auto const input_gradient = []<class T>(Place<T> const& place, Arrays<T>& arrays,
                                        LayerShape const& s) {
  return [dense = place.operations.dense.get(), delta = arrays.normal_matrix(s.examples, s.outputs),
          weight = arrays.normal_matrix(s.outputs, s.inputs),
          slope = arrays.normal_matrix(s.examples, s.inputs),
          delta_below = arrays.matrix(s.examples, s.inputs)] {
    dense->input_gradient(delta, weight, {{}, slope, {}}, delta_below, {});
  };
};

}  // namespace

template <class T>
std::vector<BenchOperation<T>> dense_operations() {
  return {{"dense.forward", "a layer's tanh(X W' + b) and its slope",
           over<T>(hidden_layers, dense_forward_work, forward)},
          {"dense.activate", "tanh and its slope of a preactivation",
           over<T>(inner_layers, dense_activate_work, activate)},
          {"dense.weight_gradient", "a layer's gradient D' X, with the bias",
           over<T>(hidden_layers, dense_weight_gradient_work, weight_gradient)},
          {"dense.input_gradient", "back through a layer: D W times the slope below",
           over<T>(inner_layers, dense_input_gradient_work, input_gradient)}};
}

template std::vector<BenchOperation<float>> dense_operations();
template std::vector<BenchOperation<double>> dense_operations();

}  // namespace brink
