#pragma once

#include <string>
#include <vector>

#include "host/run/hooks.hpp"
#include "host/run/problem.hpp"
#include "host/scan/rule.hpp"

namespace brink {

struct OrbitOptions {
  RuleOptions rule;
  std::vector<double> start;  ///< one number per coordinate of the landscape
  Index steps = 100;          ///< to record; the verdict goes on for rule.max_steps
  /// Of the trajectory. What is recorded of it is computed in float64.
  Precision precision = Precision::float64;
  std::string out = "orbit.zarr";
  bool overwrite = false;
};

struct OrbitResult {
  Outcome outcome = Outcome::undecided;
  Index minimum = -1;              ///< that was reached, or −1
  std::vector<double> minimum_at;  ///< where it is; empty if none was reached
  Index steps = 0;                 ///< until the verdict
  Index rises = 0;
  Index last_rise = 0;
  Index recorded_steps = 0;  ///< fewer than asked for where the trajectory becomes infinite
};

/// One trajectory of gradient descent on a landscape, with the verdict that a scan has on its
/// start. Leaves a record at options.out, or nothing. InputError on bad options.
OrbitResult orbit(OrbitOptions const& options, RunHooks const& hooks);

}  // namespace brink
