#include "tests/oracle/basin.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace brink::oracle {
namespace {

struct Named {
  std::string name;
  Reals weights;  ///< their number is that of the coordinates
};
std::vector<Named> const every_landscape{{"f1", {0, 0}},
                                         {"f2", {0, 0}},
                                         {"f3", {0, 0}},
                                         {"f4", {0, 0}},
                                         {"arora", {0, 0}},
                                         {"hyperbola", {0, 0}},
                                         {"neuron-linear", {0, 0}},
                                         {"neuron-tanh", {0, 0}},
                                         {"normalized-neuron", {0, 0}},
                                         {"quadratic", {3}},
                                         {"quadratic", {20, 1}},
                                         {"quadratic", {2, 1, 0.5}},
                                         {"quadratic", {4, 3, 2, 1}},
                                         {"tanh-quadratic", {3}},
                                         {"tanh-quadratic", {2, 1}},
                                         {"tanh-quadratic", {4, 3, 2, 1}}};

/// Gradient against differences of the value, Hessian against differences of the gradient.
void check_derivatives(Landscape const& f, std::size_t dimension) {
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<double> draw(-1, 1);
  double const h = 1e-5;
  for (int repeat = 0; repeat < 20; ++repeat) {
    Reals theta(dimension);
    for (double& entry : theta) entry = draw(engine);
    Reals const g = f.gradient(theta);
    Reals const hessian = f.hessian(theta);
    for (std::size_t i = 0; i < dimension; ++i) {
      Reals ahead = theta;
      Reals behind = theta;
      ahead[i] += h;
      behind[i] -= h;
      double const slope = (f.value(ahead) - f.value(behind)) / (2 * h);
      EXPECT_NEAR(g[i], slope, 1e-7 * (1 + std::abs(slope)));
      Reals const change = plus(f.gradient(ahead), -1, f.gradient(behind));
      for (std::size_t j = 0; j < dimension; ++j) {
        double const bend = change[j] / (2 * h);
        EXPECT_NEAR(hessian[i * dimension + j], bend, 1e-6 * (1 + std::abs(bend)));
      }
    }
  }
}

TEST(BasinOracle, DerivativesAreDifferencesOfTheFunction) {
  for (auto const& [name, weights] : every_landscape) {
    SCOPED_TRACE(name);
    check_derivatives(*landscape(name, weights), weights.size());
    if (name == "f2" || name == "f4") check_derivatives(*square_root_of(name), 2);
  }
  EXPECT_THROW(landscape("f5"), std::out_of_range);
}

TEST(BasinOracle, ValuesAreThoseDoneByHand) {
  Reals const theta{2, -1};
  EXPECT_EQ(landscape("f1")->value(theta), 4 + 1 - 4 + 8 - 1);
  EXPECT_EQ(landscape("f2")->value(theta), 4 + 1 - 4 + 16 + 1);
  EXPECT_EQ(landscape("f3")->value(theta), 16 + 4 - 12 + 1);
  EXPECT_EQ(landscape("f4")->value(theta), 9 + 5.0 / 20);
  EXPECT_EQ(square_root_of("f3")->value(theta), 3);
  EXPECT_EQ(landscape("quadratic")->value(theta), 81);
  EXPECT_EQ(landscape("tanh-quadratic", {0.25, 1})->value(theta), std::tanh(2));
  EXPECT_EQ(landscape("neuron-linear")->value(theta), 4);
  EXPECT_EQ(landscape("neuron-tanh")->value(theta), std::pow(2 * std::tanh(1), 2));
  EXPECT_NEAR(landscape("normalized-neuron")->value(theta), 0.4 * 0.4 / 5 + 0.05, 1e-15);
  EXPECT_EQ(landscape("arora")->value(theta), 5);
  EXPECT_EQ(landscape("hyperbola")->value(theta), 9);
}

TEST(BasinOracle, MinimaAreStationaryAndAsSharpAsThePapersSay) {
  struct Expected {
    std::string name;
    std::size_t count;
    double sharpness;
  };
  for (auto const& [name, count, sharpness] : std::vector<Expected>{{"f1", 1, 2},
                                                                    {"f2", 1, 2},
                                                                    {"f3", 4, 12},
                                                                    {"f4", 2, 3.8},
                                                                    {"quadratic", 1, 40},
                                                                    {"tanh-quadratic", 1, 40},
                                                                    {"neuron-linear", 0, 0},
                                                                    {"neuron-tanh", 0, 0},
                                                                    {"normalized-neuron", 0, 0},
                                                                    {"arora", 0, 0},
                                                                    {"hyperbola", 0, 0}}) {
    SCOPED_TRACE(name);
    auto const f = landscape(name);
    ASSERT_EQ(f->minima().size(), count);
    for (Reals const& at : f->minima()) {
      Reals const g = f->gradient(at);
      EXPECT_LT(std::sqrt(dot(g, g)), 1e-15);
      Reals const h = f->hessian(at);
      double const mean = (h[0] + h[3]) / 2;
      double const spread = std::hypot((h[0] - h[3]) / 2, h[1]);
      EXPECT_NEAR(mean + spread, sharpness, 1e-12);
      EXPECT_GT(mean - spread, 0);
    }
  }
  EXPECT_EQ(square_root_of("f4")->minima().size(), 2u);
  EXPECT_TRUE(square_root_of("f3")->minima().empty());
}

Descent with_step(double step) {
  Descent descent;
  descent.step = step;
  return descent;
}

TEST(BasinOracle, QuadraticIsWhatItsMultipliersSay) {
  // θ₁ ← (1 − 40η) θ₁ and θ₂ ← (1 − 2η) θ₂.
  auto const f = landscape("quadratic");
  Verdict const stable = f->descend({1, 1}, with_step(2.0 / 41));
  EXPECT_EQ(stable.outcome, "stable");
  EXPECT_EQ(stable.minimum, 0);
  EXPECT_EQ(stable.rises, 0);
  Verdict const periodic = f->descend({1, 1}, with_step(2.0 / 40));
  EXPECT_EQ(periodic.outcome, "periodic");
  EXPECT_NEAR(std::abs(periodic.end[0]), 1, 1e-12);
  // On the θ₂ axis there is nothing to overshoot, but no other start gets there.
  EXPECT_EQ(f->descend({0, 1}, with_step(2.0 / 40)).outcome, "stationary");
  Verdict const diverged = f->descend({1, 0}, with_step(2.0 / 39));
  EXPECT_EQ(diverged.outcome, "diverged");
  // |θ₁| = (41/39)^k exceeds 1e6 first at k = 277, and every step rose.
  EXPECT_EQ(diverged.steps, 277);
  EXPECT_EQ(diverged.rises, 277);
  EXPECT_EQ(diverged.last_rise, 277);
  std::vector<Reals> const points = f->trajectory({1, 0}, with_step(2.0 / 39), 277);
  ASSERT_EQ(points.size(), 278u);
  EXPECT_NEAR(points.back()[0], std::pow(-41.0 / 39, 277), 1e-6);
  EXPECT_EQ(points.back(), diverged.end);
}

TEST(BasinOracle, CountsRisesOfF4) {
  auto const f = landscape("f4");
  Verdict const unstable = f->descend({0.1, 2.5}, with_step(0.2));
  EXPECT_EQ(unstable.outcome, "unstable");
  EXPECT_EQ(unstable.minimum, 1);
  EXPECT_EQ(unstable.rises, 2);
  // The count from the trajectory itself.
  std::vector<Reals> const points = f->trajectory({0.1, 2.5}, with_step(0.2), 30);
  std::int64_t last = 0;
  int rises = 0;
  for (std::int64_t k = 1; k <= 30; ++k) {
    if (f->value(points[k]) <= f->value(points[k - 1])) continue;
    ++rises;
    last = k;
  }
  EXPECT_EQ(rises, 2);
  EXPECT_EQ(unstable.last_rise, last);
  EXPECT_EQ(f->descend({1.5, 2}, with_step(0.2)).outcome, "stable");
  EXPECT_EQ(f->descend({1.5, 2}, with_step(0.2)).minimum, 1);
  EXPECT_EQ(f->descend({1.5, 2}, with_step(0.25)).minimum, 0);
  EXPECT_EQ(f->descend({0.1, 2.5}, with_step(0.33)).outcome, "diverged");
}

TEST(BasinOracle, SaddlesAndFlatMinimaAreStationary) {
  // The stable manifold of f4's saddle is the line x = −y.
  EXPECT_EQ(landscape("f4")->descend({0.5, -0.5}, with_step(0.2)).outcome, "stationary");
  // Every point of f3's axes is stationary; those beyond √3 attract.
  EXPECT_EQ(landscape("f3")->descend({0.5, 0}, with_step(0.05)).steps, 1000);
  Verdict const beside = landscape("f3")->descend({2.2, 0.01}, with_step(0.02));
  EXPECT_EQ(beside.outcome, "stationary");
  EXPECT_NEAR(beside.end[1], 0, 1e-9);
  Verdict const between = landscape("f3")->descend({0.8, 0.01}, with_step(0.02));
  EXPECT_EQ(between.outcome, "stable");
  EXPECT_EQ(between.minimum, 3);
}

TEST(BasinOracle, PeriodsAreThoseOfAMapThatDoublesThem) {
  // θ ← θ − 2ηθ sech² θ²: 1 − 2η at 0, then cycles, each time of twice the length.
  auto const f = landscape("tanh-quadratic", {1});
  auto const period = [&](double step) {
    Verdict const verdict = f->descend({0.5}, with_step(step));
    if (verdict.outcome != "periodic") return 0;
    std::vector<Reals> const points = f->trajectory(verdict.end, with_step(step), 64);
    for (int p = 1; p <= 64; ++p) {
      if (std::abs(points[p][0] - points[0][0]) < 1e-9) return p;
    }
    return -1;
  };
  EXPECT_EQ(f->descend({0.5}, with_step(0.9)).outcome, "stable");
  EXPECT_EQ(period(1.1), 2);
  EXPECT_EQ(period(1.3), 2);
  EXPECT_EQ(period(1.4), 4);
}

TEST(BasinOracle, NormalizedStepsNeverSettle) {
  Descent descent = with_step(0.1);
  descent.normalized = true;
  EXPECT_EQ(landscape("f4")->descend({1.5, 2}, descent).outcome, "periodic");
  for (Reals const& point : landscape("f4")->trajectory({1.5, 2}, descent, 3)) {
    Reals const next = landscape("f4")->trajectory(point, descent, 1).back();
    EXPECT_NEAR(std::hypot(next[0] - point[0], next[1] - point[1]), 0.1, 1e-15);
  }
}

TEST(BasinOracle, EndsAtItsLimits) {
  auto const f = landscape("f4");
  Descent descent = with_step(0.1);
  descent.max_steps = 7;
  EXPECT_EQ(f->descend({1.5, 2}, descent).outcome, "undecided");
  EXPECT_EQ(f->descend({1.5, 2}, descent).steps, 7);
  EXPECT_EQ(f->descend({1e7, 0}, descent).steps, 0);
  EXPECT_EQ(f->descend({1e7, 0}, descent).outcome, "diverged");
  EXPECT_EQ(f->descend({0, std::nan("")}, descent).outcome, "diverged");
}

}  // namespace
}  // namespace brink::oracle
