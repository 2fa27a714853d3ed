#include "tests/oracle/oracle.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/compare.hpp"

namespace brink::oracle {
namespace {

using test::relative_error;

Reals draw(std::mt19937_64& engine, std::size_t size, double scale = 1) {
  std::normal_distribution<double> normal(0, scale);
  Reals values;
  for (std::size_t i = 0; i < size; ++i) values.push_back(normal(engine));
  return values;
}

struct Point {
  Problem problem;
  Reals theta;
};

/// A random problem and a point that keeps away from kinks.
Point make_point(std::vector<std::int64_t> const& widths, std::int64_t examples,
                 std::string const& activation, std::string const& loss, bool regression = false) {
  std::mt19937_64 engine(1);
  Point point{{widths, activation, loss, {}, {}, {}}, {}};
  Problem& problem = point.problem;
  for (std::int64_t i = 0; i < examples; ++i) {
    problem.x.push_back(draw(engine, static_cast<std::size_t>(widths.front())));
    if (regression) {
      problem.targets.push_back(draw(engine, static_cast<std::size_t>(widths.back())));
    } else {
      problem.labels.push_back(static_cast<std::int32_t>(i % widths.back()));
    }
  }
  do {
    point.theta = draw(engine, static_cast<std::size_t>(problem.parameters()), 0.3);
  } while (problem.clearance(point.theta) < 1e-4);
  return point;
}

/// Gradient against differences of the value, and Hessian-vector product against differences of the
/// gradient, along random directions.
void check_derivatives(Point const& point) {
  auto const& [problem, theta] = point;
  std::mt19937_64 engine(2);
  Reals const g = problem.gradient(theta);
  for (int repeat = 0; repeat < 3; ++repeat) {
    Reals v = draw(engine, theta.size());
    double const length = std::sqrt(dot(v, v));
    for (double& entry : v) entry /= length;
    double const h = 1e-5;
    Reals const ahead = plus(theta, h, v);
    Reals const behind = plus(theta, -h, v);
    double const slope = (problem.value(ahead) - problem.value(behind)) / (2 * h);
    EXPECT_NEAR(dot(g, v), slope, 1e-8 * std::max(1.0, std::sqrt(dot(g, g))));

    Reals change = plus(problem.gradient(ahead), -1, problem.gradient(behind));
    for (double& entry : change) entry /= 2 * h;
    Reals const product = problem.hessian_product(theta, v);
    double const size = std::max(1e-2, std::sqrt(dot(product, product)));
    Reals const difference = plus(product, -1, change);
    EXPECT_LT(std::sqrt(dot(difference, difference)) / size, 1e-6);
  }
}

class EveryActivation : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryActivation, DerivativesAreDifferencesOfTheFunction) {
  ScalarFunction const& phi = activation(GetParam());
  for (double z = -4.05; z < 4; z += 0.1) {
    double const h = 1e-5;
    EXPECT_NEAR(phi.slope(z), (phi.value(z + h) - phi.value(z - h)) / (2 * h), 1e-9) << z;
    EXPECT_NEAR(phi.curvature(z), (phi.slope(z + h) - phi.slope(z - h)) / (2 * h), 1e-9) << z;
  }
}

TEST_P(EveryActivation, NetworkDerivativesAreDifferences) {
  for (std::string const loss : {"cross-entropy", "mse"}) {
    for (std::int64_t const examples : {1, 31, 32, 33}) {
      SCOPED_TRACE(loss + ", examples " + std::to_string(examples));
      check_derivatives(make_point({5, 7, 6, 3}, examples, GetParam(), loss));
    }
    for (std::int64_t const width : {1, 31, 32, 33}) {
      SCOPED_TRACE(loss + ", width " + std::to_string(width));
      check_derivatives(make_point({width, width, 3}, 5, GetParam(), loss));
      check_derivatives(make_point({2, width}, 5, GetParam(), loss));
    }
  }
  check_derivatives(make_point({5, 7, 6, 3}, 9, GetParam(), "mse", true));
}

INSTANTIATE_TEST_SUITE_P(Oracle, EveryActivation,
                         ::testing::Values("tanh", "relu", "gelu", "elu", "softplus", "hardtanh",
                                           "identity"),
                         [](auto const& which) { return which.param; });

TEST(Oracle, HessianIsSymmetricAndGivesTheProducts) {
  auto const [problem, theta] = make_point({4, 5, 3}, 6, "gelu", "cross-entropy");
  Reals const hessian = problem.hessian(theta);
  std::size_t const n = theta.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NEAR(hessian[i * n + j], hessian[j * n + i], 1e-14);
  }
  std::mt19937_64 engine(3);
  Reals const v = draw(engine, n);
  Reals product;
  for (std::size_t i = 0; i < n; ++i) {
    auto const row = hessian.begin() + static_cast<std::ptrdiff_t>(i * n);
    product.push_back(dot(Reals(row, row + static_cast<std::ptrdiff_t>(n)), v));
  }
  EXPECT_LT(relative_error(problem.hessian_product(theta, v), product), 1e-13);
}

TEST(Oracle, KnowsAProblemThatCanBeDoneByHand) {
  // f(w, b) = ½ (2 w + b − 1)² at w = 3, b = 1: z = 7, so f = 18, ∇f = 6 (2, 1) and
  // ∇²f = (4 2; 2 1), whose largest eigenvalue is 5, along ∇f.
  Problem const problem{{1, 1}, "identity", "mse", {{2}}, {}, {{1}}};
  Reals const theta{3, 1};
  EXPECT_EQ(problem.value(theta), 18);
  EXPECT_EQ(problem.gradient(theta), (Reals{12, 6}));
  EXPECT_EQ(problem.hessian(theta), (Reals{4, 2, 2, 1}));
  EXPECT_DOUBLE_EQ(directional_smoothness(problem, theta, {12, 6}), 5);
  // On a quadratic RP = −1 + η L / 2.
  EXPECT_DOUBLE_EQ(relative_progress(problem, theta, 0.5), -1 + 0.25 * 5);
  EXPECT_EQ(gradient_descent(problem, theta, 0.5, 1).back(), (Reals{-3, -2}));
}

TEST(Oracle, CrossEntropyOfEqualOutputsIsTheLogarithmOfTheirNumber) {
  Problem const problem{{1, 4}, "identity", "cross-entropy", {{2}}, {3}, {}};
  Reals const theta(8, 0.0);
  EXPECT_DOUBLE_EQ(problem.value(theta), std::log(4.0));
  EXPECT_EQ(problem.gradient(theta), (Reals{0.5, 0.5, 0.5, -1.5, 0.25, 0.25, 0.25, -0.75}));
  EXPECT_EQ(problem.correct(theta), 0);
}

}  // namespace
}  // namespace brink::oracle
