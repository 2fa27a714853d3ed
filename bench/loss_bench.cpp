#include "kernels/loss.hpp"

#include "bench/operation.hpp"
#include "bench/sizes.hpp"

namespace brink::bench {
namespace {

template <class T>
void loss_with_gradient(benchmark::State& state, LossKind kind) {
  Index const n = state.range(0);
  Index const outputs = state.range(1);
  Arrays<T> arrays;
  Matrix<T> const z = arrays.matrix(n, outputs);
  Matrix<T> const delta = arrays.matrix(n, outputs);
  Buffer<std::int32_t> const labels = make_labels(n, outputs);
  Buffer<double> const example_loss(context(), n);
  Buffer<LossSums> const sums(context(), 1);
  Targets<T> targets;
  targets.labels = labels.view();
  // Exponential and division count as one operation each, like the additions around them.
  Work const work{5 * n * outputs, 2 * n * outputs};
  time<T>(state, work, [&] {
    operations<T>().loss->value_and_gradient(kind, z, targets, example_loss.view(),
                                             sums.view().data, delta);
  });
}

template <class T>
void loss_cross_entropy(benchmark::State& state) {
  loss_with_gradient<T>(state, LossKind::cross_entropy);
}
BRINK_BENCHMARK(loss_cross_entropy, outputs);

template <class T>
void loss_mse(benchmark::State& state) {
  loss_with_gradient<T>(state, LossKind::mse);
}
BRINK_BENCHMARK(loss_mse, outputs);

template <class T>
void loss_cross_entropy_tangent(benchmark::State& state) {
  constexpr Index directions = 8;
  Index const n = state.range(0);
  Index const outputs = state.range(1);
  Arrays<T> arrays;
  Matrix<T> const z = arrays.matrix(n, outputs);
  Matrix<T> const z_tangent = arrays.matrix(n, directions * outputs);
  Matrix<T> const delta_tangent = arrays.matrix(n, directions * outputs);
  Work const work{(3 + 5 * directions) * n * outputs, (1 + 2 * directions) * n * outputs};
  time<T>(state, work, [&] {
    operations<T>().loss->tangent(LossKind::cross_entropy, z, z_tangent, delta_tangent);
  });
}
BRINK_BENCHMARK(loss_cross_entropy_tangent, outputs);

}  // namespace
}  // namespace brink::bench
