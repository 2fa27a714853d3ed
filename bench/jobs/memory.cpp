#include "bench/jobs/peak_bytes.hpp"
#include "bench/jobs/training.hpp"
#include "bench/jobs/workbench.hpp"

namespace brink::bench {

void measure_memory(JobOptions const& options, Report const& report) {
  ScratchDirectory const scratch;
  TrainOptions train_options = training(options, scratch, 3);
  train_options.sharpness_every = 3;
  train_options.line_every = 3;
  double bound = 0;
  RunHooks hooks;
  hooks.planned = [&](MemoryPlan const& plan) { bound = plan.bytes(); };
  double const seconds = seconds_of([&] { train(train_options, hooks); });
  double const peak = peak_bytes();  // of the training alone: before anything else is loaded
  report.row("memory/train", summarize({seconds}), {{"bound_bytes", bound}, {"peak_bytes", peak}});
}

}  // namespace brink::bench
