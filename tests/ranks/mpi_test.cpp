// Ranks over MPI: started by its launcher, every process of which runs these tests together.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "host/ranks/ranks.hpp"

namespace brink::test {
namespace {

Ranks& ranks() {
  static std::unique_ptr<Ranks> const joined = join_ranks();
  return *joined;
}

TEST(MpiRanks, AreAsManyAsWereStarted) {
  EXPECT_EQ(ranks().size(), std::atoi(std::getenv("BRINK_TEST_RANKS")));
  std::vector<std::int64_t> seen(static_cast<std::size_t>(ranks().size()));
  seen[static_cast<std::size_t>(ranks().rank())] = 1;
  ranks().add_up(seen);
  EXPECT_EQ(seen, std::vector<std::int64_t>(seen.size(), 1));
  EXPECT_GE(ranks().threads(0), 1);
  EXPECT_EQ(ranks().threads(5), 5);
}

/// Sizes around the number of ranks, and larger than what is added up at a time.
constexpr std::array<std::size_t, 7> sizes{0, 1, 2, 3, 5, 1000, (std::size_t{1} << 24) + 7};

template <class N>
N term(int rank, std::size_t i) {
  return static_cast<N>(static_cast<double>(rank + 1) * (static_cast<double>(i % 1000) + 0.1));
}

template <class N>
void check_sums() {
  using Sum = std::conditional_t<std::is_floating_point_v<N>, double, N>;
  for (std::size_t const size : sizes) {
    std::vector<N> values(size);
    for (std::size_t i = 0; i < size; ++i) values[i] = term<N>(ranks().rank(), i);
    ranks().add_up(values);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < size; ++i) {
      Sum sum{};
      for (int r = 0; r < ranks().size(); ++r) sum += term<N>(r, i);
      wrong += values[i] != static_cast<N>(sum) ? 1 : 0;
    }
    EXPECT_EQ(wrong, 0u) << size;
  }
}

TEST(MpiRanks, AddUpInTheOrderOfRanks) {
  check_sums<float>();
  check_sums<double>();
  check_sums<std::int64_t>();
}

TEST(MpiRanks, AddUpInDoublePrecisionAndNoOtherOrder) {
  // 1 is lost beside 1e20 unless the large ones cancel first.
  std::array<double, 1> value{0};
  if (ranks().rank() == 0) value[0] = 1e20;
  if (ranks().rank() == 1) value[0] = -1e20;
  if (ranks().rank() == 2) value[0] = 1;
  ranks().add_up(value);
  EXPECT_EQ(value[0], ranks().size() == 1 ? 1e20 : ranks().size() == 2 ? 0 : 1);
  std::array<float, 1> fine{ranks().rank() == 0 ? 1.0F : std::ldexp(1.0F, -24)};
  ranks().add_up(fine);
  double const sum = 1 + (ranks().size() - 1) * std::ldexp(1.0, -24);
  EXPECT_EQ(fine[0], static_cast<float>(sum));
}

TEST(MpiRanks, HaveTheFirstOnesText) {
  std::string const text = ranks().is_first() ? std::string(100'000, 'x') + '\0' + "end" : "other";
  EXPECT_EQ(ranks().from_first(text), std::string(100'000, 'x') + '\0' + "end");
  EXPECT_EQ(ranks().from_first(ranks().is_first() ? "" : "other"), "");
}

TEST(MpiRanks, TakeEveryNumberOnce) {
  constexpr std::int64_t all = 20'000;
  for (std::int64_t const portion : {1, 7}) {
    ranks().restart();
    std::vector<std::int64_t> taken(all);
    while (true) {
      std::int64_t const first = ranks().take(portion);
      if (first >= all) break;
      EXPECT_EQ(first % portion, 0);
      for (std::int64_t i = first; i < std::min(first + portion, all); ++i) ++taken[i];
    }
    ranks().add_up(taken);
    EXPECT_EQ(taken, std::vector<std::int64_t>(all, 1));
  }
}

}  // namespace
}  // namespace brink::test

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  brink::Ranks& ranks = brink::test::ranks();
  int const failed = RUN_ALL_TESTS();
  bool const any_failed = ranks.any(failed != 0);
  ranks.leave();
  return any_failed ? 1 : 0;
}
