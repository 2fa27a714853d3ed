#include "host/ranks/shared_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "kernels/error.hpp"
#include "tests/support/machine.hpp"
#include "tests/support/thread_ranks.hpp"

namespace brink::test {
namespace {

TEST(RanksAlone, DoNothingButCount) {
  Ranks& ranks = alone();
  EXPECT_TRUE(ranks.is_first());
  EXPECT_TRUE(ranks.is_alone());
  std::array<double, 2> values{1, 2};
  ranks.add_up(values);
  EXPECT_EQ(values, (std::array<double, 2>{1, 2}));
  EXPECT_TRUE(ranks.any(true));
  EXPECT_FALSE(ranks.any(false));
  EXPECT_EQ(ranks.from_first("text"), "text");
  EXPECT_NO_THROW(ranks.must_agree("texts", "text"));
  ranks.restart();
  EXPECT_EQ(ranks.take(3), 0);
  EXPECT_EQ(ranks.take(1), 3);
  ranks.restart();
  EXPECT_EQ(ranks.take(1), 0);
  EXPECT_EQ(ranks.threads(0), 0);
  EXPECT_EQ(ranks.threads(3), 3);
  EXPECT_EQ(ranks.device("auto"), "auto");
}

TEST(Ranks, KnowWhetherSomethingHoldsAnywhere) {
  for (int const where : {-1, 0, 2}) {
    as_ranks(3, [&](Ranks& ranks) { EXPECT_EQ(ranks.any(ranks.rank() == where), where >= 0); });
  }
}

TEST(Ranks, RefuseTogetherWhatDiffers) {
  std::atomic<int> refused = 0;
  as_ranks(3, [&](Ranks& ranks) {
    EXPECT_NO_THROW(ranks.must_agree("devices", "the same"));
    try {
      ranks.must_agree("devices", ranks.rank() == 2 ? "fast" : "slow");
    } catch (InputError const& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("devices differ"));
      ++refused;
    }
  });
  EXPECT_EQ(refused, 3);
}

TEST(SharedRows, CoverAllOnceAndDifferByOneAtMost) {
  for (int const count : {1, 2, 3, 4}) {
    for (Index const rows : {4, 5, 33, 1000}) {
      std::vector<Index> first(static_cast<std::size_t>(count)), size(first);
      as_ranks(count, [&](Ranks& ranks) {
        SharedRows const share(ranks, rows);
        first[ranks.rank()] = share.first();
        size[ranks.rank()] = share.count();
        EXPECT_EQ(share.total(), rows);
        EXPECT_EQ(share.is_all(), count == 1);
      });
      Index next = 0;
      for (std::size_t r = 0; r < first.size(); ++r) {
        EXPECT_EQ(first[r], next);
        EXPECT_NEAR(static_cast<double>(size[r]), static_cast<double>(rows) / count, 1);
        next += size[r];
      }
      EXPECT_EQ(next, rows);
    }
  }
}

TEST(SharedRows, AreRefusedWhereARankWouldHaveNone) {
  EXPECT_THROW(as_ranks(4, [](Ranks& ranks) { SharedRows(ranks, 3); }), InputError);
}

template <class T>
class SharedSums : public ::testing::Test {};
TYPED_TEST_SUITE(SharedSums, Precisions);

TYPED_TEST(SharedSums, AreInEveryRankAndLeaveWhatIsBesideThem) {
  using T = TypeParam;
  as_ranks(3, [](Ranks& ranks) {
    Machine<T> machine(1);
    double const r = ranks.rank();
    SharedRows const share(ranks, 7);  // 2, 2 and 3 of them
    Block<T> const sums(*machine.context, 2, 3, {r, 1, 2, 3, 4, 5}, 2);
    share.add_up(*machine.context, sums.view());
    EXPECT_EQ(sums.values(), (std::vector<T>{3, 3, 6, 9, 12, 15}));
    EXPECT_TRUE(sums.padding_untouched());
    Block<T> const means(*machine.context, 1, 2, {r, 5}, 1);
    share.average(*machine.context, means.view());
    EXPECT_LE(relative_error(means.values(), std::vector<double>{8.0 / 7, 5}), 1e-6);
    EXPECT_TRUE(means.padding_untouched());
  });
}

}  // namespace
}  // namespace brink::test
