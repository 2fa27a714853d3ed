#include "kernels/step.hpp"

#include "bench/operation.hpp"
#include "bench/sizes.hpp"

namespace brink::bench {
namespace {

// The step sizes are so small that θ stays where it is however often a step is made.
constexpr double tiny = 1e-30;

template <class T>
void step_gd(benchmark::State& state) {
  Index const size = state.range(0);
  Arrays<T> arrays;
  Vector<T> const theta = arrays.vector(size);
  Vector<T> const gradient = arrays.vector(size);
  Vector<T> const previous = arrays.vector(size);
  Buffer<StepScalars> const scalars(context(), 1);
  // Two inner products and the update; θ is read and written.
  time<T>(state, {6 * size, 4 * size}, [&] {
    operations<T>().step->update({Method::gd, tiny, 0, false}, nullptr, theta, gradient, previous,
                                 {}, {}, nullptr, scalars.view().data);
  });
}
BRINK_BENCHMARK(step_gd, parameters);

template <class T>
void step_nesterov(benchmark::State& state) {
  Index const size = state.range(0);
  Arrays<T> arrays;
  Vector<T> const theta = arrays.vector(size);
  Vector<T> const gradient = arrays.vector(size);
  Vector<T> const update = arrays.vector(size);
  Vector<T> const momentum = arrays.vector(size);
  Buffer<StepScalars> const scalars(context(), 1);
  // Four inner products, momentum, update and step; θ, momentum and update are read and written.
  time<T>(state, {14 * size, 7 * size}, [&] {
    operations<T>().step->update({Method::nesterov, tiny, 0.9, false}, nullptr, theta, gradient,
                                 update, momentum, update, nullptr, scalars.view().data);
  });
}
BRINK_BENCHMARK(step_nesterov, parameters);

}  // namespace
}  // namespace brink::bench
