#include "kernels/line.hpp"

#include "bench/operation.hpp"
#include "bench/sizes.hpp"

namespace brink::bench {
namespace {

/// Ten points of a line, over one hidden layer and the output layer above the first.
template <class T>
void line_sweep(benchmark::State& state) {
  constexpr Index points = 10;
  constexpr Index classes = 10;
  Index const n = state.range(0);
  Index const first = state.range(1);
  Index const second = state.range(2);
  Arrays<T> arrays;
  Buffer<std::int32_t> const labels = make_labels(n, classes);
  LineProblem<T> problem;
  problem.preactivation = arrays.matrix(n, first);
  problem.preactivation_tangent = arrays.matrix(n, first);
  problem.layers = {arrays.layer(second, first), arrays.layer(classes, second)};
  problem.directions = {arrays.layer(second, first), arrays.layer(classes, second)};
  problem.targets.labels = labels.view();
  std::vector<double> taus;
  for (Index i = 0; i < points; ++i) taus.push_back(1e-3 * static_cast<double>(i));
  // Three products per layer and point.
  Index const products = points * n * (first * second + second * classes);
  time<T>(state, {6 * products, points * 2 * n * first},
          [&] { operations<T>().line->sweep(problem, taus); });
}
BRINK_BENCHMARK(line_sweep, hidden_layers);

}  // namespace
}  // namespace brink::bench
