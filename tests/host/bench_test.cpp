// What brink bench counts, repeats, writes and compares. No test asks anything of times: where time
// matters, the test brings the clock.
#include "host/bench/bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "bench/f4_grid.hpp"
#include "host/bench/landscape_cost.hpp"
#include "host/bench/table.hpp"
#include "host/landscape/landscape.hpp"
#include "host/record/json_text.hpp"
#include "host/scan/rule.hpp"
#include "tests/host/data_files.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

bool never() {
  return false;
}

// Statistics.

TEST(Spread, QuartilesAreInterpolated) {
  Spread const five = spread_of({5, 1, 4, 2, 3});
  EXPECT_EQ(five.median, 3);
  EXPECT_EQ(five.lower_quartile, 2);
  EXPECT_EQ(five.upper_quartile, 4);
  EXPECT_EQ(five.samples, 5);
  Spread const four = spread_of({1, 2, 3, 10});
  EXPECT_EQ(four.median, 2.5);
  EXPECT_EQ(four.lower_quartile, 1.75);
  EXPECT_EQ(four.upper_quartile, 4.75);
  EXPECT_EQ(spread_of({7}).upper_quartile, 7);
}

TEST(Spread, IntervalOfTheMedianIsMadeOfOrderStatistics) {
  // P(B < m) ≤ 0.025 by the tables of the binomial distribution.
  for (auto const& [samples, outside] : std::vector<std::pair<Index, Index>>{
           {1, 0}, {5, 0}, {6, 1}, {8, 1}, {9, 2}, {12, 3}, {20, 6}, {100, 40}}) {
    EXPECT_EQ(outside_median_interval(samples), outside) << samples;
  }
  EXPECT_NEAR(static_cast<double>(outside_median_interval(10'000)), 5000 - 0.98 * 100, 2);
  EXPECT_TRUE(std::isinf(spread_of({1, 2, 3, 4, 5}).noise()));
  Spread const nine = spread_of({1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(nine.lower_bound, 2);
  EXPECT_EQ(nine.upper_bound, 8);
  EXPECT_EQ(nine.noise(), 0.6);
}

TEST(Spread, IntervalHoldsTheMedianInNinetyFivePercent) {
  constexpr int trials = 4000;
  constexpr Index samples = 25;
  int held = 0;
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    std::vector<double> values;
    for (Index i = 0; i < samples; ++i) {
      values.push_back(-std::log(uniform(1, trial, static_cast<std::uint64_t>(i))));
    }
    Spread const spread = spread_of(values);
    double const median = std::log(2.0);
    held += spread.lower_bound <= median && median <= spread.upper_bound;
  }
  EXPECT_GT(held, 0.945 * trials);  // three standard errors below the 95.7 % that it is
  EXPECT_LT(held, 0.970 * trials);
}

// Repetition, on a clock that the calls move.

struct Clocked {
  double now = 0;
  Index calls = 0;
  std::unique_ptr<Context> context = make_context("cpu", 1);

  /// Times calls of the given durations, in turn.
  Timing time(std::vector<double> const& seconds, StopRule const& rule) {
    return time_calls(
        *context,
        [&] {
          now += seconds[static_cast<std::size_t>(calls) % seconds.size()];
          ++calls;
        },
        rule, never, [&] { return now; });
  }
};

TEST(Timer, ShortCallsAreTimedTogether) {
  Clocked clock;
  Timing const timing = clock.time({0.25e-3}, {0.02, 1});
  EXPECT_EQ(timing.calls, 5);  // 1.2 ms after one call that was too short
  EXPECT_NEAR(timing.seconds.median, 0.25e-3, 1e-12);
  EXPECT_EQ(timing.seconds.samples, 6);  // the fewest with an interval
}

TEST(Timer, LongCallsAreTimedOneByOne) {
  Clocked clock;
  Timing const timing = clock.time({0.5}, {0.02, 1});
  EXPECT_EQ(timing.calls, 1);
  EXPECT_EQ(timing.seconds.samples, 3);  // however long they take
}

TEST(Timer, NoiseIsRepeatedUntilItIsKnownWell) {
  StopRule const rule{0.05, 1e6};
  Clocked quiet, noisy;
  std::vector<double> uneven;
  for (int i = 0; i < 101; ++i) uneven.push_back(0.01 + 0.0001 * (i * 37 % 101));
  Index const few = quiet.time({0.01}, rule).seconds.samples;
  Spread const spread = noisy.time(uneven, rule).seconds;
  EXPECT_GT(spread.samples, few);
  EXPECT_LE(spread.noise(), rule.noise);
}

TEST(Timer, NoiseThatStaysEndsWithTheTime) {
  Clocked clock;
  Timing const timing = clock.time({0.01, 0.03}, {1e-6, 0.5});
  EXPECT_GT(timing.seconds.noise(), 1e-6);
  EXPECT_GE(clock.now, 0.5);
  EXPECT_LE(clock.now, 0.75);
}

TEST(Timer, IsInterruptedBetweenSamples) {
  auto const context = make_context("cpu", 1);
  Index calls = 0;
  EXPECT_THROW(time_calls(
                   *context, [&] { ++calls; }, {}, [] { return true; }),
               Interrupted);
  EXPECT_EQ(calls, 1);  // the warm-up
}

// Counts.

void expect_work(Work const& work, double operations, double numbers, double bytes = 0) {
  EXPECT_EQ(work.operations, operations);
  EXPECT_EQ(work.numbers, numbers);
  EXPECT_EQ(work.bytes, bytes);
}

TEST(Work, OfLayersByHand) {
  LayerShape const layer{2, 3, 5};  // X 2×3, W 5×3, b 5, z 2×5
  expect_work(multiply_work(layer), 10 * 3 * 2, 6 + 15 + 10);
  expect_work(dense_forward_work(layer), 60 + 3 * 10, 6 + 15 + 5 + 2 * 10);
  expect_work(dense_activate_work(layer), 3 * 10, 3 * 10);
  expect_work(dense_weight_gradient_work(layer), 60 + 10, 10 + 6 + 15 + 5);
  expect_work(dense_input_gradient_work(layer), 60 + 6, 10 + 15 + 2 * 6);
}

TEST(Work, OfTangentsByHand) {
  TangentShape const first{{2, 3, 5}, 4, true};
  expect_work(hvp_forward_work(first), 4 * 60 + 4 * 10, 6 + 4 * 20 + 10 + 8 * 10);
  expect_work(hvp_weight_gradient_work(first), 4 * 60 + 4 * 10, 6 + 4 * 10 + 4 * 20);
  TangentShape const inner{{2, 3, 5}, 4, false};
  expect_work(hvp_forward_work(inner), 8 * 60 + 4 * 10, 5 * 6 + 4 * 20 + 15 + 10 + 8 * 10);
  expect_work(hvp_weight_gradient_work(inner), 8 * 60 + 4 * 10, 5 * 6 + 5 * 10 + 4 * 20);
  expect_work(hvp_input_gradient_work(inner), 8 * 60 + 12 * 6, 5 * 10 + 5 * 15 + 2 * 6 + 8 * 6);
}

TEST(Work, OfTheRestByHand) {
  expect_work(cross_entropy_work({3, 10}), 150, 60, 12);
  expect_work(mse_work({3, 10}), 120, 60, 12);
  expect_work(loss_tangent_work({3, 10, 2}), 150 + 2 * 150, 30 + 2 * 60);
  expect_work(gd_work(7), 42, 28);
  expect_work(polyak_work(7), 84, 49);
  expect_work(observe_work(7), 28, 14);
  expect_work(observe_in_span_work({3, 10}), 120, 90);
  expect_work(update_in_span_work({3, 10}), 120, 180);
  expect_work(inner_products_work(3, 7), 2 * 9 * 7, 42);
  expect_work(combine_work(3, 7), 2 * 9 * 7, 42);
  expect_work(axpy_work(7), 14, 21);
  expect_work(gather_rows_work(4, 7), 0, 56);
  expect_work(gather_work(4), 0, 0, 32);
  expect_work(copy_work(7), 0, 14);
  expect_work(line_sweep_work({2, 3, 5, 4}), 4 * (6 * 2 * (9 + 15) + 10 * 6 + 7 * 10),
              2 * 6 + 2 * (9 + 3 + 15 + 5), 8);
}

TEST(Work, OfCompositesIsThatOfTheirParts) {
  NetworkShape const one{1, 1, 1, 1};  // every product takes 2
  EXPECT_EQ(one.parameters(), 6);
  // Forward, weight and input gradients, loss, update.
  EXPECT_EQ(gd_step_work(one).operations, (5 + 5 + 2) + 3 * 3 + 2 * 3 + 5 + 36);
  // For two directions: forward, loss, weight and input gradients.
  EXPECT_EQ(hessian_products_work(one, 2).operations, (6 + 10 + 8) + 15 + (6 + 10 + 10) + 2 * 14);
  NetworkShape const cifar{5000, 3072, 200, 10};
  EXPECT_EQ(cifar.parameters(), 656'810);
  double const products = 2.0 * 5000 * (2 * 3072 * 200 + 3 * 200 * 200 + 3 * 200 * 10);
  EXPECT_GT(gd_step_work(cifar).operations, products);
  EXPECT_LT(gd_step_work(cifar).operations, 1.002 * products);
}

double cost(char const* landscape) {
  return landscape_operations(parse_landscape(landscape));
}

TEST(Work, OfLandscapesCountsCommonExpressionsOnce) {
  EXPECT_EQ(cost("hyperbola"), 3 + 3);      // 1 − xy serves both
  EXPECT_EQ(cost("quadratic:1,2"), 5 + 2);  // squares, products, a sum; a product each
  EXPECT_EQ(cost("quadratic:1,2,3"), 8 + 3);
  EXPECT_EQ(cost("neuron-linear"), 2 + 3);
  EXPECT_EQ(cost("neuron-tanh"), 3 + 8);
  EXPECT_EQ(cost("f4"), 8 + 7);
}

TEST(Work, OfAStepOfAScanIsThatOfTheHandCount) {
  EXPECT_EQ(basin_step_operations(parse_landscape("f4")),
            static_cast<double>(bench::f4_step.all()));
}

// What is measured.

BenchAxes tiny_axes() {
  BenchAxes axes;
  axes.examples = {7, 5};
  axes.features = {6};
  axes.width = {4};
  axes.directions = {1, 3};
  axes.taus = {2};
  axes.starts = {25};
  return axes;
}

BenchOptions tiny_options() {
  BenchOptions options;
  options.axes = tiny_axes();
  options.rule = {1, 0};
  options.roofline = {0, 1024, 4096, 8, 16};
  options.device = device();
  options.threads = 2;
  return options;
}

template <class T>
class BenchOperations : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(BenchOperations, Precisions);

TYPED_TEST(BenchOperations, EveryOneRunsAtEverySize) {
  Machine<TypeParam> const machine;
  BenchPlace<TypeParam> const place{*machine.context, machine.operations};
  for (auto const& operation : bench_operations<TypeParam>()) {
    auto const cases = operation.cases(tiny_axes());
    EXPECT_FALSE(cases.empty()) << operation.name;
    for (auto const& one : cases) {
      SCOPED_TRACE(operation.name + " " + sizes_text(one.sizes));
      BenchTask const task = one.prepare(place);
      for (int i = 0; i < 3; ++i) task.call();
      machine.context->synchronize();
      EXPECT_NE(std::isnan(one.work.operations), std::isnan(task.operations));
      EXPECT_GT(one.work.numbers + one.work.bytes, 0);
    }
  }
}

TYPED_TEST(BenchOperations, AScanCountsTheStepsThatItsStartsTake) {
  Machine<TypeParam> const machine;
  BenchPlace<TypeParam> const place{*machine.context, machine.operations};
  auto const all = bench_operations<TypeParam>();
  auto const scan =
      std::find_if(all.begin(), all.end(), [](auto const& o) { return o.name == "basin.scan"; });
  ASSERT_NE(scan, all.end());
  BenchAxes axes = tiny_axes();
  auto const cases = scan->cases(axes);
  ASSERT_EQ(cases.size(), 1u);
  EXPECT_EQ(cases[0].sizes, (BenchSizes{{"starts", 25}}));
  EXPECT_EQ(cases[0].work.bytes, 75);
  EXPECT_EQ(cases[0].work.numbers, 10);

  std::vector<TypeParam> x, y;
  for (int i = 0; i < 25; ++i) {
    x.push_back(static_cast<TypeParam>(2 * (i % 5) - 4));
    y.push_back(static_cast<TypeParam>(2 * (i / 5) - 4));
  }
  Buffer<TypeParam> const all_x(*machine.context, x), all_y(*machine.context, y);
  Starts<TypeParam> starts{1, 25, {}};
  starts.coordinate[0] = {all_x.view().data, 0, 1};
  starts.coordinate[1] = {all_y.view().data, 0, 1};
  RuleOptions rule;
  rule.step = axes.learning_rate;
  Buffer<std::uint8_t> const outcome(*machine.context, 25);
  Buffer<std::uint32_t> const steps(*machine.context, 25);
  BasinResults<TypeParam> results;
  results.outcome = outcome.view();
  results.steps = steps.view();
  machine.operations.basin->scan(make_rule<TypeParam>(rule).basin, starts, results);
  double taken = 0;
  for (std::uint32_t const count : steps.download()) taken += count;
  EXPECT_GT(taken, 25);
  EXPECT_EQ(cases[0].prepare(place).operations, taken * basin_step_operations(axes.landscape));
}

TEST(Plan, CoversEveryContract) {
  std::set<std::string> groups, rows;
  for (PlannedRow const& row : plan_bench(tiny_options())) {
    groups.insert(row.operation.substr(0, row.operation.find('.')));
    EXPECT_TRUE(rows.insert(row.operation + " " + sizes_text(row.sizes)).second) << row.operation;
  }
  EXPECT_EQ(groups, (std::set<std::string>{"dense", "hvp", "loss", "step", "linalg", "line",
                                           "basin", "tally", "whole"}));
}

TEST(Plan, RepeatedSizesAreMeasuredOnce) {
  BenchOptions options = tiny_options();
  options.only = {"dense.forward"};
  options.axes.examples = {5, 5};
  options.axes.features = options.axes.width = {4};
  std::vector<PlannedRow> const rows = plan_bench(options);
  ASSERT_EQ(rows.size(), 1u);  // both layers are alike, too
  EXPECT_EQ(sizes_text(rows[0].sizes), "n=5 in=4 out=4");
  EXPECT_EQ(rows[0].bytes, 4 * (20 + 16 + 4 + 40));
  options.precision = Precision::float64;
  EXPECT_EQ(plan_bench(options)[0].bytes, 8 * (20 + 16 + 4 + 40));
}

TEST(Plan, OnlyWhatIsNamed) {
  BenchOptions options = tiny_options();
  options.only = {"loss", "step.gd"};
  std::set<std::string> names;
  for (PlannedRow const& row : plan_bench(options)) names.insert(row.operation);
  EXPECT_EQ(names,
            (std::set<std::string>{"loss.cross_entropy", "loss.mse", "loss.tangent", "step.gd"}));
}

TEST(Plan, BadOptionsAreNamed) {
  auto const refused = [](auto change) {
    BenchOptions options = tiny_options();
    change(options);
    return input_error([&] { plan_bench(options); });
  };
  std::string const unknown = refused([](BenchOptions& o) { o.only = {"dense", "teapot"}; });
  EXPECT_NE(unknown.find("--only 'teapot'"), unknown.npos) << unknown;
  EXPECT_NE(unknown.find("hvp"), unknown.npos) << unknown;
  auto const starts = [](std::string const& text, std::string const& with) {
    EXPECT_EQ(text.substr(0, with.size()), with) << text;
  };
  starts(refused([](BenchOptions& o) { o.axes.examples = {}; }), "--examples");
  starts(refused([](BenchOptions& o) { o.axes.features = {5, 0}; }), "--features 0");
  starts(refused([](BenchOptions& o) { o.axes.width = {-3}; }), "--width -3");
  starts(refused([](BenchOptions& o) { o.axes.directions = {1 << 20}; }), "--directions 1048576");
  starts(refused([](BenchOptions& o) { o.axes.learning_rate = 0; }), "--lr 0");
  starts(refused([](BenchOptions& o) { o.rule.noise = -1; }), "--noise -1");
  starts(refused([](BenchOptions& o) { o.rule.seconds = -1; }), "--seconds-per-row -1");
}

// Records.

TEST(BenchRun, ARooflineIsMeasuredAsLargeAsCallsMayBeLong) {
  auto const sizes = [](double long_call) {
    BenchOptions options = tiny_options();
    options.only = {"step.gd"};
    options.roofline.long_call = long_call;
    BenchRecord record;
    run_bench(options, {}, record);
    std::vector<std::string> texts;
    for (BenchRow const& row : record.roofline.rows) {
      texts.push_back(row.operation + " " + sizes_text(row.sizes));
    }
    return texts;
  };
  EXPECT_EQ(sizes(0),
            (std::vector<std::string>{"roofline.copy numbers=256", "roofline.axpy numbers=256",
                                      "roofline.multiply n=8 in=8 out=8"}));
  EXPECT_EQ(sizes(1e9),
            (std::vector<std::string>{"roofline.copy numbers=1024", "roofline.axpy numbers=1024",
                                      "roofline.multiply n=16 in=16 out=16"}));
}

TEST(BenchRun, LeavesARowForEachThatIsPlanned) {
  BenchOptions const options = tiny_options();
  BenchRecord record;
  Index shown = 0, last_done = 0, total = 0;
  BenchHooks hooks;
  hooks.run.progress = [&](Progress const& progress) {
    EXPECT_EQ(progress.done, last_done + 1);
    last_done = progress.done;
    total = progress.total;
  };
  hooks.row = [&](BenchRecord const&) { ++shown; };
  run_bench(options, hooks, record);
  std::vector<PlannedRow> const plan = plan_bench(options);
  ASSERT_EQ(record.rows.size(), plan.size());
  EXPECT_EQ(shown, std::ssize(plan));
  EXPECT_EQ(last_done, total);
  EXPECT_EQ(record.stop_reason, "complete");
  EXPECT_EQ(record.roofline.rows.size(), 3u);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    BenchRow const& row = record.rows[i];
    SCOPED_TRACE(row.operation + " " + sizes_text(row.sizes));
    EXPECT_EQ(row.operation, plan[i].operation);
    EXPECT_EQ(row.sizes, plan[i].sizes);
    EXPECT_EQ(row.bytes, plan[i].bytes);
    EXPECT_TRUE(std::isfinite(row.operations));
    EXPECT_GE(row.timing.seconds.samples, 3);
    EXPECT_GT(record.roofline.share(row), 0);
  }
}

TEST(BenchRun, InterruptedKeepsWhatWasMeasured) {
  BenchOptions options = tiny_options();
  options.only = {"step"};
  BenchRecord record;
  BenchHooks hooks;
  hooks.run.interrupted = [&] { return record.rows.size() == 2; };
  run_bench(options, hooks, record);
  EXPECT_EQ(record.stop_reason, "interrupted");
  EXPECT_EQ(record.rows.size(), 2u);
  EXPECT_EQ(to_json(record)["rows"].size(), 2u);

  BenchRecord nothing;
  hooks.run.interrupted = [] { return true; };
  EXPECT_THROW(run_bench(options, hooks, nothing), Interrupted);
  EXPECT_TRUE(nothing.roofline.rows.empty());
}

BenchRow row(std::string const& operation, Index n, double median, double spread) {
  BenchRow made{operation, {{"n", n}}, {}, 100, 50};
  made.timing.seconds = spread_of({median - spread, median, median + spread});
  made.timing.calls = 1;
  return made;
}

TEST(BenchRecord, SharesAreOfTheRoofThatLimits) {
  Roofline roofline;
  roofline.rows = {row("roofline.copy", 1, 2, 0), row("roofline.multiply", 1, 0.5, 0)};
  roofline.rows[0].operations = 0;  // 25 bytes a second
  roofline.rows[1].bytes = 0;       // 200 operations a second
  EXPECT_EQ(roofline.bytes_per_second(), 25);
  EXPECT_EQ(roofline.operations_per_second(), 200);
  BenchRow one = row("a", 1, 10, 0);  // takes 2 s for bytes or 0.5 s for operations at least
  EXPECT_EQ(roofline.share(one), 0.2);
  one.bytes = 5;
  EXPECT_EQ(roofline.share(one), 0.05);
  EXPECT_EQ(one.intensity(), 20);
}

TEST(BenchRecord, ComesBackFromItsFile) {
  BenchOptions options = tiny_options();
  options.only = {"loss", "basin", "linalg.gather"};
  BenchRecord record;
  run_bench(options, {}, record);
  Files const files;
  std::string const path = files.write("a.json", json_text(to_json(record)));
  BenchTimes const times = read_bench_times(path);
  EXPECT_EQ(times.name, path);
  EXPECT_EQ(times.bytes_per_second, record.roofline.bytes_per_second());
  EXPECT_EQ(times.operations_per_second, record.roofline.operations_per_second());
  std::vector<BenchRow> const& all = record.rows;
  ASSERT_EQ(times.rows.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(times.rows[i].operation, all[i].operation);
    EXPECT_EQ(times.rows[i].sizes, all[i].sizes);
    EXPECT_EQ(times.rows[i].timing.seconds.median, all[i].timing.seconds.median);
    EXPECT_EQ(times.rows[i].timing.seconds.upper_quartile, all[i].timing.seconds.upper_quartile);
    EXPECT_EQ(times.rows[i].operations, all[i].operations);
  }
  std::string const same = comparison(times, times);
  EXPECT_EQ(same.find("only in"), same.npos);
  EXPECT_NE(same.find("B faster in 0, slower in 0 of"), same.npos) << same;
}

TEST(BenchRecord, OtherFilesAreRefused) {
  Files const files;
  BenchOptions options = tiny_options();
  options.only = {"step.gd"};
  BenchRecord record;
  run_bench(options, {}, record);
  nlohmann::json const good = to_json(record);
  auto const refused = [&](nlohmann::json const& document) {
    std::string const path = files.write("x.json", json_text(document));
    std::string const message = input_error([&] { read_bench_times(path); });
    EXPECT_EQ(message.substr(0, path.size()), path) << message;
    return message;
  };
  EXPECT_NE(refused({{"command", "train"}}).find("not a record of brink bench"), std::string::npos);
  refused(nlohmann::json::array());
  refused(3);
  for (char const* key : {"command", "rows", "roofline", "device", "date"}) {
    nlohmann::json without = good;
    without.erase(key);
    EXPECT_NE(refused(without).find(key), std::string::npos);
  }
  for (nlohmann::json const& time :
       {nlohmann::json(-1.0), nlohmann::json("NaN"), nlohmann::json()}) {
    nlohmann::json wrong = good;
    wrong["rows"][0]["seconds"]["median"] = time;
    refused(wrong);
  }
  std::string const text = files.write("t.json", "not JSON");
  EXPECT_NE(input_error([&] { read_bench_times(text); }).find(text), std::string::npos);
  EXPECT_NE(input_error([&] { read_bench_times("/nowhere.json"); }).find("/nowhere.json"),
            std::string::npos);
}

/// The line of a text that begins with these words.
std::string line_of(std::string const& text, std::string const& begin) {
  std::size_t const first = text.find("\n" + begin) + 1;
  return text.substr(first, text.find('\n', first) - first);
}

TEST(Comparison, MarksWhatIsBeyondBothSpreads) {
  BenchTimes const a{"a.json",
                     "",
                     2e9,
                     3e9,
                     {row("gone", 1, 1, 0.1), row("faster", 1, 3, 0.2), row("slower", 1, 1, 0.1),
                      row("same", 1, 1, 0.4)}};
  BenchTimes const b{"b.json",
                     "",
                     2e9,
                     3e9,
                     {row("faster", 1, 1, 0.1), row("slower", 1, 2, 0.1), row("same", 1, 1.25, 0.4),
                      row("same", 2, 1, 0.1)}};
  std::string const text = comparison(a, b);
  EXPECT_NE(line_of(text, "faster").find("3.00  B faster"), text.npos) << text;
  EXPECT_NE(line_of(text, "slower").find("0.500  B slower"), text.npos) << text;
  EXPECT_EQ(line_of(text, "same").find("B "), text.npos) << text;
  EXPECT_EQ(line_of(text, "   2.00"), "   2.00 GB/s, 3.00 GFLOP/s");
  EXPECT_EQ(line_of(text, "only in A"), "only in A: gone n=1");
  EXPECT_EQ(line_of(text, "only in B"), "only in B: same n=2");
  EXPECT_NE(text.find("B faster in 1, slower in 1 of 3 rows"), text.npos) << text;
}

TEST(Table, HasOneLineOfOneLengthPerRow) {
  BenchOptions options = tiny_options();
  options.only = {"loss", "basin", "linalg.gather"};
  BenchRecord record;
  run_bench(options, {}, record);
  BenchTable const table(plan_bench(options));
  std::string const head = table.head(record);
  std::size_t const length = head.size() - head.rfind('\n', head.size() - 2) - 1;
  for (BenchRow const& one : record.rows) {
    std::string const line = table.line(one, record.roofline);
    EXPECT_EQ(line.size(), length) << line;
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  }
}

}  // namespace
}  // namespace brink::test
