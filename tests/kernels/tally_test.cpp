#include "kernels/tally.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "host/scan/tally.hpp"
#include "kernels/math/random.hpp"
#include "tests/support/verdicts.hpp"

namespace brink::test {
namespace {

struct Shape {
  Index rows, cols;
};

/// A whole number from 0 to below − 1.
Index drawn(Index below, std::uint64_t stream, Index i) {
  return static_cast<Index>(static_cast<double>(below) *
                            uniform(3, stream, static_cast<std::uint64_t>(i)));
}

/// Patches of `patch` starts in a row and a column that share a verdict, out of all there are with
/// so many minima.
VerdictLists patches(Shape shape, Index minima, Index patch) {
  VerdictLists verdicts;
  for (Index r = 0; r < shape.rows; ++r) {
    for (Index c = 0; c < shape.cols; ++c) {
      Index const here = r / patch * 100'003 + c / patch;
      auto outcome = static_cast<Outcome>(drawn(outcomes, 0, here));
      bool const at_minimum = outcome == Outcome::stable || outcome == Outcome::unstable;
      if (at_minimum && minima == 0) outcome = Outcome::stationary;
      int const which = at_minimum && minima > 0 ? static_cast<int>(drawn(minima, 1, here)) : -1;
      verdicts.add(outcome, which,
                   static_cast<unsigned>(drawn(Index{1} << 32, 2, r * shape.cols + c)));
    }
  }
  return verdicts;
}

struct Want {
  VerdictCounts counts;
  double entropy = 0;  ///< the sum over all boxes
};

/// One box after the other, start by start.
Want plain(VerdictLists const& v, Shape shape, Index minima, Boxes boxes) {
  Want want;
  VerdictCounts& counts = want.counts;
  counts.starts = shape.rows * shape.cols;
  counts.minimum.resize(minima);
  for (Index i = 0; i < counts.starts; ++i) {
    ++counts.outcome[v.outcome[i]];
    if (v.minimum[i] != -1) ++counts.minimum[v.minimum[i]];
    counts.steps += v.steps[i];
  }
  Index const height = boxes == Boxes::square ? 5 : 1;
  for (Index top = 0; boxes != Boxes::none && top + height <= shape.rows; top += height) {
    for (Index left = 0; left + 5 <= shape.cols; left += 5) {
      std::map<std::pair<int, int>, Index> basins;
      for (Index r = top; r < top + height; ++r) {
        for (Index c = left; c < left + 5; ++c) {
          Index const i = r * shape.cols + c;
          bool const at_minimum = v.minimum[i] != -1;
          ++basins[{at_minimum ? -1 : v.outcome[i], v.minimum[i]}];
        }
      }
      ++counts.boxes;
      if (basins.size() > 1) ++counts.boundary_boxes;
      for (auto const& [basin, times] : basins) {
        ++counts.occurrences[times];
        double const p = static_cast<double>(times) / static_cast<double>(5 * height);
        want.entropy -= p * std::log(p);
      }
    }
  }
  return want;
}

void expect_same(VerdictCounts const& got, VerdictCounts const& want) {
  EXPECT_EQ(got.starts, want.starts);
  EXPECT_EQ(got.outcome, want.outcome);
  EXPECT_EQ(got.minimum, want.minimum);
  EXPECT_EQ(got.steps, want.steps);
  EXPECT_EQ(got.boxes, want.boxes);
  EXPECT_EQ(got.boundary_boxes, want.boundary_boxes);
  EXPECT_EQ(got.occurrences, want.occurrences);
}

void check(Machine<double> const& machine, Shape shape, Index minima, Index patch, Index gap = 0) {
  VerdictLists const verdicts = patches(shape, minima, patch);
  for (Boxes const boxes : {Boxes::none, Boxes::line, Boxes::square}) {
    SCOPED_TRACE(std::to_string(shape.rows) + " x " + std::to_string(shape.cols) + ", " +
                 std::to_string(minima) + " minima, patches of " + std::to_string(patch) +
                 ", boxes " + std::to_string(static_cast<int>(boxes)));
    Want const want = plain(verdicts, shape, minima, boxes);
    VerdictCounts const got = count(machine, verdicts, shape.rows, shape.cols, minima, boxes, gap);
    expect_same(got, want.counts);
    double const per_box = want.counts.boxes > 0 ? 1 / static_cast<double>(want.counts.boxes) : 0;
    EXPECT_NEAR(basin_entropy(got), want.entropy * per_box, 1e-13);
  }
}

TEST(TallyOperation, CountsOfEveryShape) {
  for (int const threads : {1, 2, 5}) {
    Machine<double> const machine(threads);
    for (Shape const shape : {Shape{1, 1},
                              {1, 4},
                              {4, 1},
                              {5, 5},
                              {4, 100},
                              {100, 4},
                              {1, 701},
                              {701, 1},
                              {9, 14},
                              {10, 35},
                              {33, 47},
                              {5, 1283},
                              {643, 5}}) {
      for (Index const patch : {1, 3, 70}) check(machine, shape, 2, patch);
    }
  }
}

TEST(TallyOperation, CountsAnyNumberOfMinima) {
  Machine<double> const machine;
  for (Index const minima : {0, 1, 7, 255, 256, 257, 5000, 32768}) {
    for (Index const patch : {1, 6}) check(machine, {45, 101}, minima, patch);
  }
}

TEST(TallyOperation, CountsWhatBeginsAnywhere) {
  Machine<double> const machine;
  for (Index const gap : {1, 2, 3, 7, 64}) check(machine, {31, 57}, 3, 2, gap);
}

TEST(TallyOperation, CountsManyStarts) {
  Machine<double> const machine(3);
  check(machine, {701, 703}, 2, 1000);
  check(machine, {300, 1007}, 2, 40);
}

/// So that what one call leaves behind is nothing to the next.
TEST(TallyOperation, CountsAnewAtEachCall) {
  Machine<double> const machine;
  for (int again = 0; again < 3; ++again) {
    check(machine, {25, 25}, 9, 1);
    check(machine, {50, 65}, 3, 2);
  }
}

TEST(TallyOperation, CountsNothingWhereThereIsNothing) {
  Machine<double> const machine;
  for (Shape const shape : {Shape{0, 0}, {0, 5}, {5, 0}}) check(machine, shape, 2, 1);
}

TEST(TallyOperation, AddsStepsBeyond32Bits) {
  Machine<double> const machine;
  VerdictLists verdicts;
  for (int i = 0; i < 1000; ++i) verdicts.add(Outcome::undecided, -1, 4'294'967'295u);
  EXPECT_EQ(count(machine, verdicts, 10, 100, 0, Boxes::none).steps, 4'294'967'295'000);
}

TEST(TallyOperation, CountsNoCodesThatAreNone) {
  Machine<double> const machine;
  using Codes = std::pair<int, int>;
  for (auto const& [outcome, minimum] :
       {Codes{6, -1}, {255, -1}, {1, 2}, {1, 32767}, {1, -2}, {3, -32768}}) {
    VerdictLists verdicts;
    for (int i = 0; i < 99; ++i) verdicts.add(Outcome::unstable, 1, 2);
    EXPECT_TRUE(all_counted(count(machine, verdicts, 1, 99, 2, Boxes::line)));
    verdicts.add(static_cast<Outcome>(outcome), minimum, 2);
    VerdictCounts const got = count(machine, verdicts, 1, 100, 2, Boxes::line);
    EXPECT_EQ(got.outcome[static_cast<int>(Outcome::unstable)], 99);
    EXPECT_EQ(got.outcome[static_cast<int>(Outcome::stable)], outcome == 1);
    EXPECT_EQ(got.minimum, (std::vector<Index>{0, 99}));
    EXPECT_EQ(got.boundary_boxes, 1);
    EXPECT_EQ(all_counted(got), outcome == 3) << outcome << " at " << minimum;
  }
}

TEST(TallyOperation, TellsMinimaApartButNotStableFromUnstable) {
  Machine<double> const machine;
  VerdictLists verdicts;
  for (int i = 0; i < 5; ++i) verdicts.add(i % 2 == 0 ? Outcome::stable : Outcome::unstable, 0);
  EXPECT_EQ(count(machine, verdicts, 1, 5, 2, Boxes::line).boundary_boxes, 0);
  for (int i = 0; i < 5; ++i) verdicts.add(Outcome::stable, i % 2);
  EXPECT_EQ(count(machine, verdicts, 1, 10, 2, Boxes::line).boundary_boxes, 1);
}

TEST(VerdictCounts, OfPartsAddUpToThoseOfTheWhole) {
  Machine<double> const machine;
  Shape const shape{35, 60};
  VerdictLists const whole = patches(shape, 3, 2);
  VerdictCounts sum;
  for (Index top = 0; top < shape.rows; top += 10) {
    Index const rows = std::min(Index{10}, shape.rows - top);
    auto const part = [&](auto const& all) {
      auto const first = all.begin() + top * shape.cols;
      return std::vector(first, first + rows * shape.cols);
    };
    sum.add(count(machine, {part(whole.outcome), part(whole.minimum), part(whole.steps)}, rows,
                  shape.cols, 3, Boxes::square));
  }
  expect_same(sum, count(machine, whole, shape.rows, shape.cols, 3, Boxes::square));
}

}  // namespace
}  // namespace brink::test
