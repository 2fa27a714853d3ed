#include "host/objective/pass.hpp"

#include <array>

namespace brink {
namespace {

/// Points of a line over the examples of all ranks, from those over a share.
std::vector<LinePoint> over_all_ranks(SharedRows const& share, std::vector<LinePoint> points) {
  if (share.is_all()) return points;
  std::vector<double> means;
  for (LinePoint const& point : points) {
    means.push_back(share.weight() * point.loss);
    means.push_back(share.weight() * point.derivative);
  }
  share.add_up(means);
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = {means[2 * i], means[2 * i + 1]};
  return points;
}

}  // namespace

template <class T>
void Pass<T>::reserve(Buffer<T>& buffer, Index size) {
  if (buffer.size() < size) {
    buffer = Buffer<T>();  // the old one goes first
    buffer = Buffer<T>(*context_, size);
  }
}

template <class T>
Matrix<T> Pass<T>::shaped(Buffer<T>& buffer, Index layer, Index directions) {
  Index const n = examples_.count();
  Index const width = directions * model_->network.outputs(layer);
  reserve(buffer, n * width);
  return buffer.matrix(n, width);
}

template <class T>
ActivationJet<T> Pass<T>::jet(Index layer, bool slope, bool curvature) {
  LayerState& state = layers_[layer];
  return {shaped(state.value, layer), slope ? shaped(state.slope, layer) : Matrix<T>{},
          curvature ? shaped(state.curvature, layer) : Matrix<T>{}};
}

template <class T>
Matrix<T const> Pass<T>::input(Index layer) {
  return layer == 0 ? examples_.x : shaped(layers_[layer - 1].value, layer - 1);
}

template <class T>
Matrix<T const> Pass<T>::input_tangent(Index layer, Index directions) {
  if (layer == 0) return {};
  return shaped(layers_[layer - 1].output_tangent, layer - 1, directions);
}

template <class T>
void Pass<T>::forward(Vector<T const> theta, Examples<T> const& examples, bool slope,
                      bool curvature, Matrix<T const> preactivation) {
  Network const& network = model_->network;
  theta_ = theta;
  examples_ = examples;
  layers_.resize(static_cast<std::size_t>(network.layers()));
  for (Index l = 0; l < network.layers(); ++l) {
    bool const hidden = !is_output(l);
    Activation const activation = hidden ? network.activation() : Activation::identity;
    ActivationJet<T> const out = jet(l, hidden && slope, hidden && curvature);
    if (l == 0 && !preactivation.empty()) {
      operations_->dense->activate(preactivation, activation, out);
    } else {
      operations_->dense->forward(input(l), network.layer(theta, l), activation, out);
    }
  }
}

template <class T>
void Pass<T>::evaluate_loss(bool with_gradient) {
  Index const n = examples_.count();
  Index const last = model_->network.layers() - 1;
  if (example_loss_.size() < n) example_loss_ = Buffer<double>(*context_, n);
  if (sums_.size() == 0) sums_ = Buffer<LossSums>(*context_, 1);
  LayerState& state = layers_[last];
  operations_->loss->value_and_gradient(model_->loss, shaped(state.value, last), examples_.targets,
                                        example_loss_.view(), sums_.view().data,
                                        with_gradient ? shaped(state.delta, last) : Matrix<T>{});
  average_loss();
}

/// Over the examples of all ranks.
template <class T>
void Pass<T>::average_loss() {
  SharedRows const& share = examples_.share;
  if (share.is_all()) return;
  LossSums const mine = sums();
  std::array<double, 2> all{share.weight() * mine.loss, mine.correct};
  share.add_up(all);
  sums_.upload({{all[0], all[1]}});
}

template <class T>
void Pass<T>::value(Vector<T const> theta, Examples<T> const& examples) {
  forward(theta, examples, false, false, {});
  evaluate_loss(false);
}

template <class T>
void Pass<T>::gradient(Vector<T const> theta, Examples<T> const& examples, Vector<T> gradient,
                       Curvature curvature, Matrix<T const> preactivation) {
  Network const& network = model_->network;
  bool const keep = curvature == Curvature::keep;
  forward(theta, examples, true, keep, preactivation);
  evaluate_loss(true);
  for (Index l = network.layers() - 1; l >= 0; --l) {
    Matrix<T const> const delta = shaped(layers_[l].delta, l);
    if (l > 0 || preactivation.empty()) {
      operations_->dense->weight_gradient(delta, input(l), network.layer(gradient, l));
    }
    if (l == 0) break;
    // The second-order part takes the place of φ''(z), which nothing else reads.
    ActivationJet<T> const below = jet(l - 1, true, keep);
    operations_->dense->input_gradient(delta, network.layer(theta, l).weight,
                                       {below.value, below.slope, below.curvature},
                                       shaped(layers_[l - 1].delta, l - 1), below.curvature);
  }
  examples_.share.average(*context_, Matrix<T>(gradient.data, 1, gradient.size));
}

template <class T>
void Pass<T>::hessian_products(Matrix<T const> vectors, Matrix<T> products, Network const& network,
                               Matrix<T const> data) {
  Index const k = vectors.rows;
  Index const last = network.layers() - 1;
  auto const input_of = [&](Index layer) { return layer == 0 ? data : input(layer); };
  // The first layer has other weights where the data are others, and its own enter nothing here.
  auto const weights = [&](Index layer) {
    return layer == 0 ? DenseLayer<T const>{} : model_->network.layer(theta_, layer);
  };
  Matrix<T> tangent;
  for (Index l = 0; l <= last; ++l) {
    LayerState& state = layers_[l];
    bool const hidden = !is_output(l);
    tangent = shaped(state.preactivation_tangent, l, k);
    operations_->hvp->forward(input_of(l), input_tangent(l, k), weights(l),
                              network.layer(vectors, l),
                              hidden ? shaped(state.slope, l) : Matrix<T>{}, tangent,
                              hidden ? shaped(state.output_tangent, l, k) : tangent);
  }

  // Going down, Δ̇ of a layer takes the place of its ȧ, which has served by then.
  Matrix<T> delta_tangent = shaped(layers_[last].output_tangent, last, k);
  operations_->loss->tangent(model_->loss, shaped(layers_[last].value, last), tangent,
                             delta_tangent);
  for (Index l = last; l >= 0; --l) {
    Matrix<T const> const delta = shaped(layers_[l].delta, l);
    operations_->hvp->weight_gradient(delta, delta_tangent, input_of(l), input_tangent(l, k),
                                      network.layer(products, l));
    if (l == 0) break;
    LayerState& below = layers_[l - 1];
    Matrix<T> const delta_tangent_below = shaped(below.output_tangent, l - 1, k);
    operations_->hvp->input_gradient(
        delta, delta_tangent, weights(l).weight, network.layer(vectors, l),
        shaped(below.slope, l - 1), shaped(below.curvature, l - 1),
        shaped(below.preactivation_tangent, l - 1, k), delta_tangent_below);
    delta_tangent = delta_tangent_below;
  }
  examples_.share.average(*context_, products);
}

template <class T>
LineFunction Pass<T>::line(Vector<T const> theta, Examples<T> const& examples,
                           Vector<T const> direction) {
  Network const& network = model_->network;
  Index const n = examples.count();
  Index const width = network.outputs(0);
  reserve(line_start_, n * width);
  reserve(line_tangent_, n * width);
  Matrix<T> const start = line_start_.matrix(n, width);
  Matrix<T> const tangent = line_tangent_.matrix(n, width);
  operations_->dense->forward(examples.x, network.layer(theta, 0), Activation::identity,
                              {start, {}, {}});
  operations_->dense->forward(examples.x, network.layer(direction, 0), Activation::identity,
                              {tangent, {}, {}});
  return line(theta, examples, direction, start, tangent);
}

template <class T>
LineFunction Pass<T>::line(Vector<T const> theta, Examples<T> const& examples,
                           Vector<T const> direction, Matrix<T const> preactivation,
                           Matrix<T const> preactivation_tangent) const {
  Network const& network = model_->network;
  LineProblem<T> problem{preactivation, preactivation_tangent, {}, {}, network.activation(),
                         model_->loss,  examples.targets};
  for (Index l = 1; l < network.layers(); ++l) {
    problem.layers.push_back(network.layer(theta, l));
    problem.directions.push_back(network.layer(direction, l));
  }
  return [problem, sweep = operations_->line.get(),
          share = examples.share](std::vector<double> const& taus) {
    return over_all_ranks(share, sweep->sweep(problem, taus));
  };
}

template <class T>
double Pass<T>::bytes_needed(Network const& network, PassUse const& use) {
  Index const units = network.units();
  Index const hidden = units - network.outputs(network.layers() - 1);
  double const values = bytes_of<T>(use.values, units);
  double const slopes_and_deltas = bytes_of<T>(use.gradients, hidden + units);
  double const curvatures = bytes_of<T>(use.curvatures, hidden);
  double const tangents = bytes_of<T>(2, use.curvatures, use.directions, units);
  double const lines = bytes_of<T>(2, use.lines, network.outputs(0));
  double const losses = use.values > 0 ? bytes_of<double>(use.values) + sizeof(LossSums) : 0;
  return values + slopes_and_deltas + curvatures + tangents + lines + losses;
}

template class Pass<float>;
template class Pass<double>;

}  // namespace brink
