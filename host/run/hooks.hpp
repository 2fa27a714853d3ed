#pragma once

#include <functional>
#include <string_view>

#include "host/ranks/ranks.hpp"
#include "host/run/memory_plan.hpp"
#include "kernels/view.hpp"

namespace brink {

/// Thrown out of a computation that has nothing to save when the user interrupts it.
struct Interrupted {};

/// Where a long run stands, for whoever shows it.
struct Progress {
  Index done;
  Index total;  ///< 0: not known beforehand
  double loss;  ///< NaN, like the next, where there is none
  double accuracy;
  double sharpness;                ///< the last measured; NaN before the first
  std::string_view unit = "step";  ///< of what is done
};

/// How a run talks to the program around it, and to the processes that share its work.
struct RunHooks {
  /// Before the first step: what the run needs, and has.
  std::function<void(MemoryPlan const&)> planned = [](MemoryPlan const&) {};
  std::function<void(Progress const&)> progress = [](Progress const&) {};
  std::function<bool()> interrupted = [] { return false; };
  Ranks* ranks = &alone();
};

}  // namespace brink
