#include "host/run/basin.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <ostream>
#include <set>

#include "host/data/npy.hpp"
#include "host/record/zarr.hpp"
#include "host/run/basin_record.hpp"
#include "tests/host/record_support.hpp"
#include "tests/support/basin.hpp"
#include "tests/support/picture.hpp"
#include "tests/support/verdicts.hpp"

namespace brink::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class BasinRun : public ::testing::Test {
 protected:
  BasinOptions on(std::string const& landscape, std::vector<double> steps) const {
    BasinOptions options;
    options.rule.landscape = parse_landscape(landscape);
    options.steps = std::move(steps);
    options.x = {-4, 4, 12};
    options.y = Axis{-3, 2, 7};
    options.threads = 2;
    options.out = files_ / "basin.zarr";
    return options;
  }

  /// Of one coordinate.
  BasinOptions on_line(std::string const& landscape, std::vector<double> steps) const {
    BasinOptions options = on(landscape, std::move(steps));
    options.y.reset();
    return options;
  }

  /// Starts × 2 in a file.
  std::string points_file(std::vector<double> const& points) const {
    auto const path = files_ / "points.npy";
    write_npy<double>(path, points, {std::ssize(points) / 2, 2});
    return path;
  }

  /// What there is beside one another.
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(files_.path())) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  TemporaryDirectory files_;
};

ZarrGroup record_of(BasinOptions const& options) {
  EXPECT_EQ(basin(options, {}).stop_reason, "complete");
  return ZarrGroup::open(options.out);
}

using Columns = std::vector<std::vector<double>>;  // coordinate × start

/// The starts of a grid of two coordinates, row by row.
Columns grid_starts(BasinOptions const& options) {
  Columns starts(2);
  for (Index r = 0; r < options.y->count; ++r) {
    for (Index c = 0; c < options.x.count; ++c) {
      starts[0].push_back(options.x.at(c));
      starts[1].push_back(options.y->at(r));
    }
  }
  return starts;
}

/// That a record holds, step size by step size, what a scan of these starts finds.
template <class T>
void expect_scan_of(ZarrGroup const& record, BasinOptions const& options, Columns const& starts) {
  Machine<T> machine(1);
  std::vector<std::vector<T>> columns;
  for (auto const& column : starts) columns.push_back(narrowed<T>(column));
  auto const theta = points(*machine.context, columns);
  auto const outcome = record.read("outcome");
  auto const minimum = record.read("minimum");
  auto const steps = record.read("steps");
  auto const rises = record.read("rises");
  auto const last_rise = record.read("last_rise");
  ASSERT_EQ(outcome.size(), options.steps.size() * starts.front().size());
  std::size_t i = 0;
  for (double const step : options.steps) {
    RuleOptions rule = options.rule;
    rule.step = step;
    for (auto const& start : scan(machine, make_rule<T>(rule).basin, theta.view())) {
      ASSERT_EQ(outcome[i], static_cast<int>(start.outcome)) << i;
      ASSERT_EQ(minimum[i], start.minimum) << i;
      ASSERT_EQ(steps[i], static_cast<double>(start.steps)) << i;
      ASSERT_EQ(rises[i], static_cast<double>(start.rises)) << i;
      ASSERT_EQ(last_rise[i], static_cast<double>(start.last_rise)) << i;
      ++i;
    }
  }
}

void expect_scan(ZarrGroup const& record, BasinOptions const& options, Columns const& starts) {
  options.precision == Precision::float64 ? expect_scan_of<double>(record, options, starts)
                                          : expect_scan_of<float>(record, options, starts);
}

constexpr char const* variables[] = {"outcome", "minimum", "steps", "rises", "last_rise"};

/// That all verdicts of a record have these dimensions.
void expect_dimensions(ZarrGroup const& record, std::vector<std::string> const& names,
                       Extents const& shape) {
  for (char const* name : variables) {
    EXPECT_EQ(record.spec(name).dimensions, names) << name;
    EXPECT_EQ(record.shape(name), shape) << name;
  }
}

std::vector<double> numbers(Axis const& axis) {
  std::vector<double> all;
  for (Index i = 0; i < axis.count; ++i) all.push_back(axis.at(i));
  return all;
}

TEST_F(BasinRun, HoldsTheScanOfItsGrid) {
  for (Precision const precision : {Precision::float32, Precision::float64}) {
    BasinOptions options = on("f4", {0.3});
    options.precision = precision;
    options.overwrite = true;
    ZarrGroup const record = record_of(options);
    expect_dimensions(record, {"y", "x"}, {7, 12});
    EXPECT_EQ(record.read("x"), numbers(options.x));
    EXPECT_EQ(record.read("y"), numbers(*options.y));
    EXPECT_FALSE(record.has("lr"));
    EXPECT_FALSE(record.has("theta"));
    expect_scan(record, options, grid_starts(options));
  }
}

TEST_F(BasinRun, HoldsTheScanOfAGridOfManyChunks) {
  BasinOptions options = on("f4", {0.3});
  options.x.count = 643;
  options.y->count = 641;
  ZarrGroup const record = record_of(options);
  expect_dimensions(record, {"y", "x"}, {641, 643});
  EXPECT_EQ(record.spec("outcome").chunks, (Extents{640, 640}));
  expect_scan(record, options, grid_starts(options));
}

TEST_F(BasinRun, HasADimensionOfStepSizes) {
  BasinOptions const options = on("f4", {0.3, 0.1});
  ZarrGroup const record = record_of(options);
  expect_dimensions(record, {"lr", "y", "x"}, {2, 7, 12});
  EXPECT_EQ(record.read("lr"), options.steps);
  EXPECT_EQ(record.attributes().at("learning_rates"), options.steps);
  expect_scan(record, options, grid_starts(options));
}

TEST_F(BasinRun, DescendsAsAsked) {
  for (auto const& [objective, normalized] : std::vector<std::pair<ScanObjective, bool>>{
           {ScanObjective::square_root, false}, {ScanObjective::loss, true}}) {
    BasinOptions options = on("f4", {0.2});
    options.rule.objective = objective;
    options.rule.normalized = normalized;
    options.rule.max_steps = 50;
    options.rule.escape = 20;
    options.rule.tolerance = 1e-3;
    options.overwrite = true;
    ZarrGroup const record = record_of(options);
    EXPECT_EQ(record.attributes().at("objective"), normalized ? "loss" : "sqrt");
    EXPECT_EQ(record.attributes().at("method"), normalized ? "normalized-gd" : "gd");
    expect_scan(record, options, grid_starts(options));
  }
}

TEST_F(BasinRun, OfOneCoordinateIsALine) {
  for (std::vector<double> const& steps : {std::vector{0.3}, std::vector{0.3, 0.4}}) {
    BasinOptions options = on_line("quadratic:3", steps);
    options.overwrite = true;
    ZarrGroup const record = record_of(options);
    if (steps.size() == 1) expect_dimensions(record, {"x"}, {12});
    if (steps.size() == 2) expect_dimensions(record, {"lr", "x"}, {2, 12});
    EXPECT_EQ(record.read("x"), numbers(options.x));
    EXPECT_FALSE(record.has("y"));
    EXPECT_FALSE(record.has("landscape_value"));
    EXPECT_EQ(record.attributes().at("coordinates"), std::vector<std::string>{"theta1"});
    EXPECT_EQ(record.attributes().at("axes"), std::vector<std::string>{"theta1"});
    expect_scan(record, options, {numbers(options.x)});
  }
}

TEST_F(BasinRun, OfAHeldCoordinateIsALine) {
  BasinOptions options = on_line("f4", {0.3});
  options.fixed = {{1, -1.5}};
  ZarrGroup const record = record_of(options);
  expect_dimensions(record, {"x"}, {12});
  EXPECT_EQ(record.spec("x").attributes.at("long_name"), "y");
  EXPECT_EQ(record.attributes().at("axes"), std::vector<std::string>{"y"});
  expect_scan(record, options, {std::vector<double>(12, -1.5), numbers(options.x)});
}

TEST_F(BasinRun, SlicesALandscapeOfThreeCoordinates) {
  BasinOptions options = on("quadratic:1,2,3", {0.4});
  options.fixed = {{2, 0.5}};
  ZarrGroup const record = record_of(options);
  expect_dimensions(record, {"y", "x"}, {7, 12});
  EXPECT_EQ(record.attributes().at("coordinates").size(), 3u);
  EXPECT_EQ(record.attributes().at("axes"), (std::vector<std::string>{"theta1", "theta3"}));
  EXPECT_EQ(record.spec("y").attributes.at("long_name"), "theta3");
  Columns starts = grid_starts(options);
  starts.insert(starts.begin() + 1, std::vector<double>(7 * 12, 0.5));
  expect_scan(record, options, starts);
  auto const xs = record.read("landscape_x");
  auto const ys = record.read("landscape_y");
  auto const values = record.read("landscape_value");
  ASSERT_EQ(values.size(), xs.size() * ys.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double const x = xs[i % xs.size()];
    double const y = ys[i / xs.size()];
    EXPECT_NEAR(values[i], x * x + 2 * 0.25 + 3 * y * y, 1e-12);
  }
}

TEST_F(BasinRun, OfASampleListsItsStarts) {
  for (auto const& [precision, steps] : std::vector<std::pair<Precision, std::vector<double>>>{
           {Precision::float32, {0.3}}, {Precision::float64, {0.3, 0.1}}}) {
    BasinOptions options = on("f4", steps);
    options.samples = 300;
    options.seed = 4;
    options.precision = precision;
    options.overwrite = true;
    ZarrGroup const record = record_of(options);
    if (steps.size() == 1) expect_dimensions(record, {"sample"}, {300});
    if (steps.size() == 2) expect_dimensions(record, {"lr", "sample"}, {2, 300});
    EXPECT_EQ(record.spec("theta").dimensions, (std::vector<std::string>{"sample", "coordinate"}));
    ASSERT_EQ(record.shape("theta"), (Extents{300, 2}));
    EXPECT_FALSE(record.has("x"));
    EXPECT_FALSE(record.has("landscape_value"));
    auto const theta = record.read("theta");
    Columns starts(2);
    for (std::size_t i = 0; i < theta.size(); ++i) starts[i % 2].push_back(theta[i]);
    EXPECT_GE(*std::min_element(starts[0].begin(), starts[0].end()), -4);
    EXPECT_GT(*std::max_element(starts[0].begin(), starts[0].end()), 3.5);
    EXPECT_GE(*std::min_element(starts[1].begin(), starts[1].end()), -3);
    EXPECT_LE(*std::max_element(starts[1].begin(), starts[1].end()), 2);
    expect_scan(record, options, starts);
  }
}

TEST_F(BasinRun, OfALongSampleListsEveryChunk) {
  BasinOptions options = on_line("quadratic:3", {0.3});
  options.samples = 640 * 640 + 1000;
  ZarrGroup const record = record_of(options);
  expect_scan(record, options, {record.read("theta")});
}

TEST_F(BasinRun, OfGivenPointsListsThem) {
  std::vector<double> const theta{0.1, 2.5, 1.5, 2, -3, 4, 1, 1, -1, 0.5};
  BasinOptions options = on("f4", {0.2});
  options.starts_file = points_file(theta);
  options.rule.escape = 3.9;  // the box, which is not asked for, is beyond
  ZarrGroup const record = record_of(options);
  expect_dimensions(record, {"sample"}, {5});
  EXPECT_EQ(record.read("theta"), theta);
  expect_scan(record, options, {{0.1, 1.5, -3, 1, -1}, {2.5, 2, 4, 1, 0.5}});
}

TEST_F(BasinRun, SaysWhatItIs) {
  BasinOptions options = on("f4", {0.2, 0.6});
  options.rule.max_steps = 77;
  ZarrGroup const record = record_of(options);
  nlohmann::json const& attributes = record.attributes();
  EXPECT_EQ(attributes.at("command"), "basin");
  EXPECT_EQ(attributes.at("stop_reason"), "complete");
  EXPECT_EQ(attributes.at("landscape"), "f4");
  EXPECT_EQ(attributes.at("objective"), "loss");
  EXPECT_EQ(attributes.at("method"), "gd");
  EXPECT_EQ(attributes.at("precision"), "float64");
  EXPECT_EQ(attributes.at("coordinates"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(attributes.at("axes"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(attributes.at("config").at("max_steps"), 77);
  EXPECT_EQ(attributes.at("config").at("y"), (std::vector<double>{-3, 2, 7}));
  ArraySpec const& outcome = record.spec("outcome");
  EXPECT_EQ(outcome.dtype, DType::u1);
  EXPECT_EQ(outcome.attributes.at("flag_values"), (std::vector<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(outcome.attributes.at("flag_meanings"),
            "undecided stable unstable diverged stationary periodic");
  EXPECT_EQ(record.spec("minimum").dtype, DType::i2);
  for (char const* name : {"steps", "rises", "last_rise"}) {
    EXPECT_EQ(record.spec(name).dtype, DType::u4) << name;
  }
}

TEST_F(BasinRun, NamesTheMinimaAndTheirCertificatesPerStepSize) {
  ZarrGroup const record = record_of(on("f4", {0.2, 0.6}));
  double const c = std::sqrt(19.0 / 20);
  EXPECT_LT(relative_error(record.read("minimum_theta"), std::vector<double>{-c, -c, c, c}), 1e-12);
  EXPECT_EQ(record.spec("certified_radius").dimensions, (std::vector<std::string>{"lr", "minima"}));
  auto const radius = record.read("certified_radius");
  ASSERT_EQ(radius.size(), 4u);
  EXPECT_GT(radius[0], 0);
  EXPECT_GT(radius[1], 0);
  EXPECT_TRUE(std::isnan(radius[2]));
  EXPECT_TRUE(std::isnan(radius[3]));
  nlohmann::json const& reasons = record.attributes().at("certificate_reasons");
  EXPECT_EQ(reasons.at(0), (std::vector<std::string>{"", ""}));
  EXPECT_NE(reasons.at(1).at(0).get<std::string>().find("not below 2/lr"), std::string::npos);

  BasinOptions one = on("f4", {0.2});
  one.overwrite = true;
  EXPECT_EQ(record_of(one).shape("certified_radius"), Extents{2});
}

TEST_F(BasinRun, ShowsTheLandscapeCoarsely) {
  BasinOptions options = on("f4", {0.3});
  options.x.count = 300;
  ZarrGroup const record = record_of(options);
  auto const xs = record.read("landscape_x");
  EXPECT_EQ(xs, numbers({-4, 4, 257}));
  EXPECT_EQ(record.read("landscape_y"), numbers(*options.y));
  EXPECT_EQ(record.shape("landscape_value"), (Extents{7, 257}));
  double const x = xs[100];
  double const value = std::pow(1 - x * -3, 2) + 0.05 * (x * x + 9);
  EXPECT_NEAR(record.read("landscape_value")[100], value, 1e-12);
}

/// The summary that the verdicts of one step size, taken as a whole, make.
nlohmann::json summary_of(ZarrGroup const& record, BasinOptions const& options, std::size_t step) {
  Extents shape = record.shape("outcome");
  if (options.steps.size() > 1) shape.erase(shape.begin());
  auto const layer = [&]<class N>(char const* name, std::vector<N>& of) {
    auto const all = record.read(name);
    auto const size = element_count(shape);
    auto const first = all.begin() + static_cast<Index>(step) * size;
    std::transform(first, first + size, std::back_inserter(of),
                   [](double number) { return static_cast<N>(number); });
  };
  VerdictLists verdicts;
  layer("outcome", verdicts.outcome);
  layer("minimum", verdicts.minimum);
  layer("steps", verdicts.steps);
  bool const is_grid = options.samples == 0 && options.starts_file.empty();
  BasinSummary summary;
  summary.step = options.steps[step];
  bool const is_plane = shape.size() == 2;
  Boxes const boxes = is_plane ? Boxes::square : Boxes::line;
  Machine<double> const machine;
  summary.counts = count(machine, verdicts, is_plane ? shape.front() : 1, shape.back(),
                         record.shape("minimum_theta").front(), is_grid ? boxes : Boxes::none);
  return to_json(summary);
}

TEST_F(BasinRun, IsSummedUp) {
  BasinOptions options = on("f4", {0.3, 0.1});
  options.x.count = 647;  // in two chunks
  ZarrGroup const record = record_of(options);
  nlohmann::json const& summary = record.attributes().at("summary");
  ASSERT_EQ(summary.size(), 2u);
  for (std::size_t step = 0; step < 2; ++step) {
    nlohmann::json const& entry = summary[step];
    EXPECT_EQ(entry, summary_of(record, options, step));
    EXPECT_GT(entry.at("basin_entropy"), 0);
    EXPECT_EQ(entry.at("lr"), options.steps[step]);
    EXPECT_EQ(entry.at("starts"), 7 * 647);
    EXPECT_EQ(entry.at("minimum").size(), 2u);
    EXPECT_LT(entry.at("basin_entropy"), entry.at("boundary_basin_entropy"));
    double shares = 0;
    for (auto const& [name, share] : entry.at("outcome").items()) {
      shares += share.at(0).get<double>();
      EXPECT_LE(share.at(1), share.at(0)) << name;
      EXPECT_GE(share.at(2), share.at(0)) << name;
    }
    EXPECT_NEAR(shares, 1, 1e-12);
    EXPECT_FALSE(entry.contains("uncertainty"));
  }
}

TEST_F(BasinRun, OfASampleHasNoBoxesToSumUp) {
  BasinOptions options = on("f4", {0.3});
  options.samples = 1000;
  ZarrGroup const record = record_of(options);
  nlohmann::json const entry = record.attributes().at("summary").at(0);
  EXPECT_EQ(entry, summary_of(record, options, 0));
  EXPECT_FALSE(entry.contains("basin_entropy"));
}

TEST_F(BasinRun, TellsTheUncertaintyOnRequest) {
  BasinOptions options = on("f4", {0.3, 0.1});
  options.uncertainty_pairs = 5000;
  BasinResult const result = basin(options, {});
  nlohmann::json const summary = ZarrGroup::open(options.out).attributes().at("summary");
  for (std::size_t step = 0; step < 2; ++step) {
    ASSERT_TRUE(result.summaries.at(step).uncertainty);
    Uncertainty const& u = *result.summaries[step].uncertainty;
    nlohmann::json const& written = summary.at(step).at("uncertainty");
    EXPECT_EQ(written.at("distance"), u.distance);
    EXPECT_EQ(written.at("share"), u.share);
    EXPECT_EQ(written.at("exponent"), u.exponent);
    EXPECT_EQ(written.at("exponent_error"), u.exponent_error);
    EXPECT_DOUBLE_EQ(u.distance.front(), 8.0 / 50);
  }
}

TEST_F(BasinRun, ReturnsWhatItWrote) {
  BasinOptions const options = on("f4", {0.3, 0.1});
  BasinResult const result = basin(options, {});
  nlohmann::json const summary = ZarrGroup::open(options.out).attributes().at("summary");
  ASSERT_EQ(result.summaries.size(), 2u);
  for (std::size_t step = 0; step < 2; ++step) {
    EXPECT_EQ(to_json(result.summaries[step]), summary.at(step));
    EXPECT_EQ(result.summaries[step].rule.basin.step, options.steps[step]);
  }
  EXPECT_TRUE(result.pictures.empty());
}

TEST_F(BasinRun, ShowsItsProgressInStarts) {
  BasinOptions options = on("quadratic", {0.03, 0.02, 0.01});
  options.x.count = 1300;
  std::vector<Index> done;
  RunHooks hooks;
  hooks.progress = [&](Progress const& progress) {
    done.push_back(progress.done);
    EXPECT_EQ(progress.total, 3 * 7 * 1300);
    EXPECT_EQ(progress.unit, "start");
  };
  basin(options, hooks);
  EXPECT_EQ(done.back(), 3 * 7 * 1300);
  EXPECT_GT(done.size(), 1u);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
}

/// Interrupts before the second batch of chunks.
RunHooks interrupted_later() {
  RunHooks hooks;
  hooks.interrupted = [asked = 0]() mutable { return ++asked > 1; };
  return hooks;
}

struct Killed {};

/// What a kill leaves after the first batch.
void kill_later(BasinOptions const& options) {
  RunHooks hooks;
  hooks.progress = [](Progress const&) { throw Killed(); };
  EXPECT_THROW(basin(options, hooks), Killed);
}

/// Spaces of more chunks than are computed in one batch.
struct Space {
  std::string name;
  Index rows, cols;  // 0 rows: a line
  Index samples = 0;
  bool from_file = false;
  std::vector<double> steps{0.06, 0.055, 0.05, 0.045, 0.04};
};
// Else googletest makes their bytes, pointers among them, a part of the tests' names.
void PrintTo(Space const& space, std::ostream* stream) {
  *stream << space.name;
}

class BasinResume : public BasinRun, public ::testing::WithParamInterface<Space> {
 protected:
  BasinOptions options(std::string const& out) const {
    Space const& space = GetParam();
    BasinOptions options = on("quadratic", space.steps);
    options.rule.escape = 20;
    options.x.count = space.cols;
    if (space.rows > 0) {
      options.y->count = space.rows;
    } else {
      options.y.reset();
      options.fixed = {{2, 1.0}};
    }
    options.samples = space.samples;
    if (space.from_file) options.starts_file = points_file(random_vector(200, 1, 2));
    options.out = files_ / out;
    return options;
  }

  /// Every file of a run from beginning to end.
  auto uninterrupted() const {
    basin(options("whole.zarr"), {});
    return contents(files_ / "whole.zarr");
  }

  /// How many chunks have their verdicts.
  std::size_t chunks(std::string const& out) const {
    auto const files = listing(files_ / out / "outcome");
    return static_cast<std::size_t>(std::count_if(
        files.begin(), files.end(), [](std::string const& name) { return name.front() != '.'; }));
  }
};

TEST_P(BasinResume, AfterAnInterruptionEqualsAnUninterruptedRun) {
  BasinOptions resumed = options("resumed.zarr");
  BasinResult const first = basin(resumed, interrupted_later());
  EXPECT_EQ(first.stop_reason, "interrupted");
  EXPECT_TRUE(first.summaries.empty());
  EXPECT_EQ(chunks("resumed.zarr"), 4u);
  nlohmann::json const attributes = ZarrGroup::open(resumed.out).attributes();
  EXPECT_EQ(attributes.at("stop_reason"), "interrupted");
  EXPECT_TRUE(attributes.at("summary").is_null());

  resumed.resume = true;
  resumed.threads = 3;
  std::vector<Index> done;
  RunHooks hooks;
  hooks.progress = [&](Progress const& progress) { done.push_back(progress.done); };
  BasinResult const second = basin(resumed, hooks);
  EXPECT_EQ(second.stop_reason, "complete");
  EXPECT_EQ(done.size(), 1u);
  EXPECT_TRUE(contents(resumed.out) == uninterrupted());
}

TEST_P(BasinResume, AfterAKillEqualsAnUninterruptedRun) {
  BasinOptions resumed = options("resumed.zarr");
  kill_later(resumed);
  EXPECT_EQ(chunks("resumed.zarr"), 4u);
  EXPECT_EQ(ZarrGroup::open(resumed.out).attributes().at("stop_reason"), "running");
  // The fifth chunk was on its way.
  write_atomically(files_ / "resumed.zarr" / "steps" / temporary_of("4", no_process), "half",
                   Durable::no);
  resumed.resume = true;
  resumed.threads = 1;
  EXPECT_EQ(basin(resumed, {}).stop_reason, "complete");
  EXPECT_TRUE(contents(resumed.out) == uninterrupted());
}

TEST_P(BasinResume, BeforeItsArraysWereDefinedStartsThem) {
  auto const whole = uninterrupted();
  nlohmann::json attributes = ZarrGroup::open(files_ / "whole.zarr").attributes();
  attributes.erase("summary");
  attributes["stop_reason"] = "running";
  BasinOptions resumed = options("resumed.zarr");
  ZarrGroup::create(resumed.out, attributes);
  // Arrays are written before they are published.
  std::filesystem::copy(files_ / "whole.zarr" / "minimum_value",
                        files_ / "resumed.zarr" / "minimum_value");
  resumed.resume = true;
  basin(resumed, {});
  EXPECT_TRUE(contents(resumed.out) == whole);
}

TEST_P(BasinResume, ComputesAChunkThatLacksAVariableAnew) {
  auto const whole = uninterrupted();
  BasinOptions resumed = options("whole.zarr");
  resumed.resume = true;
  auto const file = [&](char const* name, std::string const& key) {
    return std::filesystem::path(resumed.out) / name / key;
  };
  auto const key = listing(files_ / "whole.zarr" / "outcome").back();
  for (char const* lost : variables) {
    std::filesystem::remove(file(lost, key));
    if (lost != std::string("steps")) write_atomically(file("steps", key), "bad", Durable::no);
    basin(resumed, {});
    EXPECT_TRUE(contents(resumed.out) == whole) << lost;
  }
}

TEST_P(BasinResume, RefusesCodesThatAreNone) {
  uninterrupted();
  BasinOptions resumed = options("whole.zarr");
  resumed.resume = true;
  {
    ZarrGroup record = ZarrGroup::open(resumed.out);
    Extents const first(record.shape("outcome").size(), 0);
    auto codes = record.read_chunk("outcome", first);
    codes.back() = std::byte{outcomes};
    record.write_chunks({{{"outcome", first, codes}}}, 1);
  }
  expect_input_error([&] { basin(resumed, {}); }, resumed.out + ": is damaged");
}

TEST_P(BasinResume, OfACompleteRunReportsIt) {
  auto const whole = uninterrupted();
  BasinOptions resumed = options("whole.zarr");
  resumed.resume = true;
  RunHooks hooks;
  hooks.progress = [](Progress const&) { ADD_FAILURE() << "computed again"; };
  hooks.interrupted = [] { return true; };
  BasinResult const result = basin(resumed, hooks);
  EXPECT_EQ(result.stop_reason, "complete");
  EXPECT_TRUE(contents(resumed.out) == whole);
  nlohmann::json const summary = ZarrGroup::open(resumed.out).attributes().at("summary");
  ASSERT_EQ(result.summaries.size(), summary.size());
  for (std::size_t step = 0; step < summary.size(); ++step) {
    EXPECT_EQ(to_json(result.summaries[step]), summary.at(step));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Spaces, BasinResume,
    ::testing::Values(Space{"WideGrid", 6, 640 * 4 + 3, 0, false, {0.06}},
                      Space{"WideGridOfStepSizes", 3, 640 * 2 + 1, 0, false, {0.06, 0.05}},
                      Space{"StepSizes", 6, 7}, Space{"LineOfStepSizes", 0, 100},
                      Space{"Sample", 2, 2, 300}, Space{"Points", 2, 2, 0, true}),
    [](auto const& test) { return test.param.name; });

/// Two chunks at three step sizes; the first of a chunk carries its starts.
TEST_F(BasinRun, OfALongSampleResumes) {
  BasinOptions options = on_line("quadratic:3", {0.3, 0.2, 0.1});
  options.samples = 640 * 640 + 100;
  basin(options, {});
  auto const whole = contents(options.out);
  options.overwrite = true;
  basin(options, interrupted_later());
  EXPECT_FALSE(contents(options.out) == whole);
  options.overwrite = false;
  options.resume = true;
  basin(options, {});
  EXPECT_TRUE(contents(options.out) == whole);
}

TEST_F(BasinRun, DoesNotDependOnTheNumberOfThreads) {
  BasinOptions options = on("f4", {0.3, 0.31});
  options.x.count = 1290;
  options.uncertainty_pairs = 2000;
  options.overwrite = true;
  options.threads = 1;
  basin(options, {});
  auto const one = contents(options.out);
  for (int const threads : {2, 7}) {
    options.threads = threads;
    basin(options, {});
    EXPECT_TRUE(contents(options.out) == one) << threads;
  }
}

TEST_F(BasinRun, ToBeResumedMayNotBeThereYet) {
  BasinOptions options = on("f4", {0.3});
  options.resume = true;
  expect_scan(record_of(options), options, grid_starts(options));
}

TEST_F(BasinRun, RefusesToResumeWithOtherSettings) {
  BasinOptions const options = on("quadratic", {0.06, 0.055, 0.05, 0.045, 0.04});
  basin(options, interrupted_later());
  auto const before = contents(options.out);
  auto const refused = [&](auto const& change, std::string const& setting) {
    BasinOptions other = options;
    other.resume = true;
    change(other);
    expect_input_error([&] { basin(other, {}); },
                       fmt::format("--resume: {} was made with {} = ", options.out, setting));
    EXPECT_TRUE(contents(options.out) == before) << setting;
  };
  refused([](auto& o) { o.steps[1] = 0.041; }, "lr");
  refused([](auto& o) { o.steps.pop_back(); }, "lr");
  refused([](auto& o) { o.rule.landscape = parse_landscape("quadratic:20,2"); }, "landscape");
  refused([](auto& o) { o.rule.objective = ScanObjective::square_root; }, "objective");
  refused([](auto& o) { o.rule.normalized = true; }, "method");
  refused([](auto& o) { o.rule.max_steps = 99; }, "max_steps");
  refused([](auto& o) { o.rule.escape = 99; }, "escape");
  refused([](auto& o) { o.rule.tolerance = 1e-7; }, "tolerance");
  refused([](auto& o) { o.x.high = 3; }, "x");
  refused([](auto& o) { o.x.count = 13; }, "x");
  refused([](auto& o) { o.y.reset(); }, "y");
  refused([](auto& o) { o.samples = 84; }, "sample");
  refused([](auto& o) { o.seed = 1; }, "seed");
  refused([](auto& o) { o.uncertainty_pairs = 100; }, "uncertainty");
  refused([](auto& o) { o.precision = Precision::float32; }, "precision");
  refused(
      [](auto& o) {
        o.fixed = {{1, 0.0}};
        o.y.reset();
      },
      "fix");
}

TEST_F(BasinRun, RefusesToResumeWithOtherPoints) {
  BasinOptions options = on("quadratic", {0.06, 0.055, 0.05, 0.045, 0.04});
  options.starts_file = points_file({1, 2, 3, 4});
  basin(options, interrupted_later());
  auto const before = contents(options.out);
  options.resume = true;
  points_file({1, 2, 3, 4.1});
  expect_input_error([&] { basin(options, {}); }, "was made with starts_crc = ");
  std::filesystem::copy(options.starts_file, files_ / "others.npy");
  options.starts_file = files_ / "others.npy";
  expect_input_error([&] { basin(options, {}); }, "was made with starts = ");
  EXPECT_TRUE(contents(options.out) == before);
}

TEST_F(BasinRun, ReplacesARecordOnlyWhenAskedTo) {
  BasinOptions options = on("f4", {0.3});
  basin(options, {});
  auto const before = contents(options.out);
  options.x.count = 3;
  expect_input_error([&] { basin(options, {}); }, "already exists");
  EXPECT_TRUE(contents(options.out) == before);
  options.overwrite = true;
  EXPECT_EQ(record_of(options).shape("outcome"), (Extents{7, 3}));
  std::filesystem::remove_all(options.out);
  write_atomically(options.out, "mine", Durable::no);
  expect_input_error([&] { basin(options, {}); }, "not a brink record");
  EXPECT_EQ(files(), std::set<std::string>{"basin.zarr"});
}

TEST_F(BasinRun, RefusesBadOptionsInOneLineAndWritesNothing) {
  auto const refused = [&](auto const& change, std::string const& part) {
    BasinOptions options = on("f4", {0.3});
    change(options);
    expect_input_error([&] { basin(options, {}); }, part);
    EXPECT_TRUE(files().empty()) << part;
  };
  refused([](auto& o) { o.steps.clear(); }, "--lr: needs at least one step size");
  refused([](auto& o) { o.steps = {0.1, 0}; }, "--lr 0: must be positive");
  refused([](auto& o) { o.rule.max_steps = -1; }, "--max-steps -1: must be from 0");
  refused([](auto& o) { o.rule.escape = 0; }, "--escape 0: must be positive");
  refused([](auto& o) { o.rule.tolerance = 0; }, "--tolerance 0: must be positive");
  refused([](auto& o) { o.x = {1, -1, 5}; }, "--x 1:-1:5: the first number must not be greater");
  refused([](auto& o) { o.x = {nan, 1, 5}; }, "--x nan:1:5: the first number");
  refused([](auto& o) { o.x.count = 0; }, "--x -4:4:0: the number of starts must be from 1");
  refused([](auto& o) { o.y->count = (1 << 24) + 1; }, "the number of starts must be from 1 to");
  refused([](auto& o) { o.y = Axis{1, 1, 5}; }, "--y 1:1:5: several starts need two");
  refused([](auto& o) { o.rule.escape = 3; }, "--x -4:4:12: beyond --escape 3");
  refused([](auto& o) { o.samples = -1; }, "--sample -1: must be from 0");
  refused([](auto& o) { o.uncertainty_pairs = -1; }, "--uncertainty -1: must be from 0");
  refused([](auto& o) { o.threads = -1; }, "--threads -1: must be at least 0");
  refused([](auto& o) { o.device = "abacus"; }, "abacus");
  refused([](auto& o) { o.resume = o.overwrite = true; }, "--resume and --overwrite exclude");
  refused([](auto& o) { o.fixed = {{3, 0.0}}; }, "--fix 3=0: f4 has coordinates 1 to 2");
  refused([](auto& o) { o.fixed = {{0, 0.0}}; }, "--fix 0=0: f4 has coordinates 1 to 2");
  refused([](auto& o) { o.fixed = {{1, nan}}; }, "--fix 1=nan: beyond --escape");
  refused([](auto& o) { o.fixed = {{1, 0.0}, {1, 2.0}}; }, "--fix 1=2: is fixed already");
  refused([](auto& o) { o.fixed = {{1, 0.0}, {2, 0.0}}; }, "--fix: leaves no coordinate of f4");
  refused([](auto& o) { o.fixed = {{1, 0.0}}; }, "--y: only one coordinate of f4 varies");
  refused([](auto& o) { o.rule.landscape = parse_landscape("quadratic:1,2,3"); },
          "a grid has two coordinates; --fix 1 of 3");
  refused([&](auto& o) { o.out = files_ / "none/basin.zarr"; }, "--out");
  refused([&](auto& o) { o.starts_file = files_ / "none.npy"; }, "none.npy");
  refused([&](auto& o) { o.png = files_ / "none/map.png"; }, "--png");
  refused([&](auto& o) { o.png = files_ / "map.pdf"; }, "give a file that ends in .png");
  auto const no_plane = "--png: a picture needs a grid of two coordinates";
  refused(
      [&](auto& o) {
        o.png = files_ / "map.png";
        o.samples = 10;
      },
      no_plane);
  refused(
      [&](auto& o) {
        o.png = files_ / "map.png";
        o.fixed = {{1, 0.0}};
        o.y.reset();
      },
      no_plane);
}

TEST_F(BasinRun, RefusesPointsThatAreNone) {
  BasinOptions options = on("f4", {0.3});
  auto const refused = [&](BasinOptions const& with, std::string const& part) {
    expect_input_error([&] { basin(with, {}); }, part);
    EXPECT_FALSE(std::filesystem::exists(options.out)) << part;
  };
  options.starts_file = files_ / "points.npy";
  auto const shaped = [&](std::vector<Index> const& shape) {
    write_npy<double>(options.starts_file,
                      std::vector<double>(static_cast<std::size_t>(element_count(shape))), shape);
    refused(options, fmt::format("--starts {}: has shape", options.starts_file));
  };
  shaped({4, 3});
  shaped({8});
  shaped({0, 2});
  points_file({1, 2, 3, 4});
  BasinOptions other = options;
  other.samples = 3;
  refused(other, "--sample and --starts exclude each other");
  other = options;
  other.fixed = {{1, 0.0}};
  refused(other, "--fix and --starts exclude each other");
  other = options;
  other.uncertainty_pairs = 10;
  refused(other, "--uncertainty draws starts from a box");
  other = options;
  other.png = files_ / "map.png";
  refused(other, "--png: a picture needs a grid");
}

/// By outcome.
std::vector<Rgb> const colours{{0x5A, 0x5A, 0x5A}, {0x35, 0xD6, 0xEA}, {0x1F, 0x3F, 0xD0},
                               {0xF6, 0xF6, 0xF2}, {0xE6, 0x9F, 0x00}, {0xCC, 0x79, 0xA7}};

/// That a picture shows rows × cols outcomes, y upwards.
void expect_shows(std::filesystem::path const& path, std::vector<double> const& outcome, Index rows,
                  Index cols) {
  Picture const picture = read_picture(path);
  EXPECT_TRUE(picture.has_palette);
  ASSERT_EQ(picture.width, cols);
  ASSERT_EQ(picture.height, rows);
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < cols; ++c) {
      auto const code = static_cast<std::size_t>(outcome.at(r * cols + c));
      ASSERT_EQ(picture.at(rows - 1 - r, c), colours.at(code)) << r << ", " << c;
    }
  }
}

TEST_F(BasinRun, IsDrawnInTheColoursOfItsOutcomes) {
  std::set<double> seen;
  auto const drawn = [&](BasinOptions options) {
    options.png = files_ / "map.png";
    options.overwrite = true;
    BasinResult const result = basin(options, {});
    EXPECT_EQ(result.pictures, std::vector<std::string>{options.png});
    auto const outcome = ZarrGroup::open(options.out).read("outcome");
    expect_shows(options.png, outcome, options.y->count, options.x.count);
    seen.insert(outcome.begin(), outcome.end());
    EXPECT_EQ(files(), (std::set<std::string>{"basin.zarr", "map.png"}));
  };
  drawn(on("f4", {0.3}));
  drawn(on("hyperbola", {0.1}));
  drawn(on("quadratic", {2.0 / 40}));
  BasinOptions at_once = on("f4", {0.3});
  at_once.rule.max_steps = 0;
  drawn(at_once);
  EXPECT_EQ(seen, (std::set<double>{0, 1, 2, 3, 4, 5}));
}

TEST_F(BasinRun, OfManyChunksIsDrawnWhole) {
  BasinOptions options = on("f4", {0.3});
  options.x.count = 643;
  options.y->count = 641;
  options.png = files_ / "map.png";
  expect_shows(options.png, record_of(options).read("outcome"), 641, 643);
}

TEST_F(BasinRun, IsDrawnOncePerStepSize) {
  BasinOptions options = on("f4", {0.3, 0.05});
  options.png = files_ / "map.of.f4.png";
  BasinResult const result = basin(options, {});
  EXPECT_EQ(result.pictures, (std::vector<std::string>{files_ / "map.of.f4-0.3.png",
                                                       files_ / "map.of.f4-0.05.png"}));
  EXPECT_FALSE(std::filesystem::exists(options.png));
  auto const outcome = ZarrGroup::open(options.out).read("outcome");
  auto const middle = outcome.begin() + std::ssize(outcome) / 2;
  expect_shows(result.pictures.at(0), {outcome.begin(), middle}, 7, 12);
  expect_shows(result.pictures.at(1), {middle, outcome.end()}, 7, 12);
}

TEST_F(BasinRun, IsDrawnWhenItIsComplete) {
  BasinOptions options = on("f4", {0.3});
  options.x.count = 640 * 5;
  options.png = files_ / "map.png";
  BasinResult const interrupted = basin(options, interrupted_later());
  EXPECT_TRUE(interrupted.pictures.empty());
  EXPECT_EQ(files(), std::set<std::string>{"basin.zarr"});
  options.resume = true;
  expect_shows(options.png, record_of(options).read("outcome"), 7, 640 * 5);
  // Of a complete record the picture can be had later on.
  std::filesystem::remove(options.png);
  basin(options, {});
  expect_shows(options.png, ZarrGroup::open(options.out).read("outcome"), 7, 640 * 5);
}

}  // namespace
}  // namespace brink::test
