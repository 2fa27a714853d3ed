#include "host/bench/work.hpp"

#include <cstdint>

namespace brink {
namespace {

constexpr double label_bytes = sizeof(std::int32_t);

double number(Index count) {
  return static_cast<double>(count);
}

/// Numbers in the three matrices of a layer's products; X, z and W, the last with its bias.
struct Sizes {
  explicit Sizes(LayerShape const& shape)
      : in(number(shape.examples) * number(shape.inputs)),
        out(number(shape.examples) * number(shape.outputs)),
        weight(number(shape.inputs) * number(shape.outputs)),
        bias(number(shape.outputs)),
        product(2 * in * bias) {}
  double in, out, weight, bias;
  double product;  ///< operations of one product between them
};

/// With tangents: how many directions, and how many of them the input has.
struct TangentSizes : Sizes {
  explicit TangentSizes(TangentShape const& shape)
      : Sizes(shape.layer),
        k(number(shape.directions)),
        k_in(shape.of_data ? 0 : k),
        of_inner(shape.of_data ? 0 : 1) {}
  double k, k_in;
  double of_inner;  ///< whether what only an inner layer reads is read
};

/// A layer's forward pass without its activation, as the output layer has it.
Work affine_work(LayerShape const& shape) {
  Sizes const s(shape);
  return {s.product, s.in + s.weight + s.bias + s.out};
}

/// Its tangents.
Work affine_tangent_work(TangentShape const& shape) {
  TangentSizes const s(shape);
  return {(s.k + s.k_in) * s.product,
          (1 + s.k_in) * s.in + s.k * (s.weight + s.bias) + s.of_inner * s.weight + s.k * s.out};
}

double outputs_of(OutputShape const& shape) {
  return number(shape.examples) * number(shape.outputs);
}

}  // namespace

Work dense_forward_work(LayerShape const& shape) {
  Sizes const s(shape);
  return affine_work(shape) + Work{3 * s.out, s.out};
}

Work dense_activate_work(LayerShape const& shape) {
  Sizes const s(shape);
  return {3 * s.out, 3 * s.out};
}

Work dense_weight_gradient_work(LayerShape const& shape) {
  Sizes const s(shape);
  return {s.product + s.out, s.out + s.in + s.weight + s.bias};
}

Work dense_input_gradient_work(LayerShape const& shape) {
  Sizes const s(shape);
  return {s.product + s.in, s.out + s.weight + 2 * s.in};
}

Work hvp_forward_work(TangentShape const& shape) {
  TangentSizes const s(shape);
  return affine_tangent_work(shape) + Work{s.k * s.out, (1 + s.k) * s.out};
}

Work hvp_weight_gradient_work(TangentShape const& shape) {
  TangentSizes const s(shape);
  return {(s.k + s.k_in) * s.product + s.k * s.out,
          (1 + s.k_in) * s.in + (s.k + s.of_inner) * s.out + s.k * (s.weight + s.bias)};
}

Work hvp_input_gradient_work(TangentShape const& shape) {
  TangentSizes const s(shape);
  return {2 * s.k * s.product + 3 * s.k * s.in,
          (1 + s.k) * (s.out + s.weight) + 2 * (1 + s.k) * s.in};
}

Work cross_entropy_work(OutputShape const& shape) {
  double const outputs = outputs_of(shape);
  return {5 * outputs, 2 * outputs, label_bytes * number(shape.examples)};
}

Work mse_work(OutputShape const& shape) {
  double const outputs = outputs_of(shape);
  return {4 * outputs, 2 * outputs, label_bytes * number(shape.examples)};
}

Work loss_tangent_work(OutputShape const& shape) {
  double const outputs = outputs_of(shape);
  double const k = number(shape.directions);
  return {5 * (1 + k) * outputs, (1 + 2 * k) * outputs};
}

Work gd_work(Index parameters) {
  return {6 * number(parameters), 4 * number(parameters)};
}

Work polyak_work(Index parameters) {
  return {12 * number(parameters), 7 * number(parameters)};
}

Work observe_work(Index parameters) {
  return {4 * number(parameters), 2 * number(parameters)};
}

Work observe_in_span_work(OutputShape const& shape) {
  return {4 * outputs_of(shape), 3 * outputs_of(shape)};
}

Work update_in_span_work(OutputShape const& shape) {
  return {4 * outputs_of(shape), 6 * outputs_of(shape)};
}

Work multiply_work(LayerShape const& shape) {
  Sizes const s(shape);
  return {s.product, s.in + s.weight + s.out};
}

Work inner_products_work(Index directions, Index parameters) {
  double const k = number(directions);
  return {2 * k * k * number(parameters), 2 * k * number(parameters)};
}

Work combine_work(Index directions, Index parameters) {
  return inner_products_work(directions, parameters);
}

Work axpy_work(Index parameters) {
  return {2 * number(parameters), 3 * number(parameters)};
}

Work gather_rows_work(Index rows, Index features) {
  return {0, 2 * number(rows) * number(features)};
}

Work gather_work(Index labels) {
  return {0, 0, 2 * label_bytes * number(labels)};
}

Work line_sweep_work(LineShape const& shape) {
  double const n = number(shape.examples);
  double const h = number(shape.width);
  double const out = number(shape.outputs);
  double const weights = h * h + h * out;
  double const of_tau = 6 * n * weights + 10 * n * h + 7 * n * out;
  return {number(shape.taus) * of_tau, 2 * n * h + 2 * (weights + h + out), label_bytes * n};
}

Index NetworkShape::parameters() const {
  Index sum = 0;
  for (int l = 0; l < 3; ++l) sum += (layer(l).inputs + 1) * layer(l).outputs;
  return sum;
}

Work gd_step_work(NetworkShape const& shape) {
  Work work = cross_entropy_work({shape.examples, shape.outputs}) + gd_work(shape.parameters());
  for (int l = 0; l < 3; ++l) {
    LayerShape const layer = shape.layer(l);
    work = work + (l < 2 ? dense_forward_work(layer) : affine_work(layer));
    work = work + dense_weight_gradient_work(layer);
    if (l > 0) work = work + dense_input_gradient_work(layer);
  }
  return work;
}

Work hessian_products_work(NetworkShape const& shape, Index directions) {
  Work work = loss_tangent_work({shape.examples, shape.outputs, directions});
  for (int l = 0; l < 3; ++l) {
    TangentShape const layer{shape.layer(l), directions, l == 0};
    work = work + (l < 2 ? hvp_forward_work(layer) : affine_tangent_work(layer));
    work = work + hvp_weight_gradient_work(layer);
    if (l > 0) work = work + hvp_input_gradient_work(layer);
  }
  return work;
}

Work copy_work(Index numbers) {
  return {0, 2 * number(numbers)};
}

}  // namespace brink
