#include "host/diagnostics/line_sweep.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/compare.hpp"

namespace brink::test {
namespace {

/// f(θ − τ v) along a step v of a function of one variable, with its derivative in τ.
template <class F, class D>
LineFunction line_of(F f, D derivative, double theta, double v) {
  return [=](std::vector<double> const& taus) {
    std::vector<LinePoint> points;
    for (double const tau : taus) {
      points.push_back({f(theta - tau * v), -v * derivative(theta - tau * v)});
    }
    return points;
  };
}

TEST(LineSweep, TausBeginWithZeroAndEndWithOne) {
  EXPECT_EQ(fractions_of_step(1), (std::vector<double>{0, 1}));
  EXPECT_EQ(fractions_of_step(4), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(fractions_of_step(100).size(), 101u);
}

TEST(LineSweep, OnAQuadraticSmoothnessIsItsCurvature) {
  // f = ½ a θ²: L = a everywhere, RP = −1 + η a / 2, and both quadratures are exact.
  double const a = 3;
  double const theta = 0.7;
  for (double const eta : {0.1, 0.5, 1.0}) {
    double const v = eta * a * theta;
    auto const line = line_of([&](double x) { return 0.5 * a * x * x; },
                              [&](double x) { return a * x; }, theta, v);
    for (Index const points : {1, 2, 3, 10, 100}) {
      auto const taus = fractions_of_step(points);
      LineSweep const sweep = analyse_sweep(line(taus), taus, v * v);
      EXPECT_LE(relative_error(sweep.smoothness,
                               std::vector<double>(static_cast<std::size_t>(points), a)),
                1e-12);
      EXPECT_NEAR(sweep.progress, -1 + eta * a / 2, 1e-12);
    }
  }
}

TEST(LineSweep, TheIdentityHoldsOnAnyFunction) {
  // (4.2) for f = cosh: its right-hand side against RP by its definition.
  double const theta = 1.3;
  double const eta = 0.9;
  double const g = std::sinh(theta);
  double const v = eta * g;
  auto const line = line_of([](double x) { return std::cosh(x); },
                            [](double x) { return std::sinh(x); }, theta, v);
  double const progress = (std::cosh(theta - v) - std::cosh(theta)) / (eta * g * g);
  auto const error = [&](Index points) {
    auto const taus = fractions_of_step(points);
    return std::abs(analyse_sweep(line(taus), taus, v * v).progress - progress);
  };
  EXPECT_LT(error(100), 1e-8);
  EXPECT_LT(error(101), 1e-3);
  EXPECT_NEAR(std::log2(error(8) / error(16)), 4, 0.3);  // Simpson
  EXPECT_NEAR(std::log2(error(9) / error(19)), 2, 0.3);  // trapezoids
  auto const taus = fractions_of_step(10);
  auto const smoothness = analyse_sweep(line(taus), taus, v * v).smoothness;
  for (std::size_t i = 0; i < smoothness.size(); ++i) {
    double const step = taus[i + 1] * v;
    EXPECT_NEAR(smoothness[i], (std::sinh(theta) - std::sinh(theta - step)) / step, 1e-12);
  }
}

TEST(LineSweep, SamplesOfASmoothLineCostFewEvaluationsAndKeepTheDigits) {
  std::size_t asked = 0;
  auto const exact =
      line_of([](double x) { return std::log(2 + std::sin(3 * x)); },
              [](double x) { return 3 * std::cos(3 * x) / (2 + std::sin(3 * x)); }, 0.4, 0.6);
  LineFunction const counted = [&](std::vector<double> const& taus) {
    asked += taus.size();
    return exact(taus);
  };
  auto const taus = fractions_of_step(200);
  auto const sampled = sample_line(counted, taus, 1e-13);
  EXPECT_LE(asked, 33u);
  auto const want = exact(taus);
  ASSERT_EQ(sampled.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(sampled[i].loss, want[i].loss, 1e-12);
    EXPECT_NEAR(sampled[i].derivative, want[i].derivative, 1e-11);
  }
}

TEST(LineSweep, SamplesOfALineWithAKinkAreComputedEachForItself) {
  auto const exact = line_of([](double x) { return std::abs(x); },
                             [](double x) { return x > 0 ? 1.0 : -1.0; }, 0.31, 1);
  auto const taus = fractions_of_step(200);
  auto const sampled = sample_line(exact, taus, 1e-13);
  auto const want = exact(taus);
  ASSERT_EQ(sampled.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(sampled[i].loss, want[i].loss);
    EXPECT_EQ(sampled[i].derivative, want[i].derivative);
  }
}

}  // namespace
}  // namespace brink::test
