#include "kernels/math/landscape.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/compare.hpp"
#include "tests/support/landscapes.hpp"

namespace brink::test {
namespace {

template <int D>
Point<double, D> random_point(std::uint64_t index, double reach) {
  Point<double, D> p;
  for (int i = 0; i < D; ++i) p[i] = reach * (2 * uniform(1, 0, index * D + i) - 1);
  return p;
}

/// Gradient and Hessian against central differences of value and gradient.
template <class Landscape>
void check_derivatives(Landscape const& f) {
  constexpr int D = Landscape::dimension;
  double const h = 1e-5;
  for (std::uint64_t index = 0; index < 50; ++index) {
    auto const p = random_point<D>(index, 1.2);
    auto const g = f.gradient(p);
    auto const hessian = f.hessian(p);
    for (int i = 0; i < D; ++i) {
      auto above = p;
      auto below = p;
      above[i] += h;
      below[i] -= h;
      double const slope = (f.value(above) - f.value(below)) / (2 * h);
      EXPECT_NEAR(g[i], slope, 1e-6 * (1 + std::abs(slope)));
      auto const g_above = f.gradient(above);
      auto const g_below = f.gradient(below);
      for (int j = 0; j < D; ++j) {
        double const bend = (g_above[j] - g_below[j]) / (2 * h);
        EXPECT_NEAR(hessian(i, j), bend, 1e-5 * (1 + std::abs(bend)));
      }
    }
  }
}

TEST(Landscape, DerivativesAreThoseOfTheValue) {
  for (LandscapeChoice const& choice : all_landscapes()) {
    SCOPED_TRACE(static_cast<int>(choice.name));
    with_landscape(choice, [](auto const& f) { check_derivatives(f); });
  }
  check_derivatives(landscape::SquareRoot<landscape::F2>{});
  check_derivatives(landscape::SquareRoot<landscape::F4>{});
}

TEST(Landscape, ValuesAreThoseOfThePapers) {
  Point<double, 2> const p{0.7, -1.3};
  double const x = 0.7;
  double const y = -1.3;
  EXPECT_NEAR(landscape::F1{}.value(p), x * x + y * y + x * x * y + x * x * x + y * y * y, 1e-14);
  EXPECT_NEAR(landscape::F2{}.value(p), x * x + y * y + x * x * y + std::pow(x, 4) + std::pow(y, 4),
              1e-14);
  EXPECT_NEAR(landscape::F3{}.value(p),
              std::pow(x, 4) * y * y + x * x * std::pow(y, 4) - 3 * x * x * y * y + 1, 1e-14);
  EXPECT_NEAR(landscape::F4{}.value(p), std::pow(1 - x * y, 2) + (x * x + y * y) / 20, 1e-14);
  EXPECT_NEAR((landscape::Quadratic<2>{{20, 1}}.value(p)), 20 * x * x + y * y, 1e-14);
  EXPECT_NEAR((landscape::TanhQuadratic<2>{{{20, 1}}}.value(p)), std::tanh(20 * x * x + y * y),
              1e-14);
  EXPECT_NEAR(landscape::NeuronLinear{}.value(p), std::pow(x * y, 2), 1e-14);
  EXPECT_NEAR(landscape::NeuronTanh{}.value(p), std::pow(x * std::tanh(y), 2), 1e-14);
  EXPECT_NEAR(landscape::NormalizedNeuron{}.value(p),
              std::pow(0.6 * x + 0.8 * y, 2) / (x * x + y * y) + (x * x + y * y) / 100, 1e-14);
  EXPECT_NEAR(landscape::Arora{}.value(p), (1 + x * x) * y * y, 1e-14);
  EXPECT_NEAR(landscape::Hyperbola{}.value(p), std::pow(1 - x * y, 2), 1e-14);
}

/// Proposition 1 of Ahn et al.: only the weight decay has a gradient along θ.
TEST(Landscape, OfANormalizedNeuronHasNoStationaryPoint) {
  landscape::NormalizedNeuron const f;
  for (std::uint64_t index = 0; index < 1000; ++index) {
    auto const p = random_point<2>(index, 3);
    EXPECT_LE(relative_error(dot(f.gradient(p), p), dot(p, p) / 50), 1e-9);
    Point<double, 2> const scaled{2 * p[0], 2 * p[1]};
    EXPECT_NEAR(f.value(scaled) - f.value(p), 3 * dot(p, p) / 100, 1e-14);
  }
}

template <class T, class Landscape>
void check_symmetries(Landscape const& f, bool mirrors) {
  for (std::uint64_t index = 0; index < 1000; ++index) {
    T const x = static_cast<T>(4 * uniform(2, 0, 2 * index) - 2);
    T const y = static_cast<T>(4 * uniform(2, 0, 2 * index + 1) - 2);
    auto const g = f.gradient(Point<T, 2>{x, y});
    T const value = f.value(Point<T, 2>{x, y});
    auto const swapped = f.gradient(Point<T, 2>{y, x});
    EXPECT_TRUE(swapped[0] == g[1] && swapped[1] == g[0]);
    EXPECT_EQ(f.value(Point<T, 2>{y, x}), value);
    auto const opposite = f.gradient(Point<T, 2>{-x, -y});
    EXPECT_TRUE(opposite[0] == -g[0] && opposite[1] == -g[1]);
    EXPECT_EQ(f.value(Point<T, 2>{-x, -y}), value);
    if (!mirrors) continue;
    auto const mirrored = f.gradient(Point<T, 2>{-x, y});
    EXPECT_TRUE(mirrored[0] == -g[0] && mirrored[1] == g[1]);
    EXPECT_EQ(f.value(Point<T, 2>{-x, y}), value);
  }
}

TEST(Landscape, SymmetriesHoldToTheLastBit) {
  check_symmetries<double>(landscape::F3{}, true);
  check_symmetries<float>(landscape::F3{}, true);
  check_symmetries<double>(landscape::F4{}, false);
  check_symmetries<float>(landscape::F4{}, false);
}

}  // namespace
}  // namespace brink::test
