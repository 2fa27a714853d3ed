#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/landscape/neighbourhood.hpp"
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
  /// Looks for the largest neighbourhood of the start whose starts are all proved to be stable, and
  /// the largest from which all converge: this radius, or a half, a quarter, … of it.
  std::optional<double> neighbourhood;
  std::string out = "orbit.zarr";
  bool overwrite = false;
};

/// The starts around one that are proved to be in a set.
struct Neighbourhood {
  /// Of largest · 2^−k for k = 0, 1, … until one is proved, and with it all that are smaller; empty
  /// where the start itself is not in the set, or not known to be.
  std::vector<Proof> proofs;
  Proof of_start = Proof::open;
  double radius = 0;  ///< every θ with |θᵢ − startᵢ| ≤ radius is in the set; 0: none is proved
  std::string reason;  ///< why there is none; empty where there is one
};

struct OrbitResult {
  Outcome outcome = Outcome::undecided;
  Index minimum = -1;              ///< that was reached, or −1
  std::vector<double> minimum_at;  ///< where it is; empty if none was reached
  Index steps = 0;                 ///< until the verdict
  Index rises = 0;
  Index last_rise = 0;
  std::optional<Neighbourhood> stable, convergent;  ///< where they were asked for
  Index recorded_steps = 0;  ///< fewer than asked for where the trajectory becomes infinite
};

/// One trajectory of gradient descent on a landscape, with the verdict that a scan has on its
/// start. Leaves a record at options.out, or nothing. InputError on bad options.
OrbitResult orbit(OrbitOptions const& options, RunHooks const& hooks);

}  // namespace brink
