#include "bench/jobs/breakdown.hpp"
#include "bench/jobs/training.hpp"
#include "bench/jobs/workbench.hpp"
#include "host/dynamics/gram_layer.hpp"
#include "host/dynamics/steps_ahead.hpp"

namespace brink::bench {
namespace {

/// The times of whole steps of `brink train`, from one step's end to the next's, at most a few
/// dozen before it begins anew at the given parameters. Where a device runs `ahead` steps at a
/// time, the mean over these stands for one.
Timing measure_training(JobOptions const& options, bool gram, Index ahead, Progress& last) {
  constexpr Index samples_at_most = 50;
  constexpr Index uncounted = 3;
  using Clock = std::chrono::steady_clock;
  ScratchDirectory const scratch;
  std::vector<double> seconds;
  while (std::ssize(seconds) < options.samples) {
    Index const wanted = std::min(options.samples - std::ssize(seconds), samples_at_most);
    Clock::time_point before;
    Index reports = 0;
    RunHooks hooks;
    hooks.progress = [&](Progress const& progress) {
      Clock::time_point const now = Clock::now();
      if (++reports > uncounted) {
        auto const steps = static_cast<double>(progress.done - last.done);
        seconds.push_back(std::chrono::duration<double>(now - before).count() / steps);
      }
      before = now;
      last = progress;
    };
    // The first step is made by itself.
    TrainOptions run = training(options, scratch, 1 + (uncounted - 1 + wanted) * ahead);
    run.gram = gram;
    train(run, hooks);
  }
  return summarize(std::move(seconds));
}

}  // namespace

void measure_step(JobOptions const& options, Report const& report) {
  with_precision(options.problem.precision, [&]<class T>(std::type_identity<T>) {
    Problem<T> problem(options.problem);
    Network const& network = problem.model().network;
    Index const n = problem.train().of_all_ranks();
    bool const pays = GramLayer<T>::pays(network, n);
    Index const ahead = std::max(Index{1}, StepsAhead::most(problem.context()));
    for (bool const gram : {pays, !pays}) {  // the default first
      Progress last{};
      Timing const step = measure_training(options, gram, ahead, last);
      report.row(gram ? "step/gd-gram" : "step/gd", step,
                 {{"gflops", step_flops(network, n, gram) / step.median / 1e9},
                  {"loss", last.loss},
                  {"accuracy", last.accuracy}});
    }
  });
  if (!options.breakdown) return;
  with_precision(options.problem.precision,
                 [&]<class T>(std::type_identity<T>) { measure_breakdown<T>(options, report); });
}

}  // namespace brink::bench
