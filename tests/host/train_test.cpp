#include "host/run/train.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "host/data/npy.hpp"
#include "host/dynamics/optimizer.hpp"
#include "host/record/checkpoint.hpp"
#include "host/record/zarr.hpp"
#include "kernels/linalg.hpp"
#include "tests/host/data_files.hpp"
#include "tests/oracle/oracle.hpp"
#include "tests/support/compare.hpp"

namespace brink::test {
namespace {

constexpr Index steps = 13;

/// A run of a moment, with every diagnostic that goes with the method.
TrainOptions small_run(Files const& files, std::string const& method) {
  TrainOptions options;
  options.problem.data.source = "synthetic:examples=40,features=6,classes=3,test=10,seed=1";
  options.problem.hidden = {5, 4};
  options.problem.precision = Precision::float64;
  options.problem.threads = 2;
  options.problem.seed = 3;
  options.on_square_root = method == "gd-sqrt";
  options.method = parse_method(options.on_square_root ? "gd" : method);
  options.learning_rate = 0.05;
  options.batch_size = 7;
  options.steps = steps;
  options.sharpness_every = 4;
  options.top = 2;
  options.test_every = 5;
  options.segment_every = 4;
  options.segment_points = 3;
  if (method == "sgd") {
    options.expectation_every = 4;
    options.draws = 3;
  } else {
    options.line_every = 3;
    options.line_points = 10;
  }
  options.out = files.string("run.zarr");
  options.save_parameters = files.string("theta.npy");
  return options;
}

std::vector<double> read(TrainOptions const& options, std::string const& name) {
  return ZarrGroup::open(options.out).read(name);
}

std::vector<double> steps_listed(std::initializer_list<int> listed) {
  return {listed.begin(), listed.end()};
}

void expect_finite(std::vector<double> const& values, std::string const& name) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(std::isfinite(values[i])) << name << "[" << i << "]";
  }
}

class TrainMethod : public ::testing::TestWithParam<std::string> {
 protected:
  bool sgd() const { return GetParam() == "sgd"; }
  Files files_;
};

TEST_P(TrainMethod, LeavesARowPerStepAndNaNOnlyWhereTheNextStepIsMissing) {
  TrainOptions const options = small_run(files_, GetParam());
  TrainResult const result = train(options, {});
  EXPECT_EQ(result.stop_reason, "steps");
  EXPECT_EQ(result.steps, steps);

  ZarrGroup const record = ZarrGroup::open(options.out);
  EXPECT_EQ(record.attributes().at("stop_reason"), "steps");
  EXPECT_FALSE(has_checkpoint(options.out));
  std::vector<double> all;
  for (int i = 0; i <= steps; ++i) all.push_back(i);
  EXPECT_EQ(record.read("step"), all);
  std::vector<std::string> series{"loss", "accuracy", "gradient_norm"};
  if (options.method == Method::flow) series.push_back("time");
  for (std::string const& name : series) {
    EXPECT_EQ(record.read(name).size(), all.size()) << name;
    expect_finite(record.read(name), name);
  }
  for (std::string const name : {"relative_progress", "directional_smoothness"}) {
    std::vector<double> values = record.read(name);
    ASSERT_EQ(values.size(), all.size());
    EXPECT_TRUE(std::isnan(values.back()));
    values.pop_back();
    if (sgd()) {
      for (double const value : values) EXPECT_TRUE(std::isnan(value)) << name;
    } else {
      expect_finite(values, name);
    }
  }
  EXPECT_EQ(result.loss, record.read("loss").back());
  EXPECT_EQ(result.accuracy, record.read("accuracy").back());

  auto const multiples_and_last = steps_listed({0, 4, 8, 12, 13});
  EXPECT_EQ(record.read("sharpness_step"), multiples_and_last);
  EXPECT_EQ(record.read("hvp_count").size(), multiples_and_last.size());
  for (std::string const name : {"sharpness", "sharpness_residual", "gradient_alignment"}) {
    EXPECT_EQ(record.shape(name), (std::vector<Index>{5, 2}));
    expect_finite(record.read(name), name);
  }
  EXPECT_EQ(result.sharpness, record.read("sharpness")[8]);
  EXPECT_EQ(record.read("segment_step"), steps_listed({0, 4, 8, 12}));
  EXPECT_EQ(record.read("segment_tau"), (std::vector<double>{0, 1.0 / 3, 2.0 / 3, 1}));
  for (std::string const name : {"segment_sharpness", "segment_sharpness_residual"}) {
    EXPECT_EQ(record.shape(name), (std::vector<Index>{4, 4}));
    expect_finite(record.read(name), name);
  }
  EXPECT_EQ(record.read("test_step"), steps_listed({0, 5, 10, 13}));
  expect_finite(record.read("test_loss"), "test_loss");
  expect_finite(record.read("test_accuracy"), "test_accuracy");

  if (sgd()) {
    EXPECT_EQ(record.read("expectation_step"), multiples_and_last);
    for (std::string const name :
         {"full_loss", "full_accuracy", "full_gradient_norm", "expected_relative_progress",
          "expected_relative_progress_error", "expected_smoothness", "expected_smoothness_error"}) {
      EXPECT_EQ(record.read(name).size(), multiples_and_last.size());
      expect_finite(record.read(name), name);
    }
  } else {
    EXPECT_EQ(record.read("line_step"), steps_listed({0, 3, 6, 9, 12}));
    EXPECT_EQ(record.shape("line_smoothness"), (std::vector<Index>{5, 10}));
    expect_finite(record.read("line_smoothness"), "line_smoothness");
    expect_finite(record.read("line_progress"), "line_progress");
  }
}

/// Runs with interruptions at the given steps, resuming after each.
TrainResult run_interrupted(TrainOptions options, std::vector<Index> const& at) {
  std::size_t next = 0;
  while (true) {
    Index done = 0;
    RunHooks hooks;
    hooks.progress = [&](Progress const& progress) { done = progress.done; };
    hooks.interrupted = [&] { return next < at.size() && done == at[next]; };
    TrainResult const result = train(options, hooks);
    if (result.stop_reason != "interrupted") return result;
    EXPECT_EQ(result.steps, at[next]);
    EXPECT_TRUE(has_checkpoint(options.out));
    ++next;
    options.resume = true;
  }
}

/// Bitwise, so that NaN equals NaN.
std::vector<std::uint64_t> bits(std::vector<double> const& values) {
  std::vector<std::uint64_t> patterns;
  for (double const value : values) patterns.push_back(std::bit_cast<std::uint64_t>(value));
  return patterns;
}

void expect_same_records(std::string const& a, std::string const& b) {
  ZarrGroup const one = ZarrGroup::open(a);
  ZarrGroup const other = ZarrGroup::open(b);
  EXPECT_EQ(one.attributes(), other.attributes());
  ASSERT_EQ(one.names(), other.names());
  for (std::string const& name : one.names()) {
    EXPECT_EQ(one.shape(name), other.shape(name)) << name;
    EXPECT_EQ(bits(one.read(name)), bits(other.read(name))) << name;
  }
}

TEST_P(TrainMethod, ResumedEqualsUninterruptedBitForBit) {
  struct Case {
    Precision precision;
    std::vector<Index> interruptions;
  };
  for (auto const& [precision, at] :
       std::vector<Case>{{Precision::float64, {4}}, {Precision::float32, {1, 2, 5, 9, 13}}}) {
    SCOPED_TRACE(precision_name(precision));
    TrainOptions whole = small_run(files_, GetParam());
    whole.problem.precision = precision;
    whole.overwrite = true;
    TrainResult const want = train(whole, {});
    TrainOptions pieces = whole;
    pieces.overwrite = false;
    pieces.out = files_.string(precision_name(precision) + ".zarr");
    pieces.save_parameters = files_.string("resumed.npy");
    TrainResult const got = run_interrupted(pieces, at);
    EXPECT_EQ(got.stop_reason, want.stop_reason);
    EXPECT_EQ(got.loss, want.loss);
    EXPECT_EQ(got.sharpness, want.sharpness);
    expect_same_records(pieces.out, whole.out);
    EXPECT_EQ(read_npy(pieces.save_parameters).bytes, read_npy(whole.save_parameters).bytes);
  }
}

TEST(Train, ResumedOnWideDataEqualsUninterruptedBitForBit) {
  Files const files;
  TrainOptions whole = small_run(files, "gd");
  whole.problem.data.source = "synthetic:examples=90,features=400,classes=3,test=10,seed=1";
  TrainResult const want = train(whole, {});
  // Wide enough for the Gram matrix, and for the sharpness to start from the data's principal
  // directions.
  for (double const count : read(whole, "coarse_hvp_count")) EXPECT_GT(count, 0);
  EXPECT_EQ(ZarrGroup::open(whole.out).attributes().at("first_layer_products"), "gram");
  TrainOptions pieces = whole;
  pieces.out = files.string("pieces.zarr");
  TrainResult const got = run_interrupted(pieces, {2, 5, 9});
  EXPECT_EQ(got.loss, want.loss);
  expect_same_records(pieces.out, whole.out);
}

/// ‖a − b‖ / ‖b‖ over the entries that are not NaN, which must be the same ones.
double distance(std::vector<double> a, std::vector<double> b) {
  EXPECT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    EXPECT_EQ(std::isnan(a[i]), std::isnan(b[i])) << i;
    if (std::isnan(b[i])) a[i] = b[i] = 0;
  }
  return relative_error(a, b);
}

TEST(Train, ProductsWithTheGramMatrixAreThoseWithTheData) {
  for (std::string const method : {"gd", "normalized-gd", "gd-sqrt"}) {
    for (auto const& hidden : {std::vector<Index>{5, 4}, {}}) {
      for (Precision const precision : {Precision::float32, Precision::float64}) {
        SCOPED_TRACE(method + ", " + precision_name(precision));
        Files const files;
        TrainOptions with = small_run(files, method);
        with.problem.data.source = "synthetic:examples=90,features=60,classes=3,test=10,seed=1";
        with.problem.hidden = hidden;
        with.problem.precision = precision;
        with.sharpness_tolerance = 1e-5;
        with.gram = true;
        TrainOptions without = with;
        without.gram = false;
        without.out = files.string("without.zarr");
        without.save_parameters = files.string("without.npy");
        train(with, {});
        train(without, {});
        ZarrGroup const one = ZarrGroup::open(with.out);
        ZarrGroup const other = ZarrGroup::open(without.out);
        EXPECT_EQ(one.attributes().at("first_layer_products"), "gram");
        EXPECT_EQ(other.attributes().at("first_layer_products"), "data");
        bool const wide = precision == Precision::float64;
        for (std::string const& name : one.names()) {
          if (name.ends_with("residual") || name.ends_with("hvp_count")) continue;
          // Relative progress divides the difference of two losses.
          double const allowed = name == "gradient_alignment"    ? 1e-3  // as good as eigenvectors
                                 : name.starts_with("sharpness") ? 1e-5
                                 : wide                          ? 1e-10
                                                                 : 1e-4;
          EXPECT_LE(distance(one.read(name), other.read(name)), allowed) << name;
        }
        auto const parameters = [](std::string const& path) {
          return npy_values<double>(read_npy(path), path);
        };
        EXPECT_LE(distance(parameters(with.save_parameters), parameters(without.save_parameters)),
                  wide ? 1e-12 : 1e-5);
      }
    }
  }
}

TEST(Train, GramMatrixIsLeftToMethodsAndDataThatItSuits) {
  Files const files;
  for (std::string const method : {"sgd", "polyak", "nesterov", "flow"}) {
    TrainOptions options = small_run(files, method);
    options.problem.data.source = "synthetic:examples=40,features=60,classes=3,test=10,seed=1";
    options.overwrite = true;
    train(options, {});
    EXPECT_EQ(ZarrGroup::open(options.out).attributes().at("first_layer_products"), "data");
  }
  TrainOptions narrow = small_run(files, "gd");
  narrow.overwrite = true;
  train(narrow, {});
  EXPECT_EQ(ZarrGroup::open(narrow.out).attributes().at("first_layer_products"), "data");
}

TEST_P(TrainMethod, RepeatsBitForBit) {
  TrainOptions options = small_run(files_, GetParam());
  train(options, {});
  std::string const first = options.out;
  options.out = files_.string("again.zarr");
  train(options, {});
  expect_same_records(first, options.out);
}

INSTANTIATE_TEST_SUITE_P(All, TrainMethod,
                         ::testing::Values("gd", "sgd", "normalized-gd", "polyak", "nesterov",
                                           "flow", "gd-sqrt"),
                         [](auto const& which) {
                           std::string name = which.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// The oracle's problem for npy files that the test writes, and the options that train on it.
struct OracleRun {
  explicit OracleRun(Files const& files) {
    constexpr Index n = 12;
    constexpr Index features = 3;
    std::vector<double> const x = random_vector(n * features, 1);
    std::vector<std::int32_t> labels;
    for (Index i = 0; i < n; ++i) {
      problem.x.emplace_back(x.begin() + i * features, x.begin() + (i + 1) * features);
      labels.push_back(static_cast<std::int32_t>(i % 3));
    }
    problem.labels = labels;
    theta = random_vector(problem.parameters(), 2, 0.5);
    write_npy<double>(files.path("x.npy"), x, {n, features});
    write_npy<std::int32_t>(files.path("y.npy"), labels, {n});
    write_npy<double>(files.path("start.npy"), theta, {std::ssize(theta)});
    options = small_run(files, "gd");
    options.problem.data.source = "npy:" + files.string("x.npy") + "," + files.string("y.npy");
    options.problem.hidden = {4};
    options.problem.initialization = "npy:" + files.string("start.npy");
    options.test_every = 0;
    options.learning_rate = 0.8;
  }

  oracle::Problem problem{{3, 4, 3}, "tanh", "cross-entropy", {}, {}, {}};
  oracle::Reals theta;
  TrainOptions options;
};

TEST(Train, GradientDescentIsTheOracles) {
  Files const files;
  OracleRun run(files);
  run.options.sharpness_tolerance = 1e-8;
  run.options.line_points = 4;
  TrainResult const result = train(run.options, {});
  ZarrGroup const record = ZarrGroup::open(run.options.out);
  double const eta = run.options.learning_rate;
  auto const path = oracle::gradient_descent(run.problem, run.theta, eta, steps);
  std::vector<double> loss, accuracy, norm, progress, smoothness;
  for (oracle::Reals const& theta : path) {
    oracle::Reals const g = run.problem.gradient(theta);
    oracle::Reals const v = oracle::plus(oracle::Reals(g.size(), 0.0), eta, g);
    loss.push_back(run.problem.value(theta));
    accuracy.push_back(static_cast<double>(run.problem.correct(theta)) / 12);
    norm.push_back(std::sqrt(oracle::dot(g, g)));
    progress.push_back(oracle::relative_progress(run.problem, theta, eta));
    smoothness.push_back(oracle::directional_smoothness(run.problem, theta, v));
  }
  progress.pop_back();
  smoothness.pop_back();
  auto const without_last = [&](char const* name) {
    std::vector<double> values = record.read(name);
    values.pop_back();
    return values;
  };
  EXPECT_LE(relative_error(record.read("loss"), loss), 1e-12);
  EXPECT_EQ(record.read("accuracy"), accuracy);
  EXPECT_LE(relative_error(record.read("gradient_norm"), norm), 1e-11);
  EXPECT_LE(relative_error(without_last("relative_progress"), progress), 1e-10);
  EXPECT_LE(relative_error(without_last("directional_smoothness"), smoothness), 1e-10);
  EXPECT_LE(relative_error(npy_values<double>(read_npy(run.options.save_parameters), "theta"),
                           path.back()),
            1e-12);

  auto const parameters = static_cast<Index>(run.problem.parameters());
  auto const sharpness = record.read("sharpness");
  auto const at = record.read("sharpness_step");
  for (std::size_t i = 0; i < at.size(); ++i) {
    auto const hessian = run.problem.hessian(path[static_cast<std::size_t>(at[i])]);
    auto const all = symmetric_eigen(hessian, parameters).values;
    EXPECT_NEAR(sharpness[2 * i], all[all.size() - 1], 1e-7);
    EXPECT_NEAR(sharpness[2 * i + 1], all[all.size() - 2], 1e-7);
  }
  EXPECT_NEAR(result.sharpness, sharpness[sharpness.size() - 2], 0);

  auto const segment = record.read("segment_sharpness");
  auto const segment_at = record.read("segment_step");
  for (std::size_t i = 0; i < segment_at.size(); ++i) {
    auto const t = static_cast<std::size_t>(segment_at[i]);
    for (std::size_t j = 0; j < 4; ++j) {
      double const tau = static_cast<double>(j) / 3;
      oracle::Reals const step = oracle::plus(path[t + 1], -1, path[t]);
      auto const hessian = run.problem.hessian(oracle::plus(path[t], tau, step));
      EXPECT_NEAR(segment[4 * i + j], symmetric_eigen(hessian, parameters).values.back(), 1e-7);
    }
  }

  auto const line = record.read("line_smoothness");
  auto const line_at = record.read("line_step");
  for (std::size_t i = 0; i < line_at.size(); ++i) {
    oracle::Reals const& theta = path[static_cast<std::size_t>(line_at[i])];
    oracle::Reals const g = run.problem.gradient(theta);
    for (std::size_t t = 0; t < 4; ++t) {
      double const tau = static_cast<double>(t + 1) / 4;
      oracle::Reals const v = oracle::plus(oracle::Reals(g.size(), 0.0), tau * eta, g);
      double const want = oracle::directional_smoothness(run.problem, theta, v);
      EXPECT_LE(relative_error(line[4 * i + t], want), 1e-9);
    }
  }
}

/// |⟨g, v⟩| / ‖g‖ for the Hessian's top two eigenvectors v.
std::vector<double> alignment_by_oracle(oracle::Problem const& problem,
                                        oracle::Reals const& theta) {
  oracle::Reals const g = problem.gradient(theta);
  auto const n = static_cast<Index>(g.size());
  SymmetricEigen const eigen = symmetric_eigen(problem.hessian(theta), n);
  std::vector<double> cosines;
  for (Index rank = 0; rank < 2; ++rank) {
    auto const v = eigen.vectors.begin() + (n - 1 - rank) * n;
    cosines.push_back(std::abs(oracle::dot(g, oracle::Reals(v, v + n))) /
                      std::sqrt(oracle::dot(g, g)));
  }
  return cosines;
}

TEST(Train, AlignmentIsOfTheGradientOverAllExamplesWithTheHessiansEigenvectors) {
  for (std::string const method : {"gd", "gd-sqrt", "normalized-gd", "sgd", "polyak", "flow"}) {
    bool const in_span = method == "gd" || method == "gd-sqrt" || method == "normalized-gd";
    for (bool const gram : {false, true}) {
      // At the last step, one that is measured in any case and one that is not.
      for (Index const last : {0, 12, 13}) {
        if (gram && !in_span) continue;
        SCOPED_TRACE(fmt::format("{}, gram {}, {} steps", method, gram, last));
        Files const files;
        OracleRun run(files);
        TrainOptions options = small_run(files, method);
        options.problem = run.options.problem;
        options.test_every = 0;
        options.gram = gram;
        options.steps = last;
        options.sharpness_tolerance = 1e-9;
        train(options, {});
        std::vector<double> const got = read(options, "gradient_alignment");
        ASSERT_GE(got.size(), 2);
        auto const theta = npy_values<double>(read_npy(options.save_parameters), "theta");
        auto const at_start = alignment_by_oracle(run.problem, run.theta);
        auto const at_end = alignment_by_oracle(run.problem, theta);
        for (std::size_t rank = 0; rank < 2; ++rank) {
          EXPECT_NEAR(got[rank], at_start[rank], 1e-6);
          EXPECT_NEAR(got[got.size() - 2 + rank], at_end[rank], 1e-6);
        }
        EXPECT_GT(at_end[0], 0.05);
      }
    }
  }
}

TEST(Train, TheIdentityHoldsAndTheApproximationIsOne) {
  Files const files;
  for (std::string const method : {"gd", "normalized-gd", "polyak", "nesterov", "flow"}) {
    SCOPED_TRACE(method);
    TrainOptions options = small_run(files, method);
    options.overwrite = true;
    options.line_every = 1;
    options.line_points = 100;
    TrainResult const result = train(options, {});
    EXPECT_LE(result.identity_residual, 1e-7);
    EXPECT_GE(result.identity_residual, 0);
    if (method == "gd") {
      EXPECT_LE(result.approximation_residual, 0.2);
    } else {
      EXPECT_TRUE(std::isnan(result.approximation_residual));
    }
    // Float32 keeps fewer digits of differences of losses.
    options.problem.precision = Precision::float32;
    EXPECT_LE(train(options, {}).identity_residual, 1e-2);
  }
}

TEST(Train, OnTheSquareRootProgressAndSmoothnessAreThatObjectives) {
  Files const files;
  OracleRun run(files);
  run.options.on_square_root = true;
  run.options.steps = 1;
  train(run.options, {});
  // F = √f, ∇F = ∇f / (2√f).
  auto const value = [&](oracle::Reals const& theta) {
    return std::sqrt(run.problem.value(theta));
  };
  auto const gradient = [&](oracle::Reals const& theta) {
    oracle::Reals g = run.problem.gradient(theta);
    for (double& entry : g) entry /= 2 * value(theta);
    return g;
  };
  double const eta = run.options.learning_rate;
  oracle::Reals const g = gradient(run.theta);
  oracle::Reals const next = oracle::plus(run.theta, -eta, g);
  double const square = oracle::dot(g, g);
  EXPECT_LE(relative_error(read(run.options, "relative_progress").front(),
                           (value(next) - value(run.theta)) / (eta * square)),
            1e-11);
  EXPECT_LE(relative_error(read(run.options, "directional_smoothness").front(),
                           oracle::dot(g, oracle::plus(g, -1, gradient(next))) / (eta * square)),
            1e-11);
}

TEST(Train, StopsWhenTheLossIsLowEnough) {
  Files const files;
  TrainOptions options = small_run(files, "gd");
  options.steps = 1000;
  options.until_loss = 0.5;
  TrainResult const result = train(options, {});
  EXPECT_EQ(result.stop_reason, "loss");
  auto const loss = read(options, "loss");
  EXPECT_EQ(result.steps, std::ssize(loss) - 1);
  EXPECT_LE(loss.back(), 0.5);
  for (std::size_t i = 0; i + 1 < loss.size(); ++i) EXPECT_GT(loss[i], 0.5);
}

TEST(Train, StopsWhenTheAccuracyIsHighEnough) {
  Files const files;
  for (std::string const method : {"gd", "sgd"}) {
    TrainOptions options = small_run(files, method);
    options.overwrite = true;
    options.steps = 3000;
    options.until_accuracy = 0.9;
    TrainResult const result = train(options, {});
    EXPECT_EQ(result.stop_reason, "accuracy") << method;
    // Of all examples, also where the steps see minibatches.
    auto const accuracy = read(options, method == "sgd" ? "full_accuracy" : "accuracy");
    EXPECT_GE(accuracy.back(), 0.9);
  }
}

TEST(Train, ARunThatDivergesIsAResult) {
  Files const files;
  for (std::string const method : {"gd", "sgd", "polyak"}) {
    TrainOptions options = small_run(files, method);
    options.overwrite = true;
    options.problem.loss = LossKind::mse;
    options.problem.activation = Activation::relu;
    options.learning_rate = 1e3;
    TrainResult const result = train(options, {});
    EXPECT_EQ(result.stop_reason, "diverged") << method;
    EXPECT_LT(result.steps, steps);
    EXPECT_EQ(ZarrGroup::open(options.out).attributes().at("stop_reason"), "diverged");
    EXPECT_EQ(std::ssize(read(options, "loss")), result.steps + 1);
  }
}

TEST(Train, StopsWhereTheGradientVanishes) {
  Files const files;
  write_npy<double>(files.path("x.npy"), random_vector(6, 1), {3, 2});
  write_npy<double>(files.path("y.npy"), std::vector<double>(3, 0.0), {3, 1});
  write_npy<double>(files.path("start.npy"), std::vector<double>(9, 0.0), {9});
  for (std::string const method : {"gd", "normalized-gd", "nesterov", "flow"}) {
    SCOPED_TRACE(method);
    TrainOptions options = small_run(files, method);
    options.overwrite = true;
    options.problem.data.source = "npy:" + files.string("x.npy") + "," + files.string("y.npy");
    options.problem.initialization = "npy:" + files.string("start.npy");
    options.problem.hidden = {2};
    options.problem.loss = LossKind::mse;
    options.test_every = 0;
    TrainResult const result = train(options, {});
    EXPECT_EQ(result.stop_reason, "stationary");
    EXPECT_EQ(read(options, "loss"), std::vector<double>{0});
    EXPECT_EQ(read(options, "gradient_norm"), std::vector<double>{0});
    EXPECT_TRUE(std::isnan(result.accuracy));  // the targets are values
  }
}

std::vector<double> saved_parameters(TrainOptions const& options) {
  return npy_values<double>(read_npy(options.save_parameters), options.save_parameters);
}

/// One example and a step so long that its loss vanishes, to the last digit.
TrainOptions one_long_step(Files const& files, std::string const& method) {
  TrainOptions options = small_run(files, method);
  options.problem.data.source = "synthetic:examples=1,features=4,classes=2";
  options.learning_rate = 1e5;
  options.steps = 5;
  options.overwrite = true;
  options.test_every = options.sharpness_every = options.line_every = 0;
  options.save_parameters = files.string("end.npy");
  return options;
}

TEST(Train, MomentumGoesOnWhereTheGradientVanishes) {
  Files const files;
  for (std::string const method : {"polyak", "nesterov"}) {
    SCOPED_TRACE(method);
    TrainOptions options = one_long_step(files, method);
    EXPECT_EQ(train(options, {}).stop_reason, "steps");
    EXPECT_EQ(read(options, "gradient_norm").at(1), 0);
    auto const later = saved_parameters(options);
    options.steps = 1;
    train(options, {});
    EXPECT_NE(saved_parameters(options), later);
  }
}

TEST(Train, TheSquareRootOfALossThatVanishesIsAMinimum) {
  Files const files;
  for (std::string const method : {"gd", "normalized-gd"}) {
    SCOPED_TRACE(method);
    TrainOptions options = one_long_step(files, method);
    options.on_square_root = true;
    EXPECT_EQ(train(options, {}).stop_reason, "stationary");
    EXPECT_EQ(read(options, "loss").back(), 0);
    for (double const entry : saved_parameters(options)) {
      EXPECT_TRUE(std::isfinite(entry));
    }
  }
}

TEST(Train, AnAccuracyToStopAtNeedsOne) {
  Files const files;
  TrainOptions options = small_run(files, "sgd");
  options.expectation_every = 0;
  options.until_accuracy = 0.5;
  expect_input_error([&] { train(options, {}); }, "--until-accuracy needs --expectation-every");
  write_npy<double>(files.path("x.npy"), random_vector(6, 1), {3, 2});
  write_npy<double>(files.path("y.npy"), random_vector(3, 2), {3, 1});
  TrainOptions values = small_run(files, "gd");
  values.problem.data.source = "npy:" + files.string("x.npy") + "," + files.string("y.npy");
  values.problem.loss = LossKind::mse;
  values.test_every = 0;
  values.until_accuracy = 0.5;
  expect_input_error([&] { train(values, {}); }, "--until-accuracy needs class labels");
  EXPECT_FALSE(std::filesystem::exists(values.out));
}

TEST(Train, NoStepsAreALookAtTheStart) {
  Files const files;
  TrainOptions options = small_run(files, "gd");
  options.steps = 0;
  EXPECT_EQ(train(options, {}).stop_reason, "steps");
  EXPECT_EQ(read(options, "loss").size(), 1u);
  EXPECT_EQ(read(options, "sharpness_step"), std::vector<double>{0});
  EXPECT_EQ(read(options, "line_step").size(), 0u);
}

TEST(Train, FlowBoundsItsStepByTheSharpness) {
  Files const files;
  TrainOptions options = small_run(files, "flow");
  options.sharpness_every = 1;
  options.learning_rate = 100;
  options.flow_alpha = 0.5;
  train(options, {});
  auto const time = read(options, "time");
  auto const sharpness = read(options, "sharpness");
  for (std::size_t i = 0; i + 1 < time.size(); ++i) {
    EXPECT_NEAR(time[i + 1] - time[i], std::min(100.0, 0.5 / sharpness[2 * i]), 1e-9);
  }
  auto const loss = read(options, "loss");
  EXPECT_TRUE(std::is_sorted(loss.rbegin(), loss.rend()));  // along a flow it falls
}

TEST(Train, AnExistingRecordIsNotTouchedUnlessAskedTo) {
  Files const files;
  TrainOptions options = small_run(files, "gd");
  train(options, {});
  auto const before = read(options, "loss");
  options.learning_rate = 0.01;
  expect_input_error([&] { train(options, {}); }, "run.zarr");
  EXPECT_EQ(read(options, "loss"), before);
  options.overwrite = true;
  train(options, {});
  EXPECT_NE(read(options, "loss"), before);
}

TEST(Train, ResumeOfAFinishedRunReportsIt) {
  Files const files;
  TrainOptions options = small_run(files, "gd");
  TrainResult const first = train(options, {});
  options.resume = true;
  RunHooks hooks;
  hooks.progress = [](Progress const&) { ADD_FAILURE() << "it ran again"; };
  TrainResult const again = train(options, hooks);
  EXPECT_EQ(again.stop_reason, first.stop_reason);
  EXPECT_EQ(again.steps, first.steps);
  EXPECT_EQ(again.loss, first.loss);
  EXPECT_EQ(again.accuracy, first.accuracy);
}

TEST(Train, ResumeRefusesOtherOptionsAndOtherData) {
  Files const files;
  OracleRun run(files);
  TrainOptions options = run.options;
  RunHooks hooks;
  hooks.interrupted = [] { return true; };
  EXPECT_EQ(train(options, hooks).stop_reason, "interrupted");
  options.resume = true;

  TrainOptions other = options;
  other.learning_rate = 0.3;
  expect_input_error([&] { train(other, {}); }, "lr");
  other = options;
  other.problem.hidden = {5};
  EXPECT_THROW(train(other, {}), InputError);

  write_npy<double>(files.path("x.npy"), random_vector(36, 9), {12, 3});
  expect_input_error([&] { train(options, {}); }, "data");
}

TEST(Train, ResumeRefusesAnotherTestSet) {
  Files const files;
  write_npy<double>(files.path("x.npy"), random_vector(24, 1), {12, 2});
  write_npy<double>(files.path("y.npy"), random_vector(12, 2), {12, 1});
  TrainOptions options = small_run(files, "gd");
  options.problem.data.source =
      fmt::format("npy:{0}x.npy,{0}y.npy,{0}x.npy,{0}ty.npy", files.string(""));
  options.problem.loss = LossKind::mse;
  write_npy<double>(files.path("ty.npy"), random_vector(12, 3), {12, 1});
  RunHooks hooks;
  hooks.interrupted = [] { return true; };
  EXPECT_EQ(train(options, hooks).stop_reason, "interrupted");
  options.resume = true;
  write_npy<double>(files.path("ty.npy"), random_vector(12, 4), {12, 1});
  expect_input_error([&] { train(options, {}); }, "the data");
  write_npy<double>(files.path("ty.npy"), random_vector(12, 3), {12, 1});
  EXPECT_EQ(train(options, {}).stop_reason, "steps");
}

TEST(Train, CheckpointsAlongTheWayChangeNothing) {
  Files const files;
  TrainOptions options = small_run(files, "nesterov");
  train(options, {});
  std::string const plain = options.out;
  options.out = files.string("checkpointed.zarr");
  options.checkpoint_every = 2;
  train(options, {});
  expect_same_records(plain, options.out);
}

TEST(Train, RefusesOptionsThatMakeNoSense) {
  Files const files;
  auto const refuse = [&](auto&& change, std::string const& part) {
    TrainOptions options = small_run(files, "gd");
    change(options);
    expect_input_error([&] { train(options, {}); }, part);
    EXPECT_FALSE(std::filesystem::exists(options.out));
  };
  double const nan = std::numeric_limits<double>::quiet_NaN();
  refuse([](TrainOptions& o) { o.learning_rate = 0; }, "--lr");
  refuse([&](TrainOptions& o) { o.learning_rate = nan; }, "--lr");
  refuse([](TrainOptions& o) { o.momentum = 1; }, "--momentum");
  refuse([](TrainOptions& o) { o.steps = -1; }, "--steps");
  refuse([](TrainOptions& o) { o.top = 0; }, "--top");
  refuse([](TrainOptions& o) { o.until_accuracy = 1.5; }, "--until-accuracy");
  refuse([](TrainOptions& o) { o.batch_size = 0; }, "--batch-size");
  refuse([](TrainOptions& o) { o.expectation_every = 5; }, "--expectation-every");
  refuse([](TrainOptions& o) { o.method = Method::sgd; }, "--line-every");
  refuse(
      [](TrainOptions& o) {
        o.method = Method::flow;
        o.sharpness_every = 0;
      },
      "--sharpness-every");
  refuse(
      [](TrainOptions& o) {
        o.method = Method::flow;
        o.on_square_root = true;
      },
      "--objective");
  refuse([](TrainOptions& o) { o.problem.threads = -1; }, "--threads");
  refuse([](TrainOptions& o) { o.problem.hidden = {0}; }, "width");
  refuse([](TrainOptions& o) { o.problem.device = "cuda:7"; }, "cuda:7");
  refuse(
      [](TrainOptions& o) {
        o.resume = true;
        o.overwrite = true;
      },
      "--resume");
}

}  // namespace
}  // namespace brink::test
