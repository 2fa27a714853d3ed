#include "bench/jobs/peak_bytes.hpp"
#include "bench/jobs/training.hpp"
#include "bench/jobs/workbench.hpp"

namespace brink::bench {
namespace {

/// Three times the data, ten parameter vectors, three matrices per layer for a gradient, and two
/// more per direction of a Hessian-vector product.
double bound_bytes(ProblemOptions const& options) {
  constexpr Index directions = 2;  // the eigenvector wanted and the guard
  double bytes = 0;
  with_precision(options.precision, [&]<class T>(std::type_identity<T>) {
    Problem<T> const problem(options);
    Network const& network = problem.model().network;
    Index const n = problem.train().count();
    Index const numbers = 3 * n * problem.train().features() + 10 * network.parameters() +
                          (3 + 2 * directions) * n * network.units();
    bytes = static_cast<double>(numbers) * sizeof(T);
  });
  return bytes;
}

}  // namespace

void measure_memory(JobOptions const& options, Report const& report) {
  ScratchDirectory const scratch;
  TrainOptions train_options = training(options, scratch, 3);
  train_options.sharpness_every = 3;
  train_options.line_every = 3;
  double const seconds = seconds_of([&] { train(train_options, {}); });
  double const peak = peak_bytes();  // of the training alone: before anything else is loaded
  report.row("memory/train", summarize({seconds}),
             {{"bound_bytes", bound_bytes(options.problem)}, {"peak_bytes", peak}});
}

}  // namespace brink::bench
