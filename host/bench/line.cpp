#include "kernels/line.hpp"

#include "host/bench/groups.hpp"
#include "host/bench/shapes.hpp"

namespace brink {
namespace {

auto const sweep = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                               LineShape const& s) {
  LineProblem<T> problem;
  problem.preactivation = arrays.normal_matrix(s.examples, s.width);
  problem.preactivation_tangent = arrays.normal_matrix(s.examples, s.width);
  problem.layers = {arrays.layer(s.width, s.width), arrays.layer(s.outputs, s.width)};
  problem.directions = {arrays.layer(s.width, s.width), arrays.layer(s.outputs, s.width)};
  problem.targets.labels = arrays.labels(s.examples, s.outputs);
  std::vector<double> taus;
  for (Index i = 1; i <= s.taus; ++i) {
    taus.push_back(static_cast<double>(i) / static_cast<double>(s.taus));
  }
  return [line = place.operations.line.get(), problem, taus] { line->sweep(problem, taus); };
};

}  // namespace

template <class T>
std::vector<BenchOperation<T>> line_operations() {
  return {{"line.sweep", "the loss and its derivative at values of tau along a step",
           over<T>(lines, line_sweep_work, sweep)}};
}

template std::vector<BenchOperation<float>> line_operations();
template std::vector<BenchOperation<double>> line_operations();

}  // namespace brink
