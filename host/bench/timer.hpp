#pragma once

#include <functional>

#include "host/bench/statistics.hpp"
#include "kernels/context.hpp"

namespace brink {

/// When a measurement has been repeated often enough.
struct StopRule {
  double noise = 0.02;  ///< relative half-width of the 95 % interval of the median
  double seconds = 1;   ///< at most, beyond the first three samples
};

/// Seconds per call.
struct Timing {
  Spread seconds;
  Index calls = 0;  ///< in one sample, before the context is waited for
};

/// A clock in seconds; that of the machine unless a test brings its own.
using Clock = std::function<double()>;
double steady_seconds();

/// Times `call`, whose work is on `context`, after calls that do not count. A sample is so many
/// calls that they take a millisecond or more. Throws Interrupted between samples.
Timing time_calls(Context& context, std::function<void()> const& call, StopRule const& rule,
                  std::function<bool()> const& interrupted, Clock const& clock = steady_seconds);

}  // namespace brink
