// Runs by several ranks against the same run by one process.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/data/npy.hpp"
#include "host/dynamics/optimizer.hpp"
#include "host/record/zarr.hpp"
#include "host/run/basin.hpp"
#include "host/run/spectrum.hpp"
#include "host/run/train.hpp"
#include "kernels/error.hpp"
#include "tests/host/data_files.hpp"
#include "tests/host/record_support.hpp"
#include "tests/support/compare.hpp"
#include "tests/support/thread_ranks.hpp"

namespace brink::test {
namespace {

RunHooks hooks_of(Ranks& ranks) {
  RunHooks hooks;
  hooks.ranks = &ranks;
  return hooks;
}

/// Wide enough for the Hessian on the data's principal directions.
ProblemOptions problem(Precision precision) {
  ProblemOptions options;
  options.data.source = "synthetic:examples=203,features=300,classes=3,test=30,seed=1";
  options.hidden = {8, 5};
  options.precision = precision;
  options.threads = 1;
  return options;
}

TrainOptions training(std::string const& method, Precision precision, std::string const& out) {
  TrainOptions options;
  options.problem = problem(precision);
  options.on_square_root = method == "gd-sqrt";
  options.method = parse_method(options.on_square_root ? "gd" : method);
  options.learning_rate = method == "normalized-gd" ? 0.01 : 0.05;
  options.steps = 50;
  options.sharpness_every = 10;
  options.sharpness_tolerance = precision == Precision::float64 ? 1e-7 : 1e-3;
  options.line_every = 10;
  options.line_points = 10;
  options.segment_every = 20;
  options.segment_points = 3;
  options.test_every = 10;
  options.out = out;
  return options;
}

/// Row by row: the largest difference, relative to the largest value.
double largest_difference(std::string const& a, std::string const& b, std::string const& array) {
  std::vector<double> const one = ZarrGroup::open(a).read(array);
  std::vector<double> const other = ZarrGroup::open(b).read(array);
  EXPECT_EQ(one.size(), other.size());
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(std::isnan(one[i]), std::isnan(other[i])) << array << "[" << i << "]";
    if (std::isnan(one[i])) continue;
    largest = std::max(largest, std::abs(one[i]));
    difference = std::max(difference, std::abs(one[i] - other[i]));
  }
  return largest > 0 ? difference / largest : difference;
}

class RanksTrain : public ::testing::TestWithParam<std::string> {
 protected:
  /// A run of so many ranks.
  TrainResult run(int count, Precision precision, std::string const& name) {
    TrainOptions options = training(GetParam(), precision, files_.string(name));
    options.save_parameters = files_.string(name + ".npy");
    if (count == 1) {
      options.gram = options.method == Method::gd || options.method == Method::normalized_gd
                         ? std::optional(false)
                         : std::nullopt;
      return train(options, {});
    }
    TrainResult first;
    as_ranks(count, [&](Ranks& ranks) {
      TrainResult const result = train(options, hooks_of(ranks));
      if (ranks.is_first()) first = result;
    });
    return first;
  }

  std::string file(std::string const& name) const { return files_.string(name); }

  Files files_;
};

TEST_P(RanksTrain, AgreesWithOneProcess) {
  for (Precision const precision : {Precision::float64, Precision::float32}) {
    bool const fine = precision == Precision::float64;
    std::string const name = precision_name(precision);
    double const allowed = fine ? 1e-12 : 1e-5;
    TrainResult const whole = run(1, precision, name + "-1");
    for (int const count : {2, 4}) {
      SCOPED_TRACE(fmt::format("{} ranks, {}", count, name));
      std::string const shared = fmt::format("{}-{}", name, count);
      TrainResult const result = run(count, precision, shared);
      EXPECT_EQ(result.stop_reason, whole.stop_reason);
      EXPECT_EQ(result.steps, whole.steps);
      EXPECT_EQ(std::isnan(result.identity_residual), std::isnan(whole.identity_residual));
      if (!std::isnan(whole.identity_residual)) {
        EXPECT_NEAR(result.identity_residual, whole.identity_residual, fine ? 1e-11 : 1e-4);
      }
      auto const difference = [&](std::string const& array) {
        return largest_difference(file(name + "-1"), file(shared), array);
      };
      EXPECT_EQ(difference("accuracy"), 0);
      EXPECT_EQ(difference("test_accuracy"), 0);
      for (char const* array : {"loss", "gradient_norm", "test_loss"}) {
        EXPECT_LE(difference(array), allowed) << array;
      }
      EXPECT_LE(difference("sharpness"), fine ? 1e-12 : 1e-5);
      EXPECT_LE(difference("segment_sharpness"), fine ? 1e-12 : 1e-5);
      auto const theta = [&](std::string const& of) {
        return npy_values<double>(read_npy(file(of + ".npy")), of);
      };
      EXPECT_LE(relative_error(theta(shared), theta(name + "-1")), allowed);
    }
  }
}

TEST_P(RanksTrain, IsTheSameFromRunToRun) {
  run(3, Precision::float32, "once");
  run(3, Precision::float32, "again");
  EXPECT_EQ(contents(file("once")), contents(file("again")));
  EXPECT_EQ(read_npy(file("once.npy")).bytes, read_npy(file("again.npy")).bytes);
}

INSTANTIATE_TEST_SUITE_P(Methods, RanksTrain,
                         ::testing::Values("gd", "gd-sqrt", "normalized-gd", "polyak", "nesterov",
                                           "flow"),
                         [](auto const& method) {
                           std::string name = method.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(RanksTraining, IsInterruptedTogetherAndResumedByAnyNumber) {
  Files const files;
  TrainOptions options = training("gd", Precision::float64, files.string("run.zarr"));
  options.problem.data.source = "synthetic:examples=203,features=20,classes=3,test=30,seed=1";
  TrainOptions whole = options;
  whole.out = files.string("whole.zarr");
  EXPECT_EQ(train(whole, {}).stop_reason, "steps");
  int made = 2;
  for (int const count : {2, 4, 1, 3}) {
    as_ranks(count, [&](Ranks& ranks) {
      RunHooks hooks = hooks_of(ranks);
      int steps = 0;
      // The signal reaches the last rank alone.
      hooks.interrupted = [&] { return ++steps == 12 && ranks.rank() == count - 1; };
      TrainResult const result = train(options, hooks);
      EXPECT_EQ(result.stop_reason, "interrupted");
      EXPECT_EQ(result.steps, made + 10);
      ranks.meet();
    });
    made += 12;
    options.resume = true;
  }
  as_ranks(2,
           [&](Ranks& ranks) { EXPECT_EQ(train(options, hooks_of(ranks)).stop_reason, "steps"); });
  for (char const* array : {"loss", "sharpness", "relative_progress", "test_loss"}) {
    EXPECT_LE(largest_difference(options.out, whole.out, array), 1e-10) << array;
  }
}

TEST(RanksTraining, IsRefusedWhereARankLacksWhatItTakes) {
  Files const files;
  auto const refusal = [&](TrainOptions const& options) -> std::string {
    try {
      as_ranks(2, [&](Ranks& ranks) { train(options, hooks_of(ranks)); });
    } catch (InputError const& error) {
      EXPECT_EQ(files.count(), 0u);
      return error.what();
    }
    return "";
  };
  TrainOptions options = training("gd", Precision::float64, files.string("run.zarr"));
  options.gram = true;
  EXPECT_THAT(refusal(options), ::testing::HasSubstr("--gram"));
  options.gram = {};
  options.method = Method::sgd;
  options.line_every = 0;
  EXPECT_THAT(refusal(options), ::testing::HasSubstr("--method sgd"));
  options.method = Method::gd;
  options.problem.data.source = "synthetic:examples=1,features=9,classes=2,test=4";
  EXPECT_THAT(refusal(options), ::testing::HasSubstr("2 ranks share 1 examples"));
}

TEST(RanksTraining, OfOneProcessWithTheGramMatrixIsNotResumedByRanks) {
  Files const files;
  TrainOptions options = training("gd", Precision::float64, files.string("run.zarr"));
  RunHooks hooks;
  hooks.interrupted = [] { return true; };
  EXPECT_EQ(train(options, hooks).stop_reason, "interrupted");
  options.resume = true;
  try {
    as_ranks(2, [&](Ranks& ranks) { train(options, hooks_of(ranks)); });
    FAIL();
  } catch (InputError const& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("begun by one process"));
  }
  EXPECT_EQ(train(options, {}).stop_reason, "steps");
}

TEST(RanksSpectrum, AgreesWithOneProcess) {
  Files const files;
  SpectrumOptions options;
  options.problem = problem(Precision::float64);
  options.problem.data.source = "synthetic:examples=101,features=12,classes=3,seed=1";
  options.top = 3;
  options.bottom = 2;
  options.tolerance = 1e-9;
  options.trace = true;
  options.density = true;
  options.lanczos_steps = 10;  // more of them magnify rounding
  options.all = true;
  options.out = files.string("whole.zarr");
  SpectrumResult const whole = spectrum(options, {});
  for (int const count : {2, 3}) {
    options.out = files.string(fmt::format("{}.zarr", count));
    as_ranks(count, [&](Ranks& ranks) {
      SpectrumResult const result = spectrum(options, hooks_of(ranks));
      EXPECT_LE(relative_error(result.top.values, whole.top.values), 1e-12);
      EXPECT_LE(relative_error(result.bottom.values, whole.bottom.values), 1e-12);
      EXPECT_LE(relative_error(result.all.values, whole.all.values), 1e-12);
      EXPECT_NEAR(result.trace.mean / whole.trace.mean, 1, 1e-12);
      EXPECT_EQ(result.accuracy, whole.accuracy);
    });
    EXPECT_LE(largest_difference(options.out, files.string("whole.zarr"), "density"), 1e-9);
  }
}

TEST(RanksBasin, AreByteForByteThatOfOneProcess) {
  Files const files;
  auto const scan = [&](std::string const& out, bool sample) {
    BasinOptions options;
    options.rule.landscape = parse_landscape("f4");
    options.steps = {0.1, 0.3};
    options.x = {-4, 4, 1400};
    options.y = Axis{-3, 3, 650};
    if (sample) options.samples = 500'000;
    options.threads = 1;
    options.out = files.string(out);
    options.png = sample ? "" : files.string(out + ".png");
    return options;
  };
  for (bool const sample : {false, true}) {
    EXPECT_EQ(basin(scan("whole.zarr", sample), {}).stop_reason, "complete");
    for (int const count : {2, 3, 4}) {
      as_ranks(count, [&](Ranks& ranks) {
        BasinResult const result = basin(scan("ranks.zarr", sample), hooks_of(ranks));
        EXPECT_EQ(result.stop_reason, "complete");
        EXPECT_EQ(result.summaries.size(), ranks.is_first() ? 2u : 0u);
      });
      EXPECT_EQ(contents(files.path("ranks.zarr")), contents(files.path("whole.zarr")));
      remove_record(files.path("ranks.zarr"));
    }
    remove_record(files.path("whole.zarr"));
  }
}

TEST(RanksBasin, IsInterruptedTogetherAndResumedByAnyNumber) {
  Files const files;
  BasinOptions options;
  options.rule.landscape = parse_landscape("f4");
  options.steps = {0.3};
  options.x = {-4, 4, 6000};
  options.threads = 1;
  options.out = files.string("whole.zarr");
  EXPECT_EQ(basin(options, {}).stop_reason, "complete");
  options.out = files.string("run.zarr");
  for (int const count : {3, 2, 4}) {
    as_ranks(count, [&](Ranks& ranks) {
      RunHooks hooks = hooks_of(ranks);
      int looks = 0;
      hooks.interrupted = [&] { return ++looks > 2; };
      EXPECT_EQ(basin(options, hooks).stop_reason, "interrupted");
    });
    options.resume = true;
  }
  as_ranks(
      2, [&](Ranks& ranks) { EXPECT_EQ(basin(options, hooks_of(ranks)).stop_reason, "complete"); });
  EXPECT_EQ(contents(files.path("run.zarr")), contents(files.path("whole.zarr")));
}

}  // namespace
}  // namespace brink::test
