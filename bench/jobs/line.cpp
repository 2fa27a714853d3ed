#include "bench/jobs/workbench.hpp"
#include "host/diagnostics/line_sweep.hpp"

namespace brink::bench {
namespace {

template <class T>
void measure_sweep(JobOptions const& options, Report const& report) {
  constexpr Index points = 100;
  Workbench<T> bench(options.problem);
  bench.compute_gradient(Pass<T>::Curvature::forget);
  Index const parameters = bench.network.parameters();
  Linalg<T> const& linalg = *bench.problem.operations().linalg;
  Matrix<T const> const gradient = bench.gradient.matrix(1, parameters);
  Buffer<T> const step(bench.problem.context(), parameters);
  linalg.combine({-options.learning_rate}, gradient, step.matrix(1, parameters), false);
  double const step_square =
      linalg.inner_products(step.matrix(1, parameters), step.matrix(1, parameters)).front();

  std::vector<double> const taus = fractions_of_step(points);
  std::size_t computed = 0;
  LineSweep sweep;
  Timing const timing = measure(options.samples, [&] {
    computed = 0;
    LineFunction const line = bench.pass.line(bench.theta.view(), bench.examples, step.view());
    auto const counted = [&](std::vector<double> const& wanted) {
      computed += wanted.size();
      return line(wanted);
    };
    sweep = analyse_sweep(sample_line(counted, taus, sampling_tolerance<T>), taus, step_square);
  });
  report.row(
      "line/sweep", timing,
      {{"points", points}, {"computed_points", computed}, {"smoothness", sweep.smoothness.back()}});
}

}  // namespace

void measure_line(JobOptions const& options, Report const& report) {
  with_precision(options.problem.precision,
                 [&]<class T>(std::type_identity<T>) { measure_sweep<T>(options, report); });
}

}  // namespace brink::bench
