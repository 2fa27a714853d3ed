#pragma once

#include <optional>
#include <vector>

#include "host/landscape/certificate.hpp"
#include "kernels/basin.hpp"

namespace brink {

/// What descends and how long; the numbers that the user may leave open follow the precision.
struct RuleOptions {
  LandscapeChoice landscape;
  ScanObjective objective = ScanObjective::loss;
  bool normalized = false;
  double step = 0.1;
  Index max_steps = 10'000;
  double escape = 1e6;
  std::optional<double> tolerance;  ///< of the gradient norm: 1e-8 in float64, 1e-5 in float32
};

/// A rule for the kernel, with what it was made from.
struct ScanRule {
  BasinRule basin;
  std::vector<Minimum> minima;             ///< of f
  std::vector<CertifiedSet> certificates;  ///< one per minimum, of the objective
};

/// Refuses, with an InputError that names the option, what no scan can be made of.
void check_rule(RuleOptions const& options);

/// Minima, their certified sets, and the tolerances of precision T. A rise counts beyond 32 units
/// of rounding.
template <class T>
ScanRule make_rule(RuleOptions const& options);

}  // namespace brink
