#include "host/diagnostics/coarse_hessian.hpp"

#include "host/diagnostics/row_algebra.hpp"
#include "kernels/math/random.hpp"

namespace brink {
namespace {

/// `network` with another number of inputs.
Network with_inputs(Network const& network, Index inputs) {
  std::vector<Index> widths = network.widths();
  widths.front() = inputs;
  return Network(std::move(widths), network.activation());
}

/// Whether products with `rank` inputs take less than half the operations: 2 products per direction
/// in the first layer, 6 above it.
bool saves_half(Network const& network, Index rank) {
  Index above = 0;
  for (Index l = 1; l < network.layers(); ++l) above += 6 * network.inputs(l) * network.outputs(l);
  auto const operations = [&](Index inputs) { return 2 * inputs * network.outputs(0) + above; };
  return 2 * operations(rank) < operations(network.inputs(0));
}

}  // namespace

template <class T>
Buffer<T> principal_directions(Context& context, Linalg<T> const& linalg, Matrix<T const> data,
                               Index count, SharedRows const& share) {
  count = std::min({count, share.is_all() ? data.rows : share.total(), data.cols});
  constexpr int iterations = 3;
  std::vector<T> start(static_cast<std::size_t>(count * data.cols));
  for (std::size_t i = 0; i < start.size(); ++i) start[i] = static_cast<T>(normal(0, 2, i));
  Buffer<T> directions(context, start);
  Buffer<T> scratch(context, std::ssize(start));
  Buffer<T> coordinates(context, data.rows * count);
  for (int i = 0;; ++i) {
    count = orthonormalize<T>(context, linalg, {}, directions.matrix(count, data.cols),
                              scratch.matrix(count, data.cols));
    if (i == iterations || count == 0) break;
    Matrix<T> const q = directions.matrix(count, data.cols);
    linalg.multiply(Transpose::no, data, Transpose::yes, q, coordinates.matrix(data.rows, count));
    linalg.multiply(Transpose::yes, coordinates.matrix(data.rows, count), Transpose::no, data, q);
    share.add_up(context, q);
  }
  Buffer<T> result(context, count * data.cols);
  result.copy_from({directions.view().data, count * data.cols});
  return result;
}

template <class T>
std::optional<Network> CoarseHessian<T>::network(Network const& fine, Index examples) {
  if (!saves_half(fine, rank)) return {};
  return with_inputs(fine, std::min({rank, examples, fine.inputs(0)}));
}

template <class T>
double CoarseHessian<T>::bytes_needed(Network const& fine, Network const& coarse, Index examples) {
  return bytes_of<T>(coarse.inputs(0), fine.inputs(0) + examples);
}

/// A second copy of the directions, and scratch.
template <class T>
double CoarseHessian<T>::bytes_to_make(Network const& fine, Network const& coarse) {
  return bytes_of<T>(2, coarse.inputs(0), fine.inputs(0));
}

template <class T>
std::unique_ptr<CoarseHessian<T>> CoarseHessian<T>::create(Context& context,
                                                           Operations<T> const& operations,
                                                           Model const& model,
                                                           Examples<T> const& examples) {
  if (!saves_half(model.network, rank)) return nullptr;
  Buffer<T> directions =
      principal_directions(context, *operations.linalg, examples.x, rank, examples.share);
  if (directions.size() == 0) return nullptr;
  return std::unique_ptr<CoarseHessian>(
      new CoarseHessian(context, operations, model, examples.x, std::move(directions)));
}

template <class T>
CoarseHessian<T>::CoarseHessian(Context& context, Operations<T> const& operations,
                                Model const& model, Matrix<T const> data, Buffer<T> directions)
    : context_(&context),
      linalg_(operations.linalg.get()),
      fine_(&model.network),
      network_(with_inputs(model.network, directions.size() / data.cols)),
      directions_(std::move(directions)),
      data_(context, data.rows * network_.inputs(0)),
      examples_(data.rows) {
  linalg_->multiply(Transpose::no, data, Transpose::yes,
                    directions_.matrix(network_.inputs(0), data.cols),
                    data_.matrix(examples_, network_.inputs(0)));
}

/// All but W₁: from b₁ to the end.
template <class T>
void CoarseHessian<T>::copy_upper_layers(Matrix<T const> from, Network const& from_network,
                                         Matrix<T> to, Network const& to_network) {
  Index const from_start = from_network.inputs(0) * from_network.outputs(0);
  Index const to_start = to_network.inputs(0) * to_network.outputs(0);
  for (Index j = 0; j < from.rows; ++j) {
    context_->copy(to.row(j) + to_start, from.row(j) + from_start,
                   static_cast<std::size_t>(from.cols - from_start) * sizeof(T));
  }
}

template <class T>
void CoarseHessian<T>::restrict_to_coarse(Matrix<T const> vectors, Matrix<T> coarse) {
  Matrix<T const> const q = directions_.matrix(network_.inputs(0), fine_->inputs(0));
  for (Index j = 0; j < vectors.rows; ++j) {
    linalg_->multiply(Transpose::no, fine_->layer(vectors, 0).layer(j).weight, Transpose::yes, q,
                      network_.layer(coarse, 0).layer(j).weight);
  }
  copy_upper_layers(vectors, *fine_, coarse, network_);
}

template <class T>
void CoarseHessian<T>::prolong(Matrix<T const> coarse, Matrix<T> vectors) {
  Matrix<T const> const q = directions_.matrix(network_.inputs(0), fine_->inputs(0));
  for (Index j = 0; j < vectors.rows; ++j) {
    linalg_->multiply(Transpose::no, network_.layer(coarse, 0).layer(j).weight, Transpose::no, q,
                      fine_->layer(vectors, 0).layer(j).weight);
  }
  copy_upper_layers(coarse, network_, vectors, *fine_);
}

template <class T>
void CoarseHessian<T>::product(Matrix<T const> coarse_vectors, Matrix<T> coarse_products) {
  pass_->hessian_products(coarse_vectors, coarse_products, network_,
                          data_.matrix(examples_, network_.inputs(0)));
}

template Buffer<float> principal_directions<float>(Context&, Linalg<float> const&,
                                                   Matrix<float const>, Index, SharedRows const&);
template Buffer<double> principal_directions<double>(Context&, Linalg<double> const&,
                                                     Matrix<double const>, Index,
                                                     SharedRows const&);
template class CoarseHessian<float>;
template class CoarseHessian<double>;

}  // namespace brink
