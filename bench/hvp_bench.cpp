#include "kernels/hvp.hpp"

#include "bench/operation.hpp"
#include "bench/sizes.hpp"

namespace brink::bench {
namespace {

/// A layer whose weight has tangents and, unless it is the first, whose input has them too.
template <class T>
struct TangentLayer {
  explicit TangentLayer(benchmark::State const& state)
      : n(state.range(0)),
        in(state.range(1)),
        out(state.range(2)),
        k(state.range(3)),
        of_data(state.range(4) != 0) {}

  /// One weight and bias per direction.
  DenseDirections<T> directions() {
    Index const size = out * (in + 1);
    T* const first = arrays.matrix(k, size).data;
    return {first, first + out * in, k, size, out, in};
  }
  Matrix<T> inputs() { return arrays.matrix(n, in); }
  Matrix<T> outputs() { return arrays.matrix(n, out); }
  Matrix<T> input_tangents() { return of_data ? Matrix<T>{} : arrays.matrix(n, k * in); }
  Matrix<T> output_tangents() { return arrays.matrix(n, k * out); }

  /// One product per direction and tangent of a factor; tangents, and what they belong to, once.
  Work products() const {
    Index const tangents_of_inputs = of_data ? 0 : k;
    return {2 * (k + tangents_of_inputs) * n * in * out,
            (1 + tangents_of_inputs) * n * in + (k + 1) * (n * out + in * out)};
  }

  Arrays<T> arrays;
  Index n, in, out, k;
  bool of_data;
};

template <class T>
void hvp_forward(benchmark::State& state) {
  TangentLayer<T> layer(state);
  Matrix<T> const input = layer.inputs();
  Matrix<T> const input_tangent = layer.input_tangents();
  DenseLayer<T> const weights = layer.arrays.layer(layer.out, layer.in);
  DenseDirections<T> const directions = layer.directions();
  Matrix<T> const slope = layer.outputs();
  Matrix<T> const preactivation_tangent = layer.output_tangents();
  Matrix<T> const output_tangent = layer.output_tangents();
  time<T>(state, layer.products(), [&] {
    operations<T>().hvp->forward(input, input_tangent, weights, directions, slope,
                                 preactivation_tangent, output_tangent);
  });
}
BRINK_BENCHMARK(hvp_forward, layers_and_directions);

template <class T>
void hvp_weight_gradient(benchmark::State& state) {
  TangentLayer<T> layer(state);
  Matrix<T> const delta = layer.outputs();
  Matrix<T> const delta_tangent = layer.output_tangents();
  Matrix<T> const input = layer.inputs();
  Matrix<T> const input_tangent = layer.input_tangents();
  DenseDirections<T> const out = layer.directions();
  time<T>(state, layer.products(), [&] {
    operations<T>().hvp->weight_gradient(delta, delta_tangent, input, input_tangent, out);
  });
}
BRINK_BENCHMARK(hvp_weight_gradient, layers_and_directions);

template <class T>
void hvp_input_gradient(benchmark::State& state) {
  TangentLayer<T> layer(state);
  Matrix<T> const delta = layer.outputs();
  Matrix<T> const delta_tangent = layer.output_tangents();
  Matrix<T> const weight = layer.arrays.matrix(layer.out, layer.in);
  DenseDirections<T> const directions = layer.directions();
  Matrix<T> const slope = layer.inputs();
  Matrix<T> const bend = layer.inputs();
  Matrix<T> const preactivation_tangent = layer.input_tangents();
  Matrix<T> const delta_tangent_below = layer.input_tangents();
  time<T>(state, layer.products(), [&] {
    operations<T>().hvp->input_gradient(delta, delta_tangent, weight, directions, slope, bend,
                                        preactivation_tangent, delta_tangent_below);
  });
}
BRINK_BENCHMARK(hvp_input_gradient, upper_layers_and_directions);

}  // namespace
}  // namespace brink::bench
