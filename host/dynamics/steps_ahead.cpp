#include "host/dynamics/steps_ahead.hpp"

namespace brink {

std::vector<StepMetrics> StepsAhead::make(Index count, void const* place,
                                          std::function<void()> const& issue_step) {
  std::unique_ptr<Recording>& two_steps = recordings_[place];
  if (!two_steps) {
    two_steps = context_->record([issue_step] {
      issue_step();
      issue_step();
    });
  }
  clear();
  for (Index made = 0; made < count; made += 2) two_steps->replay();
  std::vector<StepMetrics> metrics(static_cast<std::size_t>(count));
  context_->download(metrics.data(), rows_.view().data, metrics.size() * sizeof(StepMetrics));
  return metrics;
}

}  // namespace brink
