#include "host/diagnostics/expectation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/problem.hpp"

namespace brink::test {
namespace {

TEST(Estimate, IsTheMeanWithItsStandardError) {
  Estimate const four = estimate({1, 2, 3, 6});
  EXPECT_DOUBLE_EQ(four.mean, 3);
  EXPECT_DOUBLE_EQ(four.error, std::sqrt(14.0 / 3 / 4));
  EXPECT_DOUBLE_EQ(estimate({5}).mean, 5);
  EXPECT_TRUE(std::isnan(estimate({5}).error));
  EXPECT_TRUE(std::isnan(estimate({}).mean));
}

/// The problem over some of the examples alone.
oracle::Problem part(oracle::Problem const& all, std::vector<Index> const& examples) {
  oracle::Problem some = all;
  some.x.clear();
  some.labels.clear();
  for (Index const i : examples) {
    some.x.push_back(all.x[static_cast<std::size_t>(i)]);
    some.labels.push_back(all.labels[static_cast<std::size_t>(i)]);
  }
  return some;
}

/// RP and ‖g̃‖² L(θ; ηg̃) / ‖∇f‖² for the batch of `examples`.
struct OneDraw {
  OneDraw(oracle::Problem const& all, oracle::Reals const& theta,
          std::vector<Index> const& examples, double eta) {
    oracle::Reals const full = all.gradient(theta);
    oracle::Reals const g = part(all, examples).gradient(theta);
    oracle::Reals const v = oracle::plus(oracle::Reals(g.size(), 0.0), eta, g);
    double const square = oracle::dot(full, full);
    progress = (all.value(oracle::plus(theta, -1, v)) - all.value(theta)) / (eta * square);
    smoothness = oracle::dot(g, g) * oracle::directional_smoothness(all, theta, v) / square;
  }
  double progress, smoothness;
};

template <class T>
class Expectation : public ::testing::Test {};
TYPED_TEST_SUITE(Expectation, Precisions);

TYPED_TEST(Expectation, IsTheOraclesOverTheSameDraws) {
  using T = TypeParam;
  SmallProblem<T> const problem({12, 4, {5}, 3}, "tanh", "cross-entropy");
  LoadedProblem<T> loaded(problem);
  Minibatches const batches{12, 4, 9};
  ExpectationProbe<T> probe(*loaded.machine.context, loaded.machine.operations, problem.model,
                            loaded.set.examples(), batches);
  double const eta = 0.5;
  for (Index const step : {0, 7}) {
    ExpectedProgress const got = probe.measure(loaded.theta.view(), eta, step, 6);
    std::vector<double> progress, smoothness;
    for (Index draw = 0; draw < 6; ++draw) {
      OneDraw const one(problem.oracle, problem.theta, batches.draw(step, draw), eta);
      progress.push_back(one.progress);
      smoothness.push_back(one.smoothness);
    }
    auto const g = problem.oracle.gradient(problem.theta);
    EXPECT_LE(relative_error(got.loss, problem.oracle.value(problem.theta)), tolerance<T>);
    EXPECT_LE(relative_error(got.gradient_norm, std::sqrt(oracle::dot(g, g))), tolerance<T>);
    EXPECT_EQ(got.correct, static_cast<double>(problem.oracle.correct(problem.theta)));
    // RP is a difference of losses that share their leading digits.
    double const allowed = 10 * tolerance<T>;
    EXPECT_NEAR(got.progress.mean, estimate(progress).mean, allowed);
    EXPECT_NEAR(got.progress.error, estimate(progress).error, allowed);
    EXPECT_NEAR(got.smoothness.mean, estimate(smoothness).mean, allowed);
    EXPECT_NEAR(got.smoothness.error, estimate(smoothness).error, allowed);
  }
}

TEST(ExpectationOverAllBatches, IsWithinTheErrorOfTheMeanOverEveryBatchThereIs) {
  SmallProblem<double> const problem({6, 3, {4}, 3}, "tanh", "cross-entropy");
  LoadedProblem<double> loaded(problem);
  double const eta = 0.3;
  std::vector<double> progress;
  for (Index i = 0; i < 6; ++i) {
    for (Index j = 0; j < i; ++j) {
      progress.push_back(OneDraw(problem.oracle, problem.theta, {i, j}, eta).progress);
    }
  }
  ExpectationProbe<double> probe(*loaded.machine.context, loaded.machine.operations, problem.model,
                                 loaded.set.examples(), {6, 2, 1});
  ExpectedProgress const got = probe.measure(loaded.theta.view(), eta, 0, 400);
  EXPECT_NEAR(got.progress.mean, estimate(progress).mean, 4 * got.progress.error);
  EXPECT_GT(got.progress.error, 0);
}

TEST(ExpectationOverAllBatches, ABatchOfEverythingHasNoSpread) {
  SmallProblem<double> const problem({6, 3, {4}, 3}, "tanh", "cross-entropy");
  LoadedProblem<double> loaded(problem);
  ExpectationProbe<double> probe(*loaded.machine.context, loaded.machine.operations, problem.model,
                                 loaded.set.examples(), {6, 6, 1});
  ExpectedProgress const got = probe.measure(loaded.theta.view(), 0.3, 0, 5);
  EXPECT_NEAR(got.progress.mean, oracle::relative_progress(problem.oracle, problem.theta, 0.3),
              1e-12);
  EXPECT_NEAR(got.progress.error, 0, 1e-12);
}

}  // namespace
}  // namespace brink::test
