#include "host/scan/rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/error.hpp"

namespace brink {
namespace {

constexpr double rounding_units = 32;

/// The eigenvalues of the objective's Hessian at a minimum of f: ∇²√f = ∇²f / (2√f) there.
struct Curvature {
  double least, greatest;
};
Curvature curvature(Minimum const& minimum, ScanObjective objective) {
  double const factor =
      objective == ScanObjective::square_root ? 1 / (2 * std::sqrt(minimum.value)) : 1;
  return {factor * minimum.flatness, factor * minimum.sharpness};
}

CertifiedSet certificate(RuleOptions const& options, Minimum const& minimum) {
  if (!options.normalized) {
    return certify(options.landscape, minimum, options.step, options.objective);
  }
  return {0, 0, 0, "normalized gradient descent makes steps of length lr and settles nowhere"};
}

/// How near a minimum a trajectory whose gradient is below the tolerance has settled there.
double settling_distance(RuleOptions const& options, Minimum const& minimum, double tolerance) {
  Curvature const bends = curvature(minimum, options.objective);
  bool const attracts = !options.normalized && bends.greatest < 2 / options.step;
  return attracts ? std::max(1e-6, 4 * tolerance / bends.least) : 0;
}

}  // namespace

void check_rule(RuleOptions const& options) {
  auto const require_positive = [&](char const* option, double value) {
    require(value > 0 && std::isfinite(value),
            fmt::format("{} {}: must be positive and finite", option, value));
  };
  require_positive("--lr", options.step);
  require(options.max_steps >= 0 && options.max_steps <= BasinRule::most_steps,
          fmt::format("--max-steps {}: must be from 0 to {}", options.max_steps,
                      BasinRule::most_steps));
  require_positive("--escape", options.escape);
  if (options.tolerance) require_positive("--tolerance", *options.tolerance);
  require(options.objective == ScanObjective::loss || options.landscape.name != LandscapeName::f1,
          "--objective sqrt: f1 takes negative values, which have no square root");
}

template <class T>
ScanRule make_rule(RuleOptions const& options) {
  check_rule(options);
  bool const single = std::numeric_limits<T>::digits < 30;
  double const tolerance = options.tolerance.value_or(single ? 1e-5 : 1e-8);
  ScanRule rule{{}, find_minima(options.landscape), {}};
  rule.basin.landscape = options.landscape;
  rule.basin.on_square_root = options.objective == ScanObjective::square_root;
  rule.basin.normalized = options.normalized;
  rule.basin.step = options.step;
  rule.basin.max_steps = options.max_steps;
  rule.basin.escape = options.escape;
  rule.basin.tolerance = tolerance;
  rule.basin.slack = rounding_units * std::numeric_limits<T>::epsilon();
  for (Minimum const& minimum : rule.minima) {
    CertifiedSet const set = certificate(options, minimum);
    BasinMinimum listed;
    std::copy(minimum.at.begin(), minimum.at.end(), listed.at);
    listed.radius = set.radius;
    listed.level = set.level;
    listed.settling_distance = settling_distance(options, minimum, tolerance);
    rule.basin.minima.push_back(listed);
    rule.certificates.push_back(set);
  }
  return rule;
}

template ScanRule make_rule<float>(RuleOptions const&);
template ScanRule make_rule<double>(RuleOptions const&);

}  // namespace brink
