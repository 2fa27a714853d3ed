#include "kernels/hvp.hpp"

#include "host/bench/groups.hpp"
#include "host/bench/shapes.hpp"

namespace brink {
namespace {

/// What the operations take, as much of it as a layer has.
template <class T>
struct Tangents {
  Tangents(BenchPlace<T> const& place, BenchArrays<T>& made_by, TangentShape const& shape)
      : hvp(place.operations.hvp.get()), arrays(made_by), s(shape.layer), k(shape.directions) {
    if (!shape.of_data) input_tangent = arrays.normal_matrix(s.examples, k * s.inputs);
  }

  Matrix<T> inputs() const { return arrays.normal_matrix(s.examples, s.inputs); }
  Matrix<T> outputs() const { return arrays.normal_matrix(s.examples, s.outputs); }
  Matrix<T> output_tangents() const { return arrays.normal_matrix(s.examples, k * s.outputs); }
  DenseDirections<T> directions() const { return arrays.directions(k, s); }

  Hvp<T> const* hvp;
  BenchArrays<T>& arrays;
  LayerShape s;
  Index k;
  Matrix<T> input_tangent;
};

auto const forward = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                 TangentShape const& shape) {
  Tangents<T> const t(place, arrays, shape);
  return [hvp = t.hvp, x = t.inputs(), x_tangent = t.input_tangent,
          layer = arrays.layer(t.s.outputs, t.s.inputs), directions = t.directions(),
          slope = t.outputs(), z_tangent = t.output_tangents(), a_tangent = t.output_tangents()] {
    hvp->forward(x, x_tangent, layer, directions, slope, z_tangent, a_tangent);
  };
};

auto const weight_gradient = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                         TangentShape const& shape) {
  Tangents<T> const t(place, arrays, shape);
  return [hvp = t.hvp, delta = t.outputs(), delta_tangent = t.output_tangents(), x = t.inputs(),
          x_tangent = t.input_tangent,
          out = t.directions()] { hvp->weight_gradient(delta, delta_tangent, x, x_tangent, out); };
};

auto const input_gradient = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                        TangentShape const& shape) {
  Tangents<T> const t(place, arrays, shape);
  return [hvp = t.hvp, delta = t.outputs(), delta_tangent = t.output_tangents(),
          weight = arrays.normal_matrix(t.s.outputs, t.s.inputs), directions = t.directions(),
          slope = t.inputs(), bend = t.inputs(), z_tangent = t.input_tangent,
          out = arrays.matrix(t.s.examples, t.k * t.s.inputs)] {
    hvp->input_gradient(delta, delta_tangent, weight, directions, slope, bend, z_tangent, out);
  };
};

}  // namespace

template <class T>
std::vector<BenchOperation<T>> hvp_operations() {
  return {{"hvp.forward_data", "tangents of the first layer along k directions",
           over<T>(first_layer_tangents, hvp_forward_work, forward)},
          {"hvp.forward", "tangents of a layer above it",
           over<T>(inner_layer_tangents, hvp_forward_work, forward)},
          {"hvp.weight_gradient_data", "tangents of the first layer's gradient",
           over<T>(first_layer_tangents, hvp_weight_gradient_work, weight_gradient)},
          {"hvp.weight_gradient", "tangents of the gradient of a layer above it",
           over<T>(inner_layer_tangents, hvp_weight_gradient_work, weight_gradient)},
          {"hvp.input_gradient", "tangents of the way back through a layer",
           over<T>(inner_layer_tangents, hvp_input_gradient_work, input_gradient)}};
}

template std::vector<BenchOperation<float>> hvp_operations();
template std::vector<BenchOperation<double>> hvp_operations();

}  // namespace brink
