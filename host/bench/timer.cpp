#include "host/bench/timer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "host/run/hooks.hpp"

namespace brink {
namespace {

constexpr double least_sample = 1e-3;  // seconds, far above what a clock and a wait cost
constexpr Index least_samples = 3;

class Stopwatch {
 public:
  Stopwatch(Context& context, std::function<void()> const& call, Clock const& clock)
      : context_(context), call_(call), clock_(clock) {}

  /// Seconds that so many calls take until the context is done with them.
  double time(Index calls) const {
    double const start = clock_();
    for (Index i = 0; i < calls; ++i) call_();
    context_.synchronize();
    return clock_() - start;
  }

 private:
  Context& context_;
  std::function<void()> const& call_;
  Clock const& clock_;
};

/// How many calls a sample is made of.
Index calls_per_sample(Stopwatch const& watch, std::function<bool()> const& interrupted) {
  constexpr double most_growth = 10;
  Index calls = 1;
  while (true) {
    if (interrupted()) throw Interrupted();
    double const seconds = watch.time(calls);
    if (seconds >= least_sample) return calls;
    double const wanted = seconds > 0 ? 1.2 * least_sample / seconds : most_growth;
    calls = static_cast<Index>(
        std::ceil(static_cast<double>(calls) * std::clamp(wanted, 1.2, most_growth)));
  }
}

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Timing time_calls(Context& context, std::function<void()> const& call, StopRule const& rule,
                  std::function<bool()> const& interrupted, Clock const& clock) {
  Stopwatch const watch(context, call, clock);
  watch.time(1);  // allocates, chooses algorithms, touches memory for the first time
  Index const calls = calls_per_sample(watch, interrupted);
  double const start = clock();
  std::vector<double> seconds;
  for (Index next_look = least_samples;;) {
    if (interrupted()) throw Interrupted();
    seconds.push_back(watch.time(calls) / static_cast<double>(calls));
    Index const samples = std::ssize(seconds);
    if (samples < next_look) continue;
    // Seldom enough to take no time, and not to stop at the first chance that looks quiet.
    next_look += std::max(Index{1}, samples / 10);
    Spread const spread = spread_of(seconds);
    if (spread.noise() <= rule.noise || clock() - start >= rule.seconds) return {spread, calls};
  }
}

}  // namespace brink
