#include "host/dynamics/gram_layer.hpp"

namespace brink {

template <class T>
GramLayer<T>::GramLayer(Context& context, Operations<T> const& operations, Network const& network,
                        Matrix<T const> data, Vector<T const> theta)
    : context_(&context),
      operations_(&operations),
      network_(&network),
      data_(data),
      ones_(context, std::vector<T>(static_cast<std::size_t>(data.rows), T(1))),
      gram_(context, data.rows * data.rows),
      coefficients_(context, data.rows * network.outputs(0)),
      preactivation_(context, coefficients_.size()),
      image_(context, coefficients_.size()),
      previous_image_(context, coefficients_.size()),
      scalars_(context, 1) {
  Matrix<T> const gram = gram_.matrix(data.rows, data.rows);
  for (Index i = 0; i < data.rows; ++i) {
    context.copy(gram.row(i), ones_.view().data, static_cast<std::size_t>(data.rows) * sizeof(T));
  }
  operations.linalg->multiply(Transpose::no, data, Transpose::yes, data, gram, true);
  coefficients_.fill_zero();
  operations.dense->forward(data, network.layer(theta, 0), Activation::identity,
                            {shaped(preactivation_), {}, {}});
}

template <class T>
KeptElsewhere GramLayer<T>::observe(Matrix<T const> delta) {
  operations_->linalg->apply(gram_.matrix(data_.rows, data_.rows), delta, shaped(image_));
  operations_->step->observe_in_span(
      {delta.data, image_.size()}, image_.view(),
      has_previous_ ? Vector<T const>(previous_image_.view()) : Vector<T const>{},
      scalars_.view().data);
  return {layer_parameters(), scalars_.view().data};
}

template <class T>
void GramLayer<T>::advance(StepScalars const* scalars, Matrix<T const> delta) {
  operations_->step->update_in_span(scalars, {delta.data, image_.size()}, image_.view(),
                                    coefficients_.view(), preactivation_.view());
  image_.swap(previous_image_);
  has_previous_ = true;
}

template <class T>
void GramLayer<T>::displacement(double scale, Matrix<T> out) const {
  Index const size = previous_image_.size();
  operations_->linalg->combine({-scale}, previous_image_.matrix(1, size), {out.data, 1, size},
                               false);
}

template <class T>
void GramLayer<T>::parameters(Vector<T const> theta, Vector<T> out) const {
  // Not as the weight gradient that it looks like: those may be rounded, and parameters may not.
  DenseLayer<T> const layer = network_->layer(out, 0);
  Matrix<T const> const coefficients = shaped(coefficients_);
  operations_->linalg->multiply(Transpose::yes, coefficients, Transpose::no, data_, layer.weight);
  operations_->linalg->multiply(Transpose::yes, coefficients, Transpose::no,
                                ones_.matrix(data_.rows, 1), {layer.bias.data, layer.bias.size, 1});
  Index const first = layer_parameters();
  operations_->linalg->axpy(1, {theta.data, first}, {out.data, first});
  copy_later_layers(theta, out);
}

template <class T>
void GramLayer<T>::gradient(Matrix<T const> delta, Vector<T const> gradient, Vector<T> out) const {
  operations_->dense->weight_gradient(delta, data_, network_->layer(out, 0));
  copy_later_layers(gradient, out);
}

template <class T>
void GramLayer<T>::copy_later_layers(Vector<T const> from, Vector<T> to) const {
  Index const first = layer_parameters();
  context_->copy(to.data + first, from.data + first,
                 static_cast<std::size_t>(from.size - first) * sizeof(T));
}

template <class T>
GramLayerState<T> GramLayer<T>::state() const {
  return {coefficients_.download(), preactivation_.download(),
          has_previous_ ? previous_image_.download() : std::vector<T>{}};
}

template <class T>
void GramLayer<T>::restore(GramLayerState<T> const& state) {
  coefficients_.upload(state.coefficients);
  preactivation_.upload(state.preactivation);
  has_previous_ = !state.previous_image.empty();
  if (has_previous_) previous_image_.upload(state.previous_image);
}

template <class T>
void GramLayer<T>::keep() {
  if (kept_coefficients_.size() == 0) {
    for (Buffer<T>* kept : {&kept_coefficients_, &kept_preactivation_, &kept_image_}) {
      *kept = Buffer<T>(*context_, coefficients_.size());
    }
  }
  kept_coefficients_.copy_from(coefficients_.view());
  kept_preactivation_.copy_from(preactivation_.view());
  kept_image_.copy_from(previous_image_.view());
}

template <class T>
void GramLayer<T>::go_back() {
  coefficients_.copy_from(kept_coefficients_.view());
  preactivation_.copy_from(kept_preactivation_.view());
  previous_image_.copy_from(kept_image_.view());
}

template <class T>
double GramLayer<T>::bytes_needed(Network const& network, Index examples, bool keeps) {
  return bytes_of<T>(examples, examples) +
         bytes_of<T>(keeps ? 7 : 4, examples, network.outputs(0)) + bytes_of<T>(examples) +
         sizeof(StepScalars);
}

template class GramLayer<float>;
template class GramLayer<double>;

}  // namespace brink
