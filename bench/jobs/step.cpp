#include "bench/jobs/breakdown.hpp"
#include "bench/jobs/training.hpp"
#include "bench/jobs/workbench.hpp"

namespace brink::bench {
namespace {

/// The times of whole steps of `brink train`, from one step's end to the next's, at most a few
/// dozen before it begins anew at the given parameters.
Timing measure_training(JobOptions const& options, Progress& last) {
  constexpr Index steps_at_most = 50;
  constexpr Index uncounted = 3;
  using Clock = std::chrono::steady_clock;
  ScratchDirectory const scratch;
  std::vector<double> seconds;
  while (std::ssize(seconds) < options.samples) {
    Index const wanted = std::min(options.samples - std::ssize(seconds), steps_at_most);
    Clock::time_point before;
    RunHooks hooks;
    hooks.progress = [&](Progress const& progress) {
      Clock::time_point const now = Clock::now();
      if (progress.done > uncounted) {
        seconds.push_back(std::chrono::duration<double>(now - before).count());
      }
      before = now;
      last = progress;
    };
    train(training(options, scratch, uncounted + wanted), hooks);
  }
  return summarize(std::move(seconds));
}

double flops_of_step(ProblemOptions const& options) {
  double flops = 0;
  with_precision(options.precision, [&]<class T>(std::type_identity<T>) {
    Problem<T> const problem(options);
    flops = step_flops<T>(problem.model().network, problem.train().count());
  });
  return flops;
}

}  // namespace

void measure_step(JobOptions const& options, Report const& report) {
  Progress last{};
  Timing const step = measure_training(options, last);
  report.row("step/gd", step,
             {{"gflops", flops_of_step(options.problem) / step.median / 1e9},
              {"loss", last.loss},
              {"accuracy", last.accuracy}});
  if (!options.breakdown) return;
  with_precision(options.problem.precision,
                 [&]<class T>(std::type_identity<T>) { measure_breakdown<T>(options, report); });
}

}  // namespace brink::bench
