#include "host/landscape/interval.hpp"

#include <gtest/gtest.h>

#include "kernels/math/random.hpp"

namespace brink::test {
namespace {

Interval random_interval(std::uint64_t index) {
  double const a = 6 * uniform(1, 0, 2 * index) - 3;
  double const width = uniform(1, 1, index) < 0.3 ? 0 : uniform(1, 0, 2 * index + 1);
  return {a, a + width};
}

double point_of(Interval x, std::uint64_t index) {
  return std::min(x.upper(), x.lower() + uniform(2, 0, index) * x.width());
}

TEST(Interval, EnclosesWhatItsPointsGiveInHigherPrecision) {
  auto const encloses = [](Interval x, long double value) {
    return static_cast<long double>(x.lower()) <= value &&
           value <= static_cast<long double>(x.upper());
  };
  for (std::uint64_t index = 0; index < 20'000; ++index) {
    Interval const a = random_interval(2 * index);
    Interval const b = random_interval(2 * index + 1);
    long double const x = point_of(a, 2 * index);
    long double const y = point_of(b, 2 * index + 1);
    EXPECT_TRUE(encloses(a + b, x + y));
    EXPECT_TRUE(encloses(a - b, x - y));
    EXPECT_TRUE(encloses(a * b, x * y));
    EXPECT_TRUE(encloses(-a, -x));
    EXPECT_TRUE(encloses(square(a), x * x));
    EXPECT_TRUE(encloses(abs(a), std::abs(x)));
    EXPECT_TRUE(encloses(tanh(a), std::tanh(x)));
    if (y != 0) {
      EXPECT_TRUE(encloses(a / b, x / y));
    }
    if (a.lower() >= 0) {
      EXPECT_TRUE(encloses(sqrt(a), std::sqrt(x)));
    }
  }
}

TEST(Interval, IsNoWiderThanItNeedsToBe) {
  Interval const x(-1, 2);
  EXPECT_LE(square(x).upper(), 4 + 1e-12);
  EXPECT_EQ(square(x).lower(), 0);
  EXPECT_NEAR((x * x).lower(), -2, 1e-12);
  EXPECT_NEAR((Interval(1, 2) / Interval(4, 5)).upper(), 0.5, 1e-12);
  EXPECT_LE((Interval(1) / Interval(20)).width(), 1e-16);
}

TEST(Interval, GivesEverythingWhereAnOperationIsNotDefined) {
  for (Interval const x :
       {Interval(1) / Interval(-1, 1), sqrt(Interval(-1, 1)), Interval::everything() * Interval(0),
        Interval::everything() - Interval::everything()}) {
    EXPECT_EQ(x.lower(), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(x.upper(), std::numeric_limits<double>::infinity());
  }
}

}  // namespace
}  // namespace brink::test
