#include "host/landscape/certificate.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>

#include "kernels/math/random.hpp"

namespace brink::test {
namespace {

/// Of `samples` random points of a set, how many a step of gradient descent in long double takes
/// out of it, or up.
template <class Objective>
int violations(Objective const& f, Minimum const& minimum, CertifiedSet const& set, double step,
               int samples) {
  using Real = long double;
  constexpr int D = Objective::dimension;
  auto const inside = [&](Point<Real, D> const& p, Real value) {
    Real square = 0;
    for (int i = 0; i < D; ++i) square += (p[i] - minimum.at[i]) * (p[i] - minimum.at[i]);
    return square < static_cast<Real>(set.radius) * set.radius && value < set.level;
  };
  int found = 0;
  int drawn = 0;
  for (std::uint64_t index = 0; drawn < samples && index < 1000u * samples; ++index) {
    Point<Real, D> p;
    for (int i = 0; i < D; ++i) {
      p[i] = minimum.at[i] + set.radius * (2 * uniform(3, 0, index * D + i) - 1);
    }
    Real const value = f.value(p);
    if (!inside(p, value)) continue;
    ++drawn;
    auto const g = f.gradient(p);
    // Closer to the minimum, long double no longer tells the values apart.
    if (step * dot(g, g) < 1e-13L) continue;
    for (int i = 0; i < D; ++i) p[i] -= step * g[i];
    Real const next = f.value(p);
    if (!(next < value && inside(p, next))) ++found;
  }
  EXPECT_EQ(drawn, samples);
  return found;
}

int violations(LandscapeChoice const& choice, Minimum const& minimum, CertifiedSet const& set,
               double step, int samples) {
  return with_landscape(choice,
                        [&](auto const& f) { return violations(f, minimum, set, step, samples); });
}

struct Case {
  std::string landscape;
  std::vector<double> steps;
};

std::vector<Case> const& cases() {
  static std::vector<Case> const all{
      {"f1", {0.2, 0.5, 0.9}}, {"f2", {0.2, 0.6, 0.95}},  {"f3", {0.05, 0.1, 0.16}},
      {"f4", {0.1, 0.3, 0.5}}, {"quadratic", {2.0 / 41}}, {"tanh-quadratic", {2.0 / 41, 0.01}}};
  return all;
}

TEST(Certificate, ExistsAndSaysWhatItProves) {
  for (auto const& [name, steps] : cases()) {
    LandscapeChoice const choice = parse_landscape(name);
    for (double const step : steps) {
      std::vector<Minimum> const minima = find_minima(choice);
      ASSERT_FALSE(minima.empty());
      for (Minimum const& minimum : minima) {
        SCOPED_TRACE(fmt::format("{} at lr {}", name, step));
        CertifiedSet const set = certify(choice, minimum, step);
        ASSERT_TRUE(set.exists()) << set.reason;
        EXPECT_GT(set.radius, 1e-3);
        EXPECT_GT(set.level, minimum.value);
        EXPECT_GE(set.bound, minimum.sharpness);
        EXPECT_LT(set.bound, 2 / step);
      }
    }
  }
}

TEST(Certificate, HoldsAtAMillionRandomPointsOfEachSet) {
  for (auto const& [name, steps] : cases()) {
    LandscapeChoice const choice = parse_landscape(name);
    Minimum const minimum = find_minima(choice).front();
    for (double const step : steps) {
      SCOPED_TRACE(fmt::format("{} at lr {}", name, step));
      EXPECT_EQ(violations(choice, minimum, certify(choice, minimum, step), step, 1'000'000), 0);
    }
  }
}

TEST(Certificate, AWrongOneWouldBeFoundOut) {
  struct Wrong {
    std::string landscape;
    double certified, taken;
  };
  for (auto const& [name, certified, taken] : std::vector<Wrong>{
           {"f1", 0.5, 0.95}, {"f2", 0.5, 0.95}, {"f3", 0.08, 0.16}, {"f4", 0.25, 0.5}}) {
    SCOPED_TRACE(name);
    LandscapeChoice const choice = parse_landscape(name);
    Minimum const minimum = find_minima(choice).front();
    CertifiedSet const of_another_step = certify(choice, minimum, certified);
    EXPECT_GT(violations(choice, minimum, of_another_step, taken, 20'000), 0);
  }
}

TEST(Certificate, IsAbsentBeyondTheLargestStepAndSaysWhy) {
  LandscapeChoice const f4 = parse_landscape("f4");
  for (Minimum const& minimum : find_minima(f4)) {
    CertifiedSet const set = certify(f4, minimum, 0.53);
    EXPECT_FALSE(set.exists());
    EXPECT_NE(set.reason.find("is not below 2/lr = 3.77358"), std::string::npos) << set.reason;
    EXPECT_TRUE(certify(f4, minimum, 0.52).exists());
    CertifiedSet const close = certify(f4, minimum, 2 / 3.8001);
    EXPECT_NE(close.reason.find("is too close to 2/lr = 3.8001"), std::string::npos)
        << close.reason;
  }
}

TEST(Certificate, OfTheSquareRootNeedsAPositiveMinimum) {
  LandscapeChoice const f4 = parse_landscape("f4");
  Minimum const minimum = find_minima(f4).front();
  CertifiedSet const set = certify(f4, minimum, 0.3, ScanObjective::square_root);
  ASSERT_TRUE(set.exists()) << set.reason;
  EXPECT_EQ(violations(landscape::SquareRoot<landscape::F4>{}, minimum, set, 0.3, 20'000), 0);
  LandscapeChoice const f3 = parse_landscape("f3");
  CertifiedSet const none = certify(f3, find_minima(f3).front(), 0.01, ScanObjective::square_root);
  EXPECT_FALSE(none.exists());
  EXPECT_NE(none.reason.find("not smooth"), std::string::npos);
}

}  // namespace
}  // namespace brink::test
