#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "host/landscape/landscape.hpp"
#include "host/scan/rule.hpp"
#include "host/scan/space.hpp"
#include "host/scan/tally.hpp"
#include "host/scan/uncertainty.hpp"
#include "tests/host/data_files.hpp"
#include "tests/support/verdicts.hpp"

namespace brink::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Axis, IsMirroredBitForBit) {
  for (double const high : {1.0, 4.0, 0.1, 1.0 / 3, std::numbers::pi, 1e-300, 1e300}) {
    for (Index const count : {2, 3, 7, 10, 101, 640, 1023, 1024}) {
      Axis const axis{-high, high, count};
      for (Index i = 0; i < count; ++i) EXPECT_EQ(axis.at(i), -axis.at(count - 1 - i)) << high;
    }
  }
}

TEST(Axis, GoesFromEndToEnd) {
  for (auto const& [low, high] : std::vector<std::pair<double, double>>{
           {0.1, 0.4}, {0.1, 0.3}, {-4, 4}, {0, 1}, {-1.7, 0.3}, {1e-9, 2e-9}, {0.7, 1e6}}) {
    for (Index count = 2; count < 300; ++count) {
      Axis const axis{low, high, count};
      EXPECT_EQ(axis.at(0), low);
      EXPECT_EQ(axis.at(count - 1), high) << count;
      double const spacing = (high - low) / static_cast<double>(count - 1);
      for (Index i = 1; i < count; ++i) {
        EXPECT_NEAR(axis.at(i) - axis.at(i - 1), spacing, 1e-13 * std::max(1.0, high)) << count;
      }
    }
  }
}

TEST(Axis, HasRoundNumbersWhereTheyAre) {
  Axis const axis{-1, 1, 21};
  EXPECT_EQ(axis.at(7), -0.3);
  EXPECT_EQ(axis.at(10), 0);
  EXPECT_EQ(axis.at(19), 0.9);
}

TEST(Axis, OfOneNumberIsItsMiddle) {
  EXPECT_EQ((Axis{-1, 4, 1}.at(0)), 1.5);
  EXPECT_EQ((Axis{0.3, 0.3, 1}.at(0)), 0.3);
}

ScanSpace grid(Axis const& x, Axis const& y) {
  ScanSpace space;
  space.through = {0, 0};
  space.free = {{0, x}, {1, y}};
  return space;
}

ScanSpace line(Axis const& x) {
  ScanSpace space;
  space.through = {0};
  space.free = {{0, x}};
  return space;
}

/// Of four coordinates, the last of which is held.
ScanSpace sample(Index samples, std::uint64_t seed) {
  ScanSpace space;
  space.kind = SpaceKind::sample;
  space.through = {0, 0, 0, 0.7};
  space.free = {{0, {-1, 3, 2}}, {1, {5, 6, 2}}, {2, {-2e3, -1e3, 2}}};
  space.samples = samples;
  space.seed = seed;
  return space;
}

TEST(ScanSpace, NamesItsDimensions) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(grid({0, 1, 7}, {0, 1, 5}).dimension_names(), (Names{"y", "x"}));
  EXPECT_EQ(grid({0, 1, 7}, {0, 1, 5}).shape(), (Extents{5, 7}));
  EXPECT_EQ(line({0, 1, 7}).dimension_names(), Names{"x"});
  EXPECT_EQ(line({0, 1, 7}).shape(), Extents{7});
  EXPECT_EQ(sample(9, 0).dimension_names(), Names{"sample"});
  EXPECT_EQ(sample(9, 0).shape(), Extents{9});
  ScanSpace points = sample(9, 0);
  points.kind = SpaceKind::points;
  EXPECT_EQ(points.dimension_names(), Names{"sample"});
  EXPECT_EQ(points.shape(), Extents{9});
}

TEST(ScanSpace, IsTiledByItsChunks) {
  Index const long_line = 1'000'003;
  for (ScanSpace const& space : {grid({0, 1, 1}, {0, 1, 1}), grid({0, 1, 640}, {0, 1, 641}),
                                 grid({0, 1, 1300}, {0, 1, 9}), grid({0, 1, 3}, {0, 1, 1281}),
                                 line({0, 1, 5}), line({0, 1, long_line}), sample(long_line, 1)}) {
    Extents const shape = space.shape();
    SCOPED_TRACE(fmt::format("{} x {}", shape.front(), shape.back()));
    bool const plane = shape.size() == 2;
    Index const cols = shape.back();
    std::vector<int> covered(static_cast<std::size_t>(element_count(shape)));
    for_each_index(chunk_counts(shape, space.chunks()), [&](Extents const& index) {
      auto const [origin, extent] = chunk_place(index, shape, space.chunks());
      EXPECT_LE(element_count(extent), 640 * 640);
      for (Index const first : origin) EXPECT_EQ(first % 5, 0);  // boxes are of five
      Index const first_row = plane ? origin[0] : 0;
      Index const rows = plane ? extent[0] : 1;
      for (Index r = first_row; r < first_row + rows; ++r) {
        for (Index c = origin.back(); c < origin.back() + extent.back(); ++c) {
          ++covered.at(r * cols + c);
        }
      }
    });
    EXPECT_EQ(std::count(covered.begin(), covered.end(), 1), std::ssize(covered));
  }
}

/// The starts row by row, each with `dimension` coordinates.
template <class T>
std::vector<std::vector<double>> fetched(Context& context, Starts<T> const& starts, int dimension) {
  std::vector<std::vector<double>> all;
  for (Index r = 0; r < starts.rows; ++r) {
    for (Index c = 0; c < starts.cols; ++c) {
      auto& theta = all.emplace_back();
      for (int i = 0; i < dimension; ++i) {
        StartCoordinate<T> const& from = starts.coordinate[i];
        T number;
        context.download(&number, from.data + r * from.row_stride + c * from.col_stride, sizeof(T));
        theta.push_back(static_cast<double>(number));
      }
    }
  }
  return all;
}

template <class T>
class ScanStarts : public ::testing::Test {
 protected:
  static double rounded(double number) { return static_cast<double>(static_cast<T>(number)); }

  std::vector<std::vector<double>> at(ScanSpace const& space, ChunkPlace const& place) {
    StartSource<T> source(*context_, space);
    return fetched(*context_, source.at(place), space.dimension());
  }

  std::unique_ptr<Context> context_ = make_context("cpu", 2);
};
TYPED_TEST_SUITE(ScanStarts, Precisions);

TYPED_TEST(ScanStarts, OfAGridLieOnItsAxes) {
  ScanSpace space;
  space.through = {0.1, 7, 0.3, 7};
  Axis const x{-1, 2, 11};
  Axis const y{0.1, 0.9, 6};
  space.free = {{1, x}, {3, y}};
  for (auto const& [origin, extent] :
       std::vector<ChunkPlace>{{{0, 0}, {6, 11}}, {{2, 5}, {3, 4}}, {{5, 10}, {1, 1}}}) {
    auto const starts = this->at(space, {origin, extent});
    ASSERT_EQ(std::ssize(starts), element_count(extent));
    for (Index k = 0; k < std::ssize(starts); ++k) {
      Index const row = origin[0] + k / extent[1];
      Index const col = origin[1] + k % extent[1];
      EXPECT_EQ(starts[k], (std::vector<double>{this->rounded(0.1), this->rounded(x.at(col)),
                                                this->rounded(0.3), this->rounded(y.at(row))}));
    }
  }
}

TYPED_TEST(ScanStarts, OfALineLieOnItsAxis) {
  ScanSpace space = grid({-1, 2, 11}, {});
  space.through = {0, 0.3};
  space.free.pop_back();
  auto const starts = this->at(space, {{4}, {5}});
  ASSERT_EQ(starts.size(), 5u);
  for (Index k = 0; k < 5; ++k) {
    EXPECT_EQ(starts[k],
              (std::vector<double>{this->rounded(Axis{-1, 2, 11}.at(4 + k)), this->rounded(0.3)}));
  }
}

TYPED_TEST(ScanStarts, OfASampleAreTheSameWhateverTheChunk) {
  ScanSpace const space = sample(10'000, 5);
  auto const whole = this->at(space, {{0}, {10'000}});
  StartSource<TypeParam> source(*this->context_, space);
  for (auto const& [origin, extent] :
       std::vector<ChunkPlace>{{{0}, {7}}, {{7}, {4500}}, {{4507}, {1}}, {{4508}, {5492}}}) {
    auto const part = fetched(*this->context_, source.at({origin, extent}), 4);
    ASSERT_EQ(std::ssize(part), extent[0]);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + origin[0]));
    std::vector<double> flat;
    for (auto const& theta : part) flat.insert(flat.end(), theta.begin(), theta.end());
    EXPECT_EQ(source.theta(), flat);
  }
  for (Index const i : {0, 1, 4999, 9999}) {
    std::vector<double> theta(4);
    space.start(i, theta.data());
    for (double& number : theta) number = this->rounded(number);
    EXPECT_EQ(whole[i], theta);
  }
}

TYPED_TEST(ScanStarts, OfASampleLieInTheBoxAndHoldWhatIsFixed) {
  ScanSpace const space = sample(10'000, 5);
  for (auto const& theta : this->at(space, {{0}, {10'000}})) {
    for (auto const& [coordinate, axis] : space.free) {
      EXPECT_GE(theta[coordinate], axis.low);
      EXPECT_LE(theta[coordinate], axis.high);
    }
    EXPECT_EQ(theta[3], this->rounded(0.7));
  }
}

TYPED_TEST(ScanStarts, OfASampleFollowTheSeed) {
  ChunkPlace const all{{0}, {100}};
  auto const one = this->at(sample(100, 1), all);
  EXPECT_EQ(one, this->at(sample(100, 1), all));
  EXPECT_EQ(one, this->at(sample(1000, 1), all));
  auto const other = this->at(sample(100, 2), all);
  for (std::size_t k = 0; k < one.size(); ++k) {
    for (int i = 0; i < 3; ++i) EXPECT_NE(one[k][i], other[k][i]);
  }
}

TYPED_TEST(ScanStarts, OfAListArePoints) {
  ScanSpace space;
  space.kind = SpaceKind::points;
  space.through = {0, 0, 0};
  space.samples = 4;
  space.points = {1, 2, 3, 0.1, 0.2, 0.3, -1, -2, -3, 1e-3, 1e3, 0};
  auto const starts = this->at(space, {{1}, {3}});
  ASSERT_EQ(starts.size(), 3u);
  for (Index k = 0; k < 3; ++k) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(starts[k][i], this->rounded(space.points[3 * (k + 1) + i]));
    }
  }
}

/// Means of u, u² and of products of neighbours, each within five of its standard errors.
TEST(Sample, IsUniformAndIndependent) {
  constexpr Index n = 100'000;
  ScanSpace const space = sample(n, 3);
  std::vector<double> u;  // of [0, 1], start by start
  for (Index k = 0; k < n; ++k) {
    double theta[4];
    space.start(k, theta);
    for (auto const& [i, axis] : space.free) {
      u.push_back((theta[i] - axis.low) / (axis.high - axis.low));
    }
  }
  auto const expect_mean = [&](double expected, double variance, auto const& of) {
    double sum = 0;
    for (Index k = 0; k + 1 < n; ++k) sum += of(&u[3 * k]);
    double const error = std::sqrt(variance / n);
    EXPECT_NEAR(sum / (n - 1), expected, 5 * error);
  };
  for (int i = 0; i < 3; ++i) {
    expect_mean(1.0 / 2, 1.0 / 12, [&](double const* v) { return v[i]; });
    expect_mean(1.0 / 3, 4.0 / 45, [&](double const* v) { return v[i] * v[i]; });
    expect_mean(1.0 / 4, 7.0 / 144, [&](double const* v) { return v[i] * v[(i + 1) % 3]; });
    expect_mean(1.0 / 4, 7.0 / 144, [&](double const* v) { return v[i] * v[i + 3]; });
    expect_mean(0.1, 0.1 * 0.9, [&](double const* v) { return v[i] < 0.1 ? 1 : 0; });
  }
}

void expect_share(Share const& share, double value, double low, double high) {
  EXPECT_DOUBLE_EQ(share.value, value);
  EXPECT_NEAR(share.low, low, 5e-5);
  EXPECT_NEAR(share.high, high, 5e-5);
}

/// The examples of Newcombe 1998 (two-sided confidence intervals for the single proportion).
TEST(WilsonShare, IsThatOfTheLiterature) {
  expect_share(wilson_share(81, 263), 81.0 / 263, 0.2553, 0.3662);
  expect_share(wilson_share(15, 148), 15.0 / 148, 0.0624, 0.1605);
  expect_share(wilson_share(0, 20), 0, 0, 0.1611);
  expect_share(wilson_share(1, 29), 1.0 / 29, 0.0061, 0.1718);
}

TEST(WilsonShare, EndsWhereTheShareIsTwoStandardErrorsAway) {
  for (auto const& [hits, trials] : std::vector<std::pair<Index, Index>>{
           {1, 3}, {5, 10}, {999, 1000}, {123456, 1 << 24}, {1, 1 << 30}}) {
    Share const share = wilson_share(hits, trials);
    for (double const end : {share.low, share.high}) {
      double const error = std::sqrt(end * (1 - end) / static_cast<double>(trials));
      EXPECT_NEAR(std::abs(share.value - end) / error, 1.959964, 1e-5) << hits << "/" << trials;
    }
  }
}

TEST(WilsonShare, OfNoneOrAllEndsAtZeroOrOne) {
  double const square = 1.959963984540054 * 1.959963984540054;
  for (Index n = 1; n < 2000; ++n) {
    Share const none = wilson_share(0, n);
    EXPECT_EQ(none.low, 0) << n;
    EXPECT_EQ(none.value, 0);
    EXPECT_NEAR(none.high, square / (static_cast<double>(n) + square), 1e-14);
    Share const all = wilson_share(n, n);
    EXPECT_EQ(all.high, 1) << n;
    EXPECT_EQ(all.value, 1);
    EXPECT_NEAR(all.low, 1 - none.high, 1e-14);
  }
}

TEST(WilsonShare, OfNothingIsUnknown) {
  Share const share = wilson_share(0, 0);
  EXPECT_EQ(share.value, 0);
  EXPECT_EQ(share.low, 0);
  EXPECT_EQ(share.high, 1);
}

/// Counted in the boxes of a grid of 5 × 5, or of a line.
VerdictCounts counted(VerdictLists const& verdicts, Extents const& extent) {
  Machine<double> const machine;
  bool const is_line = extent.size() == 1;
  return count(machine, verdicts, is_line ? 1 : extent.front(), extent.back(), 2,
               is_line ? Boxes::line : Boxes::square);
}

/// rows × cols verdicts: diverged where `is` says so, else stable.
template <class Predicate>
VerdictLists diverged_where(Index rows, Index cols, Predicate const& is) {
  VerdictLists verdicts;
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < cols; ++c) {
      is(r, c) ? verdicts.add(Outcome::diverged) : verdicts.add(Outcome::stable, 0);
    }
  }
  return verdicts;
}

TEST(MeanSteps, AreOfAllStarts) {
  VerdictLists verdicts;
  for (unsigned const steps : {3u, 5u, 7u, 4'000'000'000u})
    verdicts.add(Outcome::diverged, -1, steps);
  EXPECT_EQ(mean_steps(counted(verdicts, {4})), 4'000'000'015.0 / 4);
}

TEST(BasinEntropy, OfOneBasinIsZero) {
  for (auto const& verdicts : {diverged_where(15, 20, [](Index, Index) { return true; }),
                               diverged_where(15, 20, [](Index, Index) { return false; })}) {
    VerdictCounts const counts = counted(verdicts, {15, 20});
    EXPECT_EQ(counts.boxes, 12);
    EXPECT_EQ(counts.boundary_boxes, 0);
    EXPECT_EQ(basin_entropy(counts), 0);
    EXPECT_EQ(boundary_basin_entropy(counts), 0);
  }
}

/// 13 of the one and 12 of the other in every box of 25.
TEST(BasinEntropy, OfACheckerboardIsAlmostThatOfACoin) {
  VerdictCounts const counts =
      counted(diverged_where(10, 15, [](Index r, Index c) { return (r + c) % 2 == 0; }), {10, 15});
  EXPECT_EQ(counts.boxes, 6);
  EXPECT_EQ(counts.boundary_boxes, 6);
  double const p = 13.0 / 25;
  EXPECT_NEAR(basin_entropy(counts), -p * std::log(p) - (1 - p) * std::log(1 - p), 1e-14);
  EXPECT_NEAR(basin_entropy(counts), std::numbers::ln2, 1e-3);
  EXPECT_EQ(boundary_basin_entropy(counts), basin_entropy(counts));
}

TEST(BasinEntropy, LeavesIncompleteBoxesOut) {
  auto const beyond = [](Index r, Index c) { return r >= 5 || c >= 10; };
  VerdictCounts const counts = counted(diverged_where(9, 14, beyond), {9, 14});
  EXPECT_EQ(counts.boxes, 2);
  EXPECT_EQ(basin_entropy(counts), 0);
  for (Extents const& narrow : {Extents{4, 100}, Extents{100, 4}}) {
    VerdictCounts const none = counted(diverged_where(narrow[0], narrow[1], beyond), narrow);
    EXPECT_EQ(none.boxes, 0);
    EXPECT_EQ(basin_entropy(none), 0);
  }
}

TEST(BasinEntropy, MeetsABoundaryInTheBoxesItRunsThrough) {
  // One column of five in the middle box of three: 5 of 25.
  VerdictCounts const counts =
      counted(diverged_where(5, 15, [](Index, Index c) { return c == 7; }), {5, 15});
  EXPECT_EQ(counts.boxes, 3);
  EXPECT_EQ(counts.boundary_boxes, 1);
  double const there = -0.2 * std::log(0.2) - 0.8 * std::log(0.8);
  EXPECT_NEAR(boundary_basin_entropy(counts), there, 1e-14);
  EXPECT_NEAR(basin_entropy(counts), there / 3, 1e-14);
}

TEST(BasinEntropy, OfALineIsOfFiveInARow) {
  VerdictCounts const counts =
      counted(diverged_where(1, 13, [](Index, Index c) { return c < 1 || c >= 10; }), {13});
  EXPECT_EQ(counts.boxes, 2);
  EXPECT_EQ(counts.boundary_boxes, 1);
  EXPECT_NEAR(boundary_basin_entropy(counts), -0.2 * std::log(0.2) - 0.8 * std::log(0.8), 1e-14);
}

TEST(BasinEntropy, IsOfGridsAlone) {
  ScanSpace space;
  space.through = {0, 0};
  space.free = {{0, {-1, 1, 7}}};
  EXPECT_EQ(space.boxes(), Boxes::line);
  space.free.push_back({1, {-1, 1, 1}});
  EXPECT_EQ(space.boxes(), Boxes::square);
  for (SpaceKind const kind : {SpaceKind::sample, SpaceKind::points}) {
    space.kind = kind;
    EXPECT_EQ(space.boxes(), Boxes::none);
  }
}

RuleOptions rule_options(std::string const& landscape, double step) {
  RuleOptions options;
  options.landscape = parse_landscape(landscape);
  options.step = step;
  return options;
}

template <class T>
class Boundary : public ::testing::Test {
 protected:
  Uncertainty of(std::string const& landscape, double step, ScanSpace const& space, Index pairs) {
    Machine<T> machine;
    return boundary_uncertainty<T>(*machine.context, machine.operations,
                                   make_rule<T>(rule_options(landscape, step)).basin, space, pairs);
  }

  /// That the share of pairs is `per_distance` times their distance, and the exponent hence 1.
  static void expect_smooth(Uncertainty const& u, double per_distance, Index pairs) {
    for (std::size_t k = 0; k < u.distance.size(); ++k) {
      double const share = per_distance * u.distance[k];
      double const error = std::sqrt(share / static_cast<double>(pairs));
      EXPECT_NEAR(u.share[k], share, 4 * error + 0.01 * share) << u.distance[k];
    }
    EXPECT_GT(u.exponent_error, 0);
    EXPECT_LT(u.exponent_error, 0.1);
    EXPECT_NEAR(u.exponent, 1, 3 * u.exponent_error);
  }
};
TYPED_TEST_SUITE(Boundary, Precisions);

/// At a small step size the basins of f4 meet along x = −y, which is 8√2 long in a box of 64. A
/// step of a length d in a random direction crosses it with probability 2d/π per length and area.
TYPED_TEST(Boundary, ThatIsSmoothHasTheUncertaintyExponentOne) {
  constexpr Index pairs = 100'000;
  Uncertainty const u = this->of("f4", 0.02, grid({-4, 4, 2}, {-4, 4, 2}), pairs);
  ASSERT_EQ(u.distance.size(), u.share.size());
  ASSERT_GE(u.distance.size(), 4u);
  EXPECT_DOUBLE_EQ(u.distance[0], 8.0 / 50);
  EXPECT_DOUBLE_EQ(u.distance[3], 8.0 / 50 / 64);
  this->expect_smooth(u, 2 / std::numbers::pi * std::sqrt(128.0) / 64, pairs);
}

/// Where y = 1 is held the boundary is one point, and a pair lies to its left and right with a
/// probability of its distance over the length.
TYPED_TEST(Boundary, InASliceIsLookedForAlongTheSlice) {
  constexpr Index pairs = 100'000;
  ScanSpace slice = grid({-4, 4, 2}, {});
  slice.through = {0, 1};
  slice.free.pop_back();
  this->expect_smooth(this->of("f4", 0.02, slice, pairs), 1.0 / 8, pairs);
}

TYPED_TEST(Boundary, ThatIsNotThereHasNoExponent) {
  Uncertainty const u = this->of("quadratic", 0.01, grid({-4, 4, 2}, {-4, 4, 2}), 1000);
  for (double const share : u.share) EXPECT_EQ(share, 0);
  EXPECT_TRUE(std::isnan(u.exponent));
  EXPECT_TRUE(std::isnan(u.exponent_error));
}

TEST(BoundaryDistance, IsOfTheLongestSide) {
  Machine<double> machine;
  auto const rule = make_rule<double>(rule_options("f4", 0.3)).basin;
  Uncertainty const u = boundary_uncertainty<double>(*machine.context, machine.operations, rule,
                                                     grid({-1, 1, 2}, {-4, 1, 2}), 10);
  EXPECT_DOUBLE_EQ(u.distance[0], 5.0 / 50);
}

TEST(Rule, IsMadeOfItsOptions) {
  RuleOptions options = rule_options("f4", 0.2);
  options.max_steps = 123;
  options.escape = 77;
  options.tolerance = 1e-4;
  ScanRule const made = make_rule<double>(options);
  EXPECT_EQ(made.basin.landscape.name, LandscapeName::f4);
  EXPECT_EQ(made.basin.step, 0.2);
  EXPECT_EQ(made.basin.max_steps, 123);
  EXPECT_EQ(made.basin.escape, 77);
  EXPECT_EQ(made.basin.tolerance, 1e-4);
  EXPECT_FALSE(made.basin.on_square_root);
  EXPECT_FALSE(made.basin.normalized);
  ASSERT_EQ(made.minima.size(), 2u);
  ASSERT_EQ(made.certificates.size(), 2u);
  ASSERT_EQ(made.basin.minima.size(), 2u);
  for (std::size_t m = 0; m < 2; ++m) {
    BasinMinimum const& listed = made.basin.minima[m];
    EXPECT_EQ(listed.at[0], made.minima[m].at[0]);
    EXPECT_EQ(listed.at[1], made.minima[m].at[1]);
    EXPECT_GT(listed.radius, 0);
    EXPECT_EQ(listed.radius, made.certificates[m].radius);
    EXPECT_EQ(listed.level, made.certificates[m].level);
  }
  options.objective = ScanObjective::square_root;
  options.normalized = true;
  EXPECT_TRUE(make_rule<double>(options).basin.on_square_root);
  EXPECT_TRUE(make_rule<double>(options).basin.normalized);
}

TEST(Rule, HasTheTolerancesOfItsPrecision) {
  RuleOptions const options = rule_options("f4", 0.2);
  EXPECT_EQ(make_rule<double>(options).basin.tolerance, 1e-8);
  EXPECT_EQ(make_rule<float>(options).basin.tolerance, 1e-5);
  EXPECT_EQ(make_rule<double>(options).basin.slack, std::ldexp(1, 5 - 52));
  EXPECT_EQ(make_rule<float>(options).basin.slack, std::ldexp(1, 5 - 23));
}

/// At the minima of f4 the Hessian has the eigenvalues 0.2 and 3.8, and f = 0.0975; where the
/// gradient is below a tolerance, the minimum is within a fifth of a quarter of it, four times
/// over.
TEST(Rule, CallsMinimaReachedWithinTheReachOfTheTolerance) {
  auto const distance = [](RuleOptions const& options) {
    return make_rule<double>(options).basin.minima.at(1).settling_distance;
  };
  RuleOptions options = rule_options("f4", 0.3);
  EXPECT_EQ(distance(options), 1e-6);
  EXPECT_NEAR(make_rule<float>(options).basin.minima.at(0).settling_distance, 4e-5 / 0.2, 1e-9);
  options.tolerance = 1e-3;
  EXPECT_NEAR(distance(options), 4e-3 / 0.2, 1e-8);
  options.objective = ScanObjective::square_root;
  EXPECT_NEAR(distance(options), 4e-3 / (0.2 / (2 * std::sqrt(0.0975))), 1e-8);
}

TEST(Rule, LetsNothingSettleAtARepellingMinimum) {
  RuleOptions options = rule_options("f4", 2 / 3.8 * 1.001);
  EXPECT_EQ(make_rule<double>(options).basin.minima.at(0).settling_distance, 0);
  EXPECT_EQ(make_rule<double>(options).basin.minima.at(0).radius, 0);
  options.step = 2 / 3.8 * 0.999;
  EXPECT_GT(make_rule<double>(options).basin.minima.at(0).settling_distance, 0);
  // The square root has a kink where f vanishes.
  RuleOptions kink = rule_options("quadratic", 0.01);
  EXPECT_GT(make_rule<double>(kink).basin.minima.at(0).settling_distance, 0);
  kink.objective = ScanObjective::square_root;
  EXPECT_EQ(make_rule<double>(kink).basin.minima.at(0).settling_distance, 0);
  EXPECT_EQ(make_rule<double>(kink).basin.minima.at(0).radius, 0);
}

TEST(Rule, OfNormalizedStepsHasNoCertifiedSets) {
  RuleOptions options = rule_options("f4", 0.1);
  options.normalized = true;
  ScanRule const made = make_rule<double>(options);
  ASSERT_EQ(made.certificates.size(), 2u);
  for (std::size_t m = 0; m < 2; ++m) {
    EXPECT_EQ(made.basin.minima[m].radius, 0);
    EXPECT_EQ(made.basin.minima[m].settling_distance, 0);
    EXPECT_FALSE(made.certificates[m].exists());
    EXPECT_NE(made.certificates[m].reason.find("normalized"), std::string::npos);
  }
}

TEST(Rule, RefusesWhatNoScanCanBeMadeOf) {
  auto const refused = [](auto const& change, std::string const& message) {
    RuleOptions options = rule_options("f4", 0.2);
    change(options);
    expect_input_error([&] { check_rule(options); }, message);
    expect_input_error([&] { make_rule<float>(options); }, message);
  };
  for (double const bad : {0.0, -1.0, nan, infinity}) {
    auto const message = [&](char const* option) {
      return fmt::format("{} {}: must be positive and finite", option, bad);
    };
    refused([&](auto& o) { o.step = bad; }, message("--lr"));
    refused([&](auto& o) { o.escape = bad; }, message("--escape"));
    refused([&](auto& o) { o.tolerance = bad; }, message("--tolerance"));
  }
  refused([](auto& o) { o.max_steps = -1; }, "--max-steps -1: must be from 0 to 16777216");
  refused([](auto& o) { o.max_steps = (1 << 24) + 1; }, "--max-steps 16777217: must be from 0");
  refused(
      [](auto& o) {
        o.landscape = parse_landscape("f1");
        o.objective = ScanObjective::square_root;
      },
      "--objective sqrt: f1 takes negative values");

  RuleOptions most = rule_options("f1", 0.2);
  most.max_steps = 1 << 24;
  EXPECT_NO_THROW(check_rule(most));
}

}  // namespace
}  // namespace brink::test
