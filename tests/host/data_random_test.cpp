#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

#include "kernels/math/random.hpp"

namespace brink {
namespace {

void expect_block(PhiloxBlock const& block, std::array<std::uint32_t, 4> const& expected) {
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(block.word[i], expected[i]) << "word " << i;
  }
}

// The known-answer vectors published with Random123.
TEST(Random, PhiloxKnownAnswers) {
  expect_block(Philox{0}.block(0, 0), {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  expect_block(Philox{~0ull}.block(~0ull, ~0ull), {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  expect_block(Philox{0x299f31d0a4093822}.block(0x85a308d3243f6a88, 0x0370734413198a2e),
               {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST(Random, UniformStaysInsideTheOpenInterval) {
  PhiloxBlock const least{{0, 0, 0, 0}};
  PhiloxBlock const greatest{{~0u, ~0u, ~0u, ~0u}};
  for (int half : {0, 1}) {
    EXPECT_EQ(random_detail::uniform01(least, half), 0x1p-53);
    EXPECT_EQ(random_detail::uniform01(greatest, half), 1.0 - 0x1p-53);
  }
}

TEST(Random, NumbersDifferByKeyStreamAndIndex) {
  std::set<double> seen;
  for (std::uint64_t key : {0u, 1u}) {
    for (std::uint64_t stream : {0u, 1u}) {
      for (std::uint64_t index = 0; index < 100; ++index) {
        seen.insert(uniform(key, stream, index));
        seen.insert(normal(key, stream, index));
      }
    }
  }
  EXPECT_EQ(seen.size(), 800u);
}

TEST(Random, LogarithmIsAccurate) {
  for (int i = 1; i < 20000; ++i) {
    double const x = uniform(1, 0, static_cast<std::uint64_t>(i)) * (i % 2 == 0 ? 1.0 : 1e-12);
    EXPECT_NEAR(random_detail::log_positive(x), std::log(x), 4e-16 * (1 + std::abs(std::log(x))));
  }
  EXPECT_EQ(random_detail::log_positive(1.0), 0.0);
  EXPECT_NEAR(random_detail::log_positive(0x1p-53), -53 * std::log(2.0), 1e-14);
}

TEST(Random, SineAndCosineAreAccurate) {
  for (int i = 0; i <= 4096; ++i) {
    double const u = i == 4096 ? 1.0 - 0x1p-53 : i / 4096.0;
    auto const leg = random_detail::sine_cosine_of_turns(u);
    EXPECT_NEAR(leg.sine, std::sin(2 * M_PI * u), 1e-15) << u;
    EXPECT_NEAR(leg.cosine, std::cos(2 * M_PI * u), 1e-15) << u;
  }
}

// Fixed values: a change of the sequence would change every synthetic data set and initialisation.
TEST(Random, SequenceIsFixed) {
  EXPECT_EQ(uniform(7, 3, 0), 0x1.fb03c4297b358p-4);
  EXPECT_EQ(uniform(7, 3, 11), 0x1.d0bdff6743322p-2);
  EXPECT_EQ(normal(7, 3, 0), -0x1.a7c717545165ep+0);
  EXPECT_EQ(normal(7, 3, 11), 0x1.79ca4dffc8981p-2);
}

TEST(Random, MomentsAndTailsOfTheNormal) {
  int const n = 400000;
  double sum = 0;
  double square = 0;
  double fourth = 0;
  double neighbours = 0;
  int beyond_two = 0;
  double last = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    double const z = normal(42, 5, i);
    sum += z;
    square += z * z;
    fourth += z * z * z * z;
    neighbours += z * last;
    beyond_two += std::abs(z) > 2.0 ? 1 : 0;
    last = z;
  }
  // Five standard errors each.
  double const root = std::sqrt(static_cast<double>(n));
  EXPECT_NEAR(sum / n, 0.0, 5 / root);
  EXPECT_NEAR(square / n, 1.0, 5 * std::sqrt(2.0) / root);
  EXPECT_NEAR(fourth / n, 3.0, 5 * std::sqrt(96.0) / root);
  EXPECT_NEAR(neighbours / n, 0.0, 5 / root);
  EXPECT_NEAR(static_cast<double>(beyond_two) / n, 0.0455003, 5 * 0.2084 / root);
}

}  // namespace
}  // namespace brink
