#include "host/run/orbit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/landscape/landscape_values.hpp"
#include "host/record/zarr.hpp"
#include "kernels/operations.hpp"
#include "tests/host/data_files.hpp"
#include "tests/support/compare.hpp"

namespace brink::test {
namespace {

OrbitOptions on(Files const& files, std::string const& landscape, std::vector<double> start,
                double step) {
  OrbitOptions options;
  options.rule.landscape = parse_landscape(landscape);
  options.rule.step = step;
  options.start = std::move(start);
  options.out = files.string("orbit.zarr");
  options.overwrite = true;
  return options;
}

ZarrGroup record_of(OrbitOptions const& options) {
  orbit(options, {});
  return ZarrGroup::open(options.out);
}

struct Pair {
  double x, y;
};
double inner(Pair a, Pair b) {
  return a.x * b.x + a.y * b.y;
}
Pair minus(Pair a, Pair b) {
  return {a.x - b.x, a.y - b.y};
}

/// f4, or its square root, with formulas of its own.
struct Objective {
  bool root = false;

  static double f(Pair p) { return std::pow(1 - p.x * p.y, 2) + 0.05 * inner(p, p); }
  double value(Pair p) const { return root ? std::sqrt(f(p)) : f(p); }
  Pair gradient(Pair p) const {
    double const miss = 1 - p.x * p.y;
    double const c = root ? 0.5 / std::sqrt(f(p)) : 1;
    return {c * (0.1 * p.x - 2 * p.y * miss), c * (0.1 * p.y - 2 * p.x * miss)};
  }
  /// By central differences of the gradient.
  double sharpness(Pair p) const {
    double const h = 1e-5;
    auto const slope = [&](Pair d) {
      Pair const above = gradient({p.x + h * d.x, p.y + h * d.y});
      Pair const below = gradient({p.x - h * d.x, p.y - h * d.y});
      return Pair{(above.x - below.x) / (2 * h), (above.y - below.y) / (2 * h)};
    };
    Pair const along_x = slope({1, 0});
    Pair const along_y = slope({0, 1});
    double const mean = 0.5 * (along_x.x + along_y.y);
    return mean + std::hypot(0.5 * (along_x.x - along_y.y), along_x.y);
  }
};

Pair at(std::vector<double> const& theta, Index row) {
  return {theta[2 * row], theta[2 * row + 1]};
}

struct Kind {
  std::string name;
  ScanObjective objective;
  bool normalized;
};

class OrbitRows : public ::testing::TestWithParam<Kind> {
 protected:
  OrbitOptions options() const {
    OrbitOptions options = on(files_, "f4", {0.1, 2.5}, 0.2);
    options.rule.objective = GetParam().objective;
    options.rule.normalized = GetParam().normalized;
    options.steps = 12;  // farther down differences of the loss drown in rounding
    return options;
  }
  Objective objective() const { return {GetParam().objective == ScanObjective::square_root}; }
  /// v, the step that is taken.
  Pair step(Pair p) const {
    Pair const g = objective().gradient(p);
    double const scale = 0.2 / (GetParam().normalized ? std::sqrt(inner(g, g)) : 1);
    return {scale * g.x, scale * g.y};
  }
  Files files_;
};

TEST_P(OrbitRows, AreWhatTheFormulasSay) {
  ZarrGroup const record = record_of(options());
  Objective const f = objective();
  auto const read = [&](char const* name) {
    std::vector<double> const values = record.read(name);
    EXPECT_EQ(values.size(), 13u) << name;
    return values;
  };
  ASSERT_EQ(record.shape("theta"), (std::vector<Index>{13, 2}));
  std::vector<double> const theta = record.read("theta");
  auto const loss = read("loss");
  auto const gradient_norm = read("gradient_norm");
  auto const progress = read("relative_progress");
  auto const smoothness = read("directional_smoothness");
  auto const sharpness = read("sharpness");
  EXPECT_EQ(at(theta, 0).x, 0.1);
  EXPECT_EQ(at(theta, 0).y, 2.5);
  for (Index k = 0; k <= 12; ++k) {
    SCOPED_TRACE(k);
    Pair const p = at(theta, k);
    Pair const g = f.gradient(p);
    EXPECT_EQ(record.read("step")[k], static_cast<double>(k));
    EXPECT_LT(relative_error(loss[k], f.value(p)), 1e-13);
    EXPECT_LT(relative_error(gradient_norm[k], std::sqrt(inner(g, g))), 1e-10);
    EXPECT_LT(relative_error(sharpness[k], f.sharpness(p)), 1e-6);
    if (k == 12) break;
    Pair const v = step(p);
    Pair const next = minus(p, v);
    EXPECT_NEAR(at(theta, k + 1).x, next.x, 1e-14);
    EXPECT_NEAR(at(theta, k + 1).y, next.y, 1e-14);
    EXPECT_NEAR(progress[k], (f.value(next) - f.value(p)) / inner(v, g), 1e-6);
    EXPECT_NEAR(smoothness[k], inner(v, minus(g, f.gradient(next))) / inner(v, v), 1e-6);
  }
  EXPECT_TRUE(std::isnan(progress.back()));
  EXPECT_TRUE(std::isnan(smoothness.back()));
}

/// Identity (4.2) of Ahn et al.: RP = −1 + ∫₀¹ τ ⟨v, g − ∇f(θ − τv)⟩/(τ ⟨v, g⟩) dτ.
TEST_P(OrbitRows, FulfilTheIdentityOfRelativeProgressAndSmoothness) {
  ZarrGroup const record = record_of(options());
  Objective const f = objective();
  auto const theta = record.read("theta");
  auto const progress = record.read("relative_progress");
  for (Index k = 0; k < 12; ++k) {
    Pair const p = at(theta, k);
    Pair const v = step(p);
    Pair const g = f.gradient(p);
    auto const integrand = [&](double tau) {
      Pair const there{p.x - tau * v.x, p.y - tau * v.y};
      return inner(v, minus(g, f.gradient(there))) / inner(v, g);
    };
    double integral = 0;  // by Simpson's rule
    int const parts = 2000;
    for (int i = 0; i < parts; ++i) {
      double const h = 1.0 / parts;
      integral +=
          h / 6 * (integrand(i * h) + 4 * integrand((i + 0.5) * h) + integrand((i + 1) * h));
    }
    EXPECT_NEAR(progress[k], -1 + integral, 1e-6) << k;
  }
}

INSTANTIATE_TEST_SUITE_P(Orbit, OrbitRows,
                         ::testing::Values(Kind{"gd", ScanObjective::loss, false},
                                           Kind{"normalized", ScanObjective::loss, true},
                                           Kind{"sqrt", ScanObjective::square_root, false}),
                         [](auto const& test) { return test.param.name; });

class Orbit : public ::testing::Test {
 protected:
  OrbitResult run(std::string const& landscape, std::vector<double> start, double step) {
    return orbit(on(files_, landscape, std::move(start), step), {});
  }
  Files files_;
};

/// The number of steps that a scan without minima makes from a start, and where they lead.
template <class T>
std::pair<Index, std::vector<double>> scanned(RuleOptions const& options,
                                              std::vector<double> const& start) {
  BasinRule rule = make_rule<T>(options).basin;
  rule.minima.clear();
  auto const context = make_context("cpu", 1);
  Buffer<T> const theta(*context, narrowed<T>(start));
  Buffer<std::uint8_t> const outcome(*context, 1);
  Buffer<std::uint32_t> const steps(*context, 1);
  Buffer<T> const end(*context, theta.size());
  Starts<T> starts{1, 1, {}};
  for (Index i = 0; i < theta.size(); ++i) starts.coordinate[i].data = theta.view().data + i;
  make_operations<T>(*context).basin->scan(
      rule, starts, {outcome.view(), {}, steps.view(), {}, {}, end.matrix(theta.size(), 1)});
  return {steps.download().front(), widened(end.download())};
}

TEST_F(Orbit, TakesTheStepsOfTheScanToTheLastBit) {
  for (std::string const landscape : {"f4", "tanh-quadratic", "neuron-tanh"}) {
    for (Precision const precision : {Precision::float32, Precision::float64}) {
      for (auto const& [objective, normalized] :
           std::vector<std::pair<ScanObjective, bool>>{{ScanObjective::loss, false},
                                                       {ScanObjective::loss, true},
                                                       {ScanObjective::square_root, false}}) {
        SCOPED_TRACE(fmt::format("{} {} {}", landscape, normalized, static_cast<int>(objective)));
        OrbitOptions options = on(files_, landscape, {0.3, -0.7}, 0.3);
        options.precision = precision;
        options.rule.objective = objective;
        options.rule.normalized = normalized;
        options.rule.max_steps = 40;
        auto const [steps, end] = precision == Precision::float64
                                      ? scanned<double>(options.rule, options.start)
                                      : scanned<float>(options.rule, options.start);
        std::vector<double> const theta = record_of(options).read("theta");
        EXPECT_GT(steps, 2);
        EXPECT_EQ(at(theta, steps).x, end[0]);
        EXPECT_EQ(at(theta, steps).y, end[1]);
      }
    }
  }
}

/// Figure 3 of Chen et al. and its larger step sizes.
TEST_F(Orbit, OfChenAndOthersHasItsVerdicts) {
  double const c = std::sqrt(19.0 / 20);
  OrbitResult const unstable = run("f4", {0.1, 2.5}, 0.2);
  EXPECT_EQ(unstable.outcome, Outcome::unstable);
  EXPECT_EQ(unstable.rises, 2);
  EXPECT_EQ(unstable.minimum, 1);
  EXPECT_NEAR(unstable.minimum_at.at(0), c, 1e-12);
  EXPECT_NEAR(unstable.minimum_at.at(1), c, 1e-12);

  OrbitResult const stable = run("f4", {1.5, 2}, 0.2);
  EXPECT_EQ(stable.outcome, Outcome::stable);
  EXPECT_EQ(stable.rises, 0);
  EXPECT_EQ(stable.minimum, 1);

  OrbitResult const opposite = run("f4", {1.5, 2}, 0.25);
  EXPECT_EQ(opposite.outcome, Outcome::stable);
  EXPECT_EQ(opposite.minimum, 0);
  EXPECT_NEAR(opposite.minimum_at.at(0), -c, 1e-12);

  EXPECT_EQ(run("f4", {0.1, 2.5}, 0.33).outcome, Outcome::diverged);
}

/// Examples 1 to 3 of Ahn et al.
TEST_F(Orbit, OfAhnAndOthersHasItsVerdicts) {
  EXPECT_EQ(run("quadratic", {1, 1}, 2.0 / 41).outcome, Outcome::stable);
  EXPECT_EQ(run("quadratic", {1, 1}, 2.0 / 40).outcome, Outcome::periodic);
  EXPECT_EQ(run("quadratic", {1, 1}, 2.0 / 39).outcome, Outcome::diverged);
  for (std::vector<double> const& start :
       std::vector<std::vector<double>>{{0.1, 0.1}, {0.05, -0.2}, {-0.15, 0.3}, {1e-3, 1e-3}}) {
    EXPECT_NE(run("tanh-quadratic", start, 2.0 / 39).outcome, Outcome::diverged);
  }
  EXPECT_EQ(run("neuron-linear", {13, 0.01}, 2.0 / 150).outcome, Outcome::diverged);
}

TEST_F(Orbit, OfATanhNeuronEndsAtTheEdgeOfStability) {
  OrbitOptions options = on(files_, "neuron-tanh", {13, 0.01}, 2.0 / 150);
  options.steps = 2000;
  ZarrGroup const record = record_of(options);
  EXPECT_EQ(record.attributes().at("outcome"), "stationary");
  EXPECT_EQ(record.attributes().at("minimum"), -1);
  double const scaled = record.read("sharpness").back() * options.rule.step / 2;
  EXPECT_GT(scaled, 0.98);
  EXPECT_LT(scaled, 1);
  EXPECT_LT(record.read("gradient_norm").back(), 1e-8);
}

TEST_F(Orbit, IsCertifiedFromItsVerdictOn) {
  for (auto const& [start, step] : std::vector<std::pair<std::vector<double>, double>>{
           {{0.1, 2.5}, 0.2}, {{1.5, 2}, 0.2}, {{1.5, 2}, 0.25}, {{-3, 0.5}, 0.1}}) {
    SCOPED_TRACE(fmt::format("lr {}", step));
    ZarrGroup const record = record_of(on(files_, "f4", start, step));
    nlohmann::json const& attributes = record.attributes();
    Index const verdict = attributes.at("steps");
    std::vector<double> const certified = record.read("certified");
    std::vector<double> const loss = record.read("loss");
    for (Index k = 0; k < std::ssize(certified); ++k) {
      EXPECT_EQ(certified[k], k < verdict ? -1 : attributes.at("minimum").get<double>()) << k;
    }
    Index rises = 0;
    Index last_rise = 0;
    for (Index k = 1; k <= verdict; ++k) {
      if (loss[k] > loss[k - 1]) {
        ++rises;
        last_rise = k;
      }
    }
    EXPECT_EQ(attributes.at("rises"), rises);
    EXPECT_EQ(attributes.at("last_rise"), last_rise);
  }
}

TEST_F(Orbit, EndsWhereItIsNoLongerFinite) {
  for (std::string const landscape : {"f1", "f2", "f4", "neuron-linear"}) {
    SCOPED_TRACE(landscape);
    OrbitOptions const options = on(files_, landscape, {-3, 4}, 0.5);
    ZarrGroup const record = record_of(options);
    EXPECT_EQ(record.attributes().at("outcome"), "diverged");
    auto const rows = record.read("step").size();
    EXPECT_LT(rows, 100u);
    EXPECT_GT(rows, 3u);
    for (char const* name : {"theta", "loss", "gradient_norm"}) {
      for (double const value : record.read(name)) EXPECT_TRUE(std::isfinite(value)) << name;
    }
    for (char const* name : {"relative_progress", "directional_smoothness"}) {
      std::vector<double> const values = record.read(name);
      EXPECT_TRUE(std::isnan(values.back()));
      EXPECT_TRUE(std::isfinite(values.front()));
    }
    // What is shown stays at the size of the start.
    for (char const* name : {"landscape_x", "landscape_y"}) {
      for (double const value : record.read(name)) EXPECT_LT(std::abs(value), 60) << name;
    }
  }
}

TEST_F(Orbit, IsShownWithTheLandscapeAroundIt) {
  ZarrGroup const record = record_of(on(files_, "f4", {0.1, 2.5}, 0.2));
  std::vector<double> const xs = record.read("landscape_x");
  std::vector<double> const ys = record.read("landscape_y");
  ASSERT_EQ(record.shape("landscape_value"), (std::vector<Index>{201, 201}));
  std::vector<double> const values = record.read("landscape_value");
  for (std::size_t r = 0; r < ys.size(); r += 50) {
    for (std::size_t c = 0; c < xs.size(); c += 40) {
      EXPECT_LT(relative_error(values[r * xs.size() + c], Objective{}.value({xs[c], ys[r]})),
                1e-12);
    }
  }
  std::vector<double> const theta = record.read("theta");
  for (Index k = 0; k < std::ssize(theta) / 2; ++k) {
    EXPECT_GT(at(theta, k).x, xs.front());
    EXPECT_LT(at(theta, k).x, xs.back());
    EXPECT_GT(at(theta, k).y, ys.front());
    EXPECT_LT(at(theta, k).y, ys.back());
  }
}

TEST_F(Orbit, OfOneOrThreeCoordinatesIsShownWithoutALandscape) {
  for (std::vector<double> const& start : std::vector<std::vector<double>>{{2}, {1, -2, 0.5}}) {
    auto const coordinates = std::ssize(start);
    ZarrGroup const record =
        record_of(on(files_, coordinates == 1 ? "quadratic:3" : "quadratic:1,2,3", start, 0.3));
    EXPECT_EQ(record.shape("theta"), (std::vector<Index>{101, coordinates}));
    EXPECT_EQ(record.shape("minimum_theta"), (std::vector<Index>{1, coordinates}));
    EXPECT_NEAR(record.read("sharpness")[50], 6, 1e-12);
    EXPECT_FALSE(record.has("landscape_value"));
    EXPECT_EQ(record.attributes().at("coordinates").size(), start.size());
    EXPECT_EQ(record.attributes().at("coordinates")[0], "theta1");
  }
}

TEST_F(Orbit, AtRestStaysThere) {
  ZarrGroup const record = record_of(on(files_, "quadratic", {0, 0}, 0.01));
  EXPECT_EQ(record.attributes().at("outcome"), "stable");
  EXPECT_EQ(record.read("theta"), std::vector<double>(202, 0.0));
  EXPECT_TRUE(std::isnan(record.read("relative_progress").front()));
  EXPECT_LT(record.read("landscape_x").front(), record.read("landscape_x").back());

  OrbitOptions root = on(files_, "quadratic", {0, 0}, 0.01);
  root.rule.objective = ScanObjective::square_root;
  ZarrGroup const kink = record_of(root);
  EXPECT_EQ(kink.read("loss"), std::vector<double>(101, 0.0));
  EXPECT_TRUE(std::isnan(kink.read("sharpness").front()));
}

TEST_F(Orbit, InFloat32MovesInFloat32) {
  OrbitOptions options = on(files_, "f4", {0.1, 2.5}, 0.2);
  options.precision = Precision::float32;
  ZarrGroup const record = record_of(options);
  EXPECT_EQ(record.attributes().at("precision"), "float32");
  EXPECT_EQ(record.attributes().at("outcome"), "unstable");
  EXPECT_EQ(record.attributes().at("rises"), 2);
  for (double const number : record.read("theta")) {
    EXPECT_EQ(number, static_cast<double>(static_cast<float>(number)));
  }
  Pair const start = at(record.read("theta"), 0);
  EXPECT_LT(relative_error(record.read("loss").front(), Objective{}.value(start)), 1e-13);
}

TEST_F(Orbit, NamesTheMinimaAndTheirCertificates) {
  ZarrGroup const record = record_of(on(files_, "f4", {1, 2}, 0.2));
  double const c = std::sqrt(19.0 / 20);
  EXPECT_LT(relative_error(record.read("minimum_theta"), std::vector<double>{-c, -c, c, c}), 1e-12);
  EXPECT_LT(relative_error(record.read("minimum_value"), std::vector<double>{0.0975, 0.0975}),
            1e-12);
  EXPECT_LT(relative_error(record.read("minimum_sharpness"), std::vector<double>{3.8, 3.8}), 1e-6);
  for (double const radius : record.read("certified_radius")) EXPECT_GT(radius, 0);
  for (double const level : record.read("certified_level")) EXPECT_GT(level, 0.0975);
  for (double const bound : record.read("certified_bound")) EXPECT_LT(bound, 10);
  EXPECT_EQ(record.attributes().at("certificate_reasons"), (std::vector<std::string>{"", ""}));
  EXPECT_EQ(record.attributes().at("coordinates"), (std::vector<std::string>{"x", "y"}));

  ZarrGroup const beyond = record_of(on(files_, "f4", {1, 2}, 0.6));
  for (double const radius : beyond.read("certified_radius")) EXPECT_TRUE(std::isnan(radius));
  std::string const reason = beyond.attributes().at("certificate_reasons")[0];
  EXPECT_NE(reason.find("not below 2/lr"), std::string::npos) << reason;

  ZarrGroup const none = record_of(on(files_, "hyperbola", {1, 2}, 0.1));
  EXPECT_EQ(none.shape("minimum_theta"), (std::vector<Index>{0, 2}));
  EXPECT_TRUE(none.attributes().at("certificate_reasons").empty());
}

TEST_F(Orbit, LooksForNeighbourhoodsWhereAskedTo) {
  OrbitOptions options = on(files_, "f4", {1.5, 2}, 0.2);
  options.neighbourhood = 0.75;
  OrbitResult const result = orbit(options, {});
  EXPECT_EQ(result.stable->radius, 0.09375);
  EXPECT_EQ(result.stable->reason, "");
  ZarrGroup const record = ZarrGroup::open(options.out);
  EXPECT_EQ(record.read("neighbourhood_radius"),
            (std::vector<double>{0.75, 0.375, 0.1875, 0.09375}));
  EXPECT_EQ(record.read("neighbourhood_stable"), (std::vector<double>{-1, -1, -1, 1}));
  EXPECT_EQ(record.read("neighbourhood_convergent").back(), 1);
  nlohmann::json const attributes = record.attributes();
  EXPECT_EQ(attributes.at("stable_neighbourhood").at("radius"), 0.09375);
  EXPECT_EQ(attributes.at("config").at("neighbourhood"), 0.75);

  options.start = {0.1, 2.5};
  OrbitResult const unstable = orbit(options, {});
  EXPECT_EQ(unstable.stable->radius, 0);
  EXPECT_EQ(unstable.stable->reason, "the loss rises at step 1");
  EXPECT_GT(unstable.convergent->radius, 0);
  ZarrGroup const rising = ZarrGroup::open(options.out);
  std::size_t const tried = rising.read("neighbourhood_radius").size();
  EXPECT_EQ(tried, unstable.convergent->proofs.size());
  EXPECT_EQ(rising.read("neighbourhood_stable"), std::vector<double>(tried, -1));

  // What is stable converges, however hard that is to prove by itself.
  OrbitOptions const flat = [&] {
    OrbitOptions other = on(files_, "tanh-quadratic:20,1,5", {0.3, 0.3, 0.3}, 0.04);
    other.neighbourhood = 1;
    return other;
  }();
  OrbitResult const far = orbit(flat, {});
  EXPECT_GT(far.stable->radius, 0.1);
  EXPECT_GE(far.convergent->radius, far.stable->radius);

  options.rule.landscape = parse_landscape("hyperbola");
  EXPECT_EQ(orbit(options, {}).convergent->reason, "the landscape has no strict minimum");
  EXPECT_EQ(ZarrGroup::open(options.out).shape("neighbourhood_stable"), (std::vector<Index>{0}));

  options.neighbourhood.reset();
  EXPECT_FALSE(orbit(options, {}).stable.has_value());
  EXPECT_FALSE(ZarrGroup::open(options.out).has("neighbourhood_radius"));
}

TEST_F(Orbit, RecordsHowItWasMade) {
  OrbitOptions options = on(files_, "quadratic:3,4", {1, 2}, 0.1);
  options.rule.objective = ScanObjective::square_root;
  options.rule.normalized = true;
  options.steps = 7;
  nlohmann::json const attributes = record_of(options).attributes();
  EXPECT_EQ(attributes.at("command"), "orbit");
  EXPECT_EQ(attributes.at("landscape"), "quadratic:3,4");
  EXPECT_EQ(attributes.at("objective"), "sqrt");
  EXPECT_EQ(attributes.at("method"), "normalized-gd");
  EXPECT_EQ(attributes.at("learning_rate"), 0.1);
  nlohmann::json const& config = attributes.at("config");
  EXPECT_EQ(config.at("start"), options.start);
  EXPECT_EQ(config.at("steps"), 7);
  EXPECT_EQ(config.at("tolerance"), 1e-8);
}

TEST_F(Orbit, RefusesBadOptionsInOneLineAndWritesNothing) {
  auto const refused = [&](auto const& change, std::string const& part) {
    OrbitOptions options = on(files_, "f4", {0.1, 2.5}, 0.2);
    change(options);
    expect_input_error([&] { orbit(options, {}); }, part);
    EXPECT_EQ(files_.count(), 0u) << part;
  };
  refused([](auto& o) { o.start = {1}; }, "--start 1: f4 has 2 coordinates");
  refused([](auto& o) { o.start = {1, 2, 3}; }, "--start 1,2,3: f4 has 2 coordinates");
  refused([](auto& o) { o.start = {1e200, 1}; }, "--start 1e+200,1: the objective is not finite");
  refused(
      [](auto& o) {
        o.start = {1e39, 1};
        o.precision = Precision::float32;
      },
      "--start 1e+39,1: the objective is not finite");
  refused([](auto& o) { o.rule.step = 0; }, "--lr 0: must be positive");
  refused([](auto& o) { o.rule.step = std::nan(""); }, "--lr nan: must be positive");
  refused([](auto& o) { o.steps = -1; }, "--steps -1: must be from 0");
  refused([](auto& o) { o.neighbourhood = 0; }, "--neighbourhood 0: must be positive and finite");
  refused([](auto& o) { o.neighbourhood = std::nan(""); }, "--neighbourhood nan: must be positive");
  refused([](auto& o) { o.rule.max_steps = -1; }, "--max-steps -1: must be from 0");
  refused([](auto& o) { o.rule.escape = 0; }, "--escape 0: must be positive");
  refused([](auto& o) { o.rule.tolerance = 0; }, "--tolerance 0: must be positive");
  refused(
      [](auto& o) {
        o.rule.landscape = parse_landscape("f1");
        o.rule.objective = ScanObjective::square_root;
      },
      "--objective sqrt: f1 takes negative values");
  refused([&](auto& o) { o.out = files_.string("none/orbit.zarr"); }, "--out");
}

TEST_F(Orbit, ReplacesARecordOnlyWhenAskedTo) {
  OrbitOptions options = on(files_, "f4", {1, 2}, 0.2);
  orbit(options, {});
  options.overwrite = false;
  expect_input_error([&] { orbit(options, {}); }, "already exists");
  options.overwrite = true;
  options.steps = 3;
  EXPECT_EQ(record_of(options).read("step").size(), 4u);
  EXPECT_EQ(files_.count(), 1u);
}

TEST_F(Orbit, ThatIsInterruptedLeavesNothing) {
  RunHooks hooks;
  hooks.interrupted = [] { return true; };
  EXPECT_THROW(orbit(on(files_, "f4", {1, 2}, 0.2), hooks), Interrupted);
  EXPECT_EQ(files_.count(), 0u);
}

TEST(LandscapeValues, AreThoseOfAPlaneThroughAPoint) {
  LandscapePlane const plane{{7, 1, 2, 3}, 3, 1};
  std::vector<double> const values = landscape_values(
      parse_landscape("quadratic:1,10,100,1000"), ScanObjective::loss, plane, {0, 1, 2}, {4, 5});
  EXPECT_EQ(values, (std::vector<double>{609, 1609, 4609, 699, 1699, 4699}));
  EXPECT_EQ(landscape_values(parse_landscape("quadratic:4,9"), ScanObjective::square_root,
                             {{0, 0}, 0, 1}, {0, 2}, {0, 1}),
            (std::vector<double>{0, 4, 3, 5}));
}

}  // namespace
}  // namespace brink::test
