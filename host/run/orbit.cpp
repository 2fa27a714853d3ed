#include "host/run/orbit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "host/landscape/with_objective.hpp"
#include "host/run/landscape_record.hpp"
#include "host/run/output.hpp"
#include "host/run/version.hpp"
#include "host/run/whole_record.hpp"
#include "host/scan/names.hpp"
#include "kernels/error.hpp"
#include "kernels/math/nan.hpp"
#include "kernels/operations.hpp"

namespace brink {
namespace {

/// Points along each side of the landscape around a trajectory.
constexpr int side = 201;
/// Of the extent of what is shown, on either side.
constexpr double margin = 0.15;
/// Points farther out than this multiple of max(1, |start|) do not count for what is shown.
constexpr double in_sight = 10;
/// Of the radius of a neighbourhood.
constexpr int most_halvings = 40;

/// One step of a trajectory, as it is recorded.
struct OrbitRow {
  double theta[LandscapeChoice::most_coordinates];
  double loss;
  double gradient_norm;
  double relative_progress;  ///< NaN, like the next, until the step after is known
  double directional_smoothness;
  double sharpness;
  Index certified;
};

void check(OrbitOptions const& options) {
  check_rule(options.rule);
  int const coordinates = options.rule.landscape.dimension;
  require(std::ssize(options.start) == coordinates,
          fmt::format("--start {}: {} has {} coordinates; give as many numbers",
                      fmt::join(options.start, ","), landscape_name(options.rule.landscape),
                      coordinates));
  require(options.steps >= 0 && options.steps <= BasinRule::most_steps,
          fmt::format("--steps {}: must be from 0 to {}", options.steps, BasinRule::most_steps));
  double const radius = options.neighbourhood.value_or(1);
  require(radius > 0 && std::isfinite(radius),
          fmt::format("--neighbourhood {}: must be positive and finite", radius));
}

/// The objective at a point.
template <int D>
struct State {
  Point<double, D> at, gradient;
  double value;
  SymmetricMatrix<double, D> hessian;

  bool is_finite() const {
    return std::isfinite(value) &&
           std::all_of(at.at, at.at + D, [](double number) { return std::isfinite(number); });
  }
};

template <int D>
double norm(Point<double, D> const& p) {
  double length = 0;
  for (int i = 0; i < D; ++i) length = std::hypot(length, p[i]);
  return length;
}

/// NaN where the matrix has an entry that is not finite.
template <int D>
double largest_eigenvalue(SymmetricMatrix<double, D> const& h) {
  std::vector<double> entries;
  for (int i = 0; i < D; ++i) {
    for (int j = 0; j < D; ++j) {
      if (!std::isfinite(h(i, j))) return nan;
      entries.push_back(h(i, j));
    }
  }
  return symmetric_eigen(std::move(entries), D).values.back();
}

/// The minimum in whose certified set a point lies, or −1.
template <int D>
Index certifying_minimum(std::vector<BasinMinimum> const& minima, State<D> const& state) {
  auto const certifies = [&](BasinMinimum const& minimum) {
    Point<double, D> apart;
    for (int i = 0; i < D; ++i) apart[i] = state.at[i] - minimum.at[i];
    return norm(apart) < minimum.radius && state.value < minimum.level;
  };
  auto const found = std::find_if(minima.begin(), minima.end(), certifies);
  return found == minima.end() ? -1 : found - minima.begin();
}

/// One trajectory on f or √f, with the steps that `Basin` makes.
template <class T, class Objective>
class Descent {
  static constexpr int D = Objective::dimension;

 public:
  Descent(Objective const& objective, BasinRule const& rule) : f_(objective), rule_(rule) {}

  std::vector<OrbitRow> run(OrbitOptions const& options, RunHooks const& hooks) const {
    Point<T, D> p;
    for (int i = 0; i < D; ++i) p[i] = static_cast<T>(options.start[i]);
    std::vector<OrbitRow> rows;
    std::optional<State<D>> before;
    for (Index k = 0; k <= options.steps; ++k) {
      if (hooks.interrupted()) throw Interrupted();
      State<D> const now = evaluate(p);
      if (!now.is_finite()) break;
      if (before) complete(rows.back(), *before, now);
      rows.push_back(row(now));
      hooks.progress({k, options.steps, now.value, nan, rows.back().sharpness});
      before = now;
      p = next(p);
    }
    return rows;
  }

 private:
  Point<T, D> next(Point<T, D> p) const {
    Point<T, D> const g = f_.gradient(p);
    T const s = scale(g);
    for (int i = 0; i < D; ++i) p[i] = p[i] - s * g[i];
    return p;
  }
  /// The step is −scale · g.
  template <class N>
  N scale(Point<N, D> const& g) const {
    N const step = static_cast<N>(rule_.step);
    return rule_.normalized ? step * inverse_or_zero(std::sqrt(dot(g, g))) : step;
  }

  State<D> evaluate(Point<T, D> const& p) const {
    Point<double, D> at;
    for (int i = 0; i < D; ++i) at[i] = static_cast<double>(p[i]);
    return {at, f_.gradient(at), f_.value(at), f_.hessian(at)};
  }

  OrbitRow row(State<D> const& now) const {
    OrbitRow row{{},
                 now.value,
                 norm(now.gradient),
                 nan,
                 nan,
                 largest_eigenvalue(now.hessian),
                 certifying_minimum(rule_.minima, now)};
    std::copy_n(now.at.at, D, row.theta);
    return row;
  }

  /// RP = (f' − f)/⟨v, g⟩ and L = ⟨v, g − g'⟩/‖v‖² with the step −v = −s g: Definitions 1 and 2 of
  /// Ahn et al. where s = η.
  void complete(OrbitRow& row, State<D> const& before, State<D> const& now) const {
    Point<double, D> const& g = before.gradient;
    Point<double, D> bend;
    for (int i = 0; i < D; ++i) bend[i] = g[i] - now.gradient[i];
    double const overlap = scale(g) * dot(g, g);
    row.relative_progress = (now.value - before.value) / overlap;
    row.directional_smoothness = dot(g, bend) / overlap;
  }

  Objective f_;
  BasinRule const& rule_;
};

template <class T>
OrbitResult verdict(Context& context, ScanRule const& rule, std::vector<double> const& start) {
  Buffer<T> const theta(context, std::vector<T>(start.begin(), start.end()));
  Starts<T> starts{1, 1, {}};
  for (Index i = 0; i < theta.size(); ++i) starts.coordinate[i].data = theta.view().data + i;
  Buffer<std::uint8_t> const outcome(context, 1);
  Buffer<std::int16_t> const minimum(context, 1);
  Buffer<std::uint32_t> const steps(context, 1), rises(context, 1), last_rise(context, 1);
  make_operations<T>(context).basin->scan(
      rule.basin, starts,
      {outcome.view(), minimum.view(), steps.view(), rises.view(), last_rise.view(), {}});

  OrbitResult result;
  result.outcome = static_cast<Outcome>(outcome.download().front());
  result.minimum = minimum.download().front();
  if (result.minimum >= 0) result.minimum_at = rule.minima[result.minimum].at;
  result.steps = steps.download().front();
  result.rises = rises.download().front();
  result.last_rise = last_rise.download().front();
  return result;
}

/// Nothing has to be proved within the radius `known`.
Neighbourhood neighbourhood(CertifiedDescent const& descent, OrbitOptions const& options,
                            StartSet set, double known, RunHooks const& hooks) {
  Neighbourhood found;
  NeighbourhoodProof last = prove_neighbourhood(descent, options.start, 0, set);
  found.of_start = last.proof;
  found.reason = last.reason;
  if (last.proof != Proof::proved) return found;
  double radius = *options.neighbourhood;
  for (int k = 0; k <= most_halvings; ++k, radius /= 2) {
    if (hooks.interrupted()) throw Interrupted();
    last = radius <= known ? NeighbourhoodProof{Proof::proved, "", {}}
                           : prove_neighbourhood(descent, options.start, radius, set);
    found.proofs.push_back(last.proof);
    found.reason = last.reason;
    if (last.proof == Proof::proved) {
      found.radius = radius;
      break;
    }
  }
  return found;
}

void find_neighbourhoods(OrbitOptions const& options, ScanRule const& rule, RunHooks const& hooks,
                         OrbitResult& result) {
  if (!options.neighbourhood) return;
  CertifiedDescent const descent{options.rule.landscape, options.rule.objective,
                                 options.rule.step,      rule.minima,
                                 rule.certificates,      options.rule.max_steps};
  result.stable = neighbourhood(descent, options, StartSet::stable, 0, hooks);
  result.convergent =
      neighbourhood(descent, options, StartSet::convergent, result.stable->radius, hooks);
}

/// All that the record will hold.
struct Orbit {
  OrbitResult result;
  std::vector<OrbitRow> rows;
  ScanRule rule;
  nlohmann::json attributes;
};

nlohmann::json description(Neighbourhood const& found) {
  return {{"radius", found.radius}, {"reason", found.reason}};
}

nlohmann::json attributes(OrbitOptions const& options, Orbit const& found, Context& context) {
  RuleOptions const& rule = options.rule;
  nlohmann::json const landscape = landscape_name(rule.landscape);
  nlohmann::json const objective = objective_names.of(rule.objective);
  nlohmann::json const method = scan_method_names.of(rule.normalized);
  nlohmann::json const precision = precision_name(options.precision);
  nlohmann::json all{{"brink_version", version},
                     {"Conventions", "CF-1.10"},
                     {"command", "orbit"},
                     {"backend", context.backend()},
                     {"precision", precision},
                     {"landscape", landscape},
                     {"objective", objective},
                     {"method", method},
                     {"learning_rate", rule.step},
                     {"coordinates", coordinate_names(rule.landscape)},
                     {"outcome", outcome_names.of(found.result.outcome)},
                     {"minimum", found.result.minimum},
                     {"steps", found.result.steps},
                     {"rises", found.result.rises},
                     {"last_rise", found.result.last_rise},
                     {"certificate_reasons", certificate_reasons(found.rule.certificates)},
                     {"config",
                      {{"landscape", landscape},
                       {"objective", objective},
                       {"method", method},
                       {"start", options.start},
                       {"lr", rule.step},
                       {"steps", options.steps},
                       {"max_steps", rule.max_steps},
                       {"escape", rule.escape},
                       {"tolerance", found.rule.basin.tolerance},
                       {"precision", precision}}}};
  if (options.neighbourhood) {
    all["config"]["neighbourhood"] = *options.neighbourhood;
    all["stable_neighbourhood"] = description(*found.result.stable);
    all["convergent_neighbourhood"] = description(*found.result.convergent);
  }
  return all;
}

template <class T>
Orbit compute(OrbitOptions const& options, RunHooks const& hooks) {
  auto const context = make_context("cpu", 1);
  Orbit found;
  found.rule = make_rule<T>(options.rule);
  found.rows = with_objective(
      options.rule.landscape, options.rule.objective, [&]<class Objective>(Objective const& f) {
        return Descent<T, Objective>(f, found.rule.basin).run(options, hooks);
      });
  if (found.rows.empty()) {
    throw InputError(
        fmt::format("--start {}: the objective is not finite there; start closer to the origin",
                    fmt::join(options.start, ",")));
  }
  found.result = verdict<T>(*context, found.rule, options.start);
  find_neighbourhoods(options, found.rule, hooks, found.result);
  found.result.recorded_steps = std::ssize(found.rows) - 1;
  found.attributes = attributes(options, found, *context);
  return found;
}

struct Range {
  double low, high;

  double extent() const { return high - low; }
  void include(double number) {
    low = std::min(low, number);
    high = std::max(high, number);
  }
  void widen(double by) {
    low -= by;
    high += by;
  }
};

/// What is shown around a trajectory of two coordinates: its points, but for those far out, and the
/// minimum that it reached.
std::vector<Range> range_of_interest(OrbitOptions const& options, Orbit const& found) {
  double largest = 1;
  for (double const number : options.start) largest = std::max(largest, std::abs(number));
  std::vector<Range> ranges;
  for (double const number : options.start) ranges.push_back({number, number});
  auto const include = [&](double const* theta) {
    for (std::size_t i = 0; i < ranges.size(); ++i) ranges[i].include(theta[i]);
  };
  for (OrbitRow const& row : found.rows) {
    bool const seen = std::all_of(row.theta, row.theta + ranges.size(), [&](double number) {
      return std::abs(number) <= in_sight * largest;
    });
    if (seen) include(row.theta);
  }
  if (!found.result.minimum_at.empty()) include(found.result.minimum_at.data());

  double longest = 0;
  for (Range const& range : ranges) longest = std::max(longest, range.extent());
  if (longest == 0) longest = 1;
  for (Range& range : ranges) {
    // A line is shown as a narrow strip.
    range.widen(std::max(0.0, 0.005 * longest - 0.5 * range.extent()));
    range.widen(margin * range.extent());
  }
  return ranges;
}

std::vector<double> points(Range const& range) {
  std::vector<double> all;
  for (int i = 0; i < side; ++i) {
    all.push_back(range.low + range.extent() * i / (side - 1));
  }
  return all;
}

void write_trajectory(ZarrGroup& group, OrbitOptions const& options, Orbit const& found) {
  Dimension const step{"step", std::ssize(found.rows)};
  Dimension const coordinate{"coordinate", options.rule.landscape.dimension};
  std::vector<double> steps, theta;
  for (OrbitRow const& row : found.rows) {
    steps.push_back(static_cast<double>(steps.size()));
    theta.insert(theta.end(), row.theta, row.theta + coordinate.size);
  }
  auto const write = [&](char const* name, std::string const& long_name, auto OrbitRow::*member,
                         DType type = DType::f8) {
    std::vector<double> values;
    for (OrbitRow const& row : found.rows) values.push_back(static_cast<double>(row.*member));
    write_variable(group, name, {step}, long_name, values, type);
  };
  bool const root = options.rule.objective == ScanObjective::square_root;
  write_variable(group, "step", {step}, "updates made", steps, DType::i8);
  write_variable(group, "theta", {step, coordinate}, "coordinates of the trajectory", theta);
  write("loss", root ? "square root of the landscape f" : "the landscape f", &OrbitRow::loss);
  write("gradient_norm", "Euclidean norm of the gradient", &OrbitRow::gradient_norm);
  write("relative_progress", "relative progress ratio RP", &OrbitRow::relative_progress);
  write("directional_smoothness", "directional smoothness L along the step",
        &OrbitRow::directional_smoothness);
  write("sharpness", "largest eigenvalue of the Hessian", &OrbitRow::sharpness);
  write("certified", "minimum in whose certified set theta lies, or -1", &OrbitRow::certified,
        DType::i2);
}

/// Proofs by radius, the largest first. Radii below the last that was tried for one of the sets
/// have the proof of that: of nothing, or of all starts within.
void write_neighbourhoods(ZarrGroup& group, double largest, OrbitResult const& result) {
  auto const tried = std::max(result.stable->proofs.size(), result.convergent->proofs.size());
  Dimension const radius{"neighbourhood_radius", static_cast<Index>(tried)};
  std::vector<double> radii;
  for (std::size_t k = 0; k < tried; ++k) {
    radii.push_back(std::ldexp(largest, -static_cast<int>(k)));
  }
  write_variable(group, radius.name, {radius}, "distance from the start in every coordinate",
                 radii);
  auto const write = [&](char const* name, char const* what, Neighbourhood const& found) {
    std::vector<double> codes;
    for (Proof const proof : found.proofs) codes.push_back(static_cast<double>(proof));
    codes.resize(tried, codes.empty() ? static_cast<double>(found.of_start) : codes.back());
    write_variable(group, name, {radius},
                   fmt::format("whether every start within the radius {}: 1 proved, 0 open, -1 "
                               "refuted",
                               what),
                   codes, DType::i2);
  };
  write("neighbourhood_stable", "converges with a falling loss", *result.stable);
  write("neighbourhood_convergent", "converges", *result.convergent);
}

void fill(ZarrGroup& group, OrbitOptions const& options, Orbit const& found) {
  write_trajectory(group, options, found);
  RuleOptions const& rule = options.rule;
  write_minima(group, rule.landscape, found.rule.minima, {found.rule.certificates});
  if (options.neighbourhood) write_neighbourhoods(group, *options.neighbourhood, found.result);
  if (rule.landscape.dimension != 2) return;
  std::vector<Range> const ranges = range_of_interest(options, found);
  write_landscape(group, rule.landscape, rule.objective, {options.start}, points(ranges[0]),
                  points(ranges[1]));
}

}  // namespace

OrbitResult orbit(OrbitOptions const& options, RunHooks const& hooks) {
  check(options);
  check_output_record(options.out, options.overwrite);
  Orbit const found = options.precision == Precision::float64 ? compute<double>(options, hooks)
                                                              : compute<float>(options, hooks);
  write_whole_record(options.out, options.overwrite, found.attributes,
                     [&](ZarrGroup& group) { fill(group, options, found); });
  return found.result;
}

}  // namespace brink
