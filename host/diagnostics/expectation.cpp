#include "host/diagnostics/expectation.hpp"

#include <cmath>

#include "kernels/math/nan.hpp"

namespace brink {

Estimate estimate(std::vector<double> const& samples) {
  auto const count = static_cast<double>(samples.size());
  double mean = 0;
  for (double const sample : samples) mean += sample / count;
  double square = 0;
  for (double const sample : samples) square += (sample - mean) * (sample - mean);
  return {samples.empty() ? nan : mean,
          samples.size() < 2 ? nan : std::sqrt(square / (count - 1) / count)};
}

template <class T>
ExpectationProbe<T>::ExpectationProbe(Context& context, Operations<T> const& operations,
                                      Model const& model, Examples<T> const& all,
                                      Minibatches batches)
    : operations_(&operations),
      all_(all),
      batches_(batches),
      batch_(context, *operations.linalg, all, batches.batch_size),
      full_pass_(context, operations, model),
      batch_pass_(context, operations, model) {
  for (auto* buffer : {&gradient_, &batch_gradient_, &moved_, &moved_gradient_}) {
    *buffer = Buffer<T>(context, model.network.parameters());
  }
}

template <class T>
double ExpectationProbe<T>::bytes_needed(Network const& network, DataShape const& all,
                                         Index batch_size) {
  return BatchBuffer<T>::bytes_needed(all, batch_size) +
         Pass<T>::bytes_needed(network, {.values = all.examples, .gradients = all.examples}) +
         Pass<T>::bytes_needed(network, {.values = batch_size, .gradients = batch_size}) +
         bytes_of<T>(4, network.parameters());
}

template <class T>
double ExpectationProbe<T>::inner(Vector<T const> a, Vector<T const> b) const {
  return operations_->linalg->inner_products({a.data, 1, a.size}, {b.data, 1, b.size}).front();
}

template <class T>
ExpectedProgress ExpectationProbe<T>::measure(Vector<T const> theta, double learning_rate,
                                              Index step, Index draws) {
  full_pass_.gradient(theta, all_, gradient_.view());
  LossSums const here = full_pass_.sums();
  double const gradient_square = inner(gradient_.view(), gradient_.view());
  double const predicted = learning_rate * gradient_square;

  std::vector<double> progress, smoothness;
  for (Index draw = 0; draw < draws; ++draw) {
    batch_pass_.gradient(theta, batch_.gather(batches_.draw(step, draw)), batch_gradient_.view());
    moved_.copy_from(theta);
    operations_->linalg->axpy(-learning_rate, batch_gradient_.view(), moved_.view());
    full_pass_.gradient(moved_.view(), all_, moved_gradient_.view());
    progress.push_back((full_pass_.sums().loss - here.loss) / predicted);
    smoothness.push_back((inner(batch_gradient_.view(), gradient_.view()) -
                          inner(batch_gradient_.view(), moved_gradient_.view())) /
                         predicted);
  }
  return {here.loss, here.correct, std::sqrt(gradient_square), estimate(progress),
          estimate(smoothness)};
}

template class ExpectationProbe<float>;
template class ExpectationProbe<double>;

}  // namespace brink
