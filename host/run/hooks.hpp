#pragma once

#include <functional>

#include "kernels/view.hpp"

namespace brink {

/// Thrown out of a computation that has nothing to save when the user interrupts it.
struct Interrupted {};

/// Where a long run stands, for whoever shows it.
struct Progress {
  Index done;
  Index total;  ///< 0: not known beforehand
  double loss;
  double accuracy;   ///< NaN where there is none
  double sharpness;  ///< the last measured; NaN before the first
};

/// How a run talks to the program around it.
struct RunHooks {
  std::function<void(Progress const&)> progress = [](Progress const&) {};
  std::function<bool()> interrupted = [] { return false; };
};

}  // namespace brink
