#include "bench/operation.hpp"
#include "bench/sizes.hpp"

namespace brink::bench {
namespace {

struct Shape {
  explicit Shape(benchmark::State const& state)
      : n(state.range(0)), in(state.range(1)), out(state.range(2)) {}
  Index n, in, out;

  /// One product between the three matrices, and further n × out numbers read or written.
  Work product(Index more_of_outputs) const {
    return {2 * n * in * out, n * in + in * out + (1 + more_of_outputs) * n * out};
  }
};

template <class T>
void dense_forward(benchmark::State& state) {
  Shape const shape(state);
  Arrays<T> arrays;
  Matrix<T> const input = arrays.matrix(shape.n, shape.in);
  DenseLayer<T> const layer = arrays.layer(shape.out, shape.in);
  ActivationJet<T> const out{
      arrays.matrix(shape.n, shape.out), arrays.matrix(shape.n, shape.out), {}};
  time<T>(state, shape.product(1),
          [&] { operations<T>().dense->forward(input, layer, Activation::tanh, out); });
}
BRINK_BENCHMARK(dense_forward, layers);

template <class T>
void dense_weight_gradient(benchmark::State& state) {
  Shape const shape(state);
  Arrays<T> arrays;
  Matrix<T> const delta = arrays.matrix(shape.n, shape.out);
  Matrix<T> const input = arrays.matrix(shape.n, shape.in);
  DenseLayer<T> const gradient = arrays.layer(shape.out, shape.in);
  time<T>(state, shape.product(0),
          [&] { operations<T>().dense->weight_gradient(delta, input, gradient); });
}
BRINK_BENCHMARK(dense_weight_gradient, layers);

template <class T>
void dense_input_gradient(benchmark::State& state) {
  Shape const shape(state);
  Arrays<T> arrays;
  Matrix<T> const delta = arrays.matrix(shape.n, shape.out);
  Matrix<T> const weight = arrays.matrix(shape.out, shape.in);
  Matrix<T> const slope = arrays.matrix(shape.n, shape.in);
  Matrix<T> const delta_below = arrays.matrix(shape.n, shape.in);
  Work work = shape.product(0);
  work.numbers += shape.n * shape.in;  // the slope
  time<T>(state, work, [&] {
    operations<T>().dense->input_gradient(delta, weight, {{}, slope, {}}, delta_below, {});
  });
}
BRINK_BENCHMARK(dense_input_gradient, layers);

}  // namespace
}  // namespace brink::bench
