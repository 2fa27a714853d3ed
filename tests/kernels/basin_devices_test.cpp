// The scan on the device under test against the CPU's, which the oracle has judged.
#include <gtest/gtest.h>

#include <functional>

#include "host/landscape/landscape.hpp"
#include "host/scan/rule.hpp"
#include "kernels/math/random.hpp"
#include "tests/support/basin.hpp"
#include "tests/support/landscapes.hpp"

namespace brink::test {
namespace {

template <class T>
using Found = std::vector<ScannedStart<T>>;

template <class T>
using MakeStarts = std::function<StartSet<T>(Context&)>;

template <class T>
Found<T> scan_on(std::string const& device, BasinRule const& rule, MakeStarts<T> const& make,
                 Asked const& asked = {}) {
  auto const context = make_context(device, 1);
  auto const operations = make_operations<T>(*context);
  auto const starts = make(*context);
  ResultSet<T> const results(*context, starts.view().rows * starts.view().cols,
                             rule.landscape.dimension);
  operations.basin->scan(rule, starts.view(), results.view(asked));
  return results.download();
}

/// `count` points of |θᵢ| ≤ 2.
template <class T>
MakeStarts<T> random_points(int dimension, std::uint64_t count) {
  std::vector<std::vector<T>> coordinates;
  for (int i = 0; i < dimension; ++i) {
    auto& values = coordinates.emplace_back();
    for (std::uint64_t k = 0; k < count; ++k) {
      values.push_back(static_cast<T>(4 * uniform(7, static_cast<std::uint64_t>(i), k) - 2));
    }
  }
  return [=](Context& context) { return points(context, coordinates); };
}

template <class T>
std::vector<T> axis(Index count) {
  return narrowed<T>(random_vector(count, 9));
}

template <class T>
BasinRule host_rule(std::string const& landscape, double step, Index max_steps = 1000,
                    bool normalized = false, ScanObjective objective = ScanObjective::loss) {
  RuleOptions options;
  options.landscape = parse_landscape(landscape);
  options.step = step;
  options.max_steps = max_steps;
  options.normalized = normalized;
  options.objective = objective;
  return make_rule<T>(options).basin;
}

/// A rule that no host would make: the sets and the settling distances of its minima overlap and
/// are not centred on minima.
template <class T>
BasinRule odd_rule(LandscapeChoice const& landscape, double step) {
  BasinRule rule;
  rule.landscape = landscape;
  rule.step = step;
  rule.max_steps = 400;
  rule.escape = 10;
  rule.tolerance = sizeof(T) == sizeof(float) ? 1e-4 : 1e-7;
  rule.slack = 32 * static_cast<double>(std::numeric_limits<T>::epsilon());
  rule.minima = {{{1, 1, 1, 1}, 0.2, 0.1, 0.5},
                 {{-1, -1, -1, -1}, 0, 0, 0.5},
                 {{0.9, 1, 1, 0.9}, 0.2, 0.3, 0.3},
                 {{0.1, -0.1, 0, 0.1}, 0.15, 0.01, 0.2}};
  return rule;
}

bool has_tanh(LandscapeChoice const& landscape) {
  return landscape.name == LandscapeName::tanh_quadratic ||
         landscape.name == LandscapeName::neuron_tanh;
}

template <class T>
class BasinDevices : public testing::Test {
 protected:
  void SetUp() override {
    if (device() == "cpu") GTEST_SKIP() << "compares the device under test with the CPU";
    emulated_ = make_context(device(), 1)->description().find("emulated") != std::string::npos;
  }

  void expect_same(BasinRule const& rule, MakeStarts<T> const& starts,
                   Asked const& asked = {}) const {
    auto const got = scan_on(device(), rule, starts, asked);
    auto const want = scan_on("cpu", rule, starts, asked);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t k = 0; k < got.size(); ++k) {
      ASSERT_TRUE(got[k] == want[k])
          << "start " << k << " of " << landscape_name(rule.landscape) << ", lr " << rule.step
          << ", within " << rule.max_steps << ": " << int(got[k].outcome) << " at "
          << got[k].minimum << " after " << got[k].steps << " steps instead of "
          << int(want[k].outcome) << " at " << want[k].minimum << " after " << want[k].steps;
    }
  }

  /// Whether the last bit of a landscape is the CPU's. A GPU has a tanh of its own.
  bool rounds_alike(LandscapeChoice const& landscape) const {
    return emulated_ || !has_tanh(landscape);
  }

 private:
  bool emulated_ = false;
};
TYPED_TEST_SUITE(BasinDevices, Precisions);

TYPED_TEST(BasinDevices, AgreeOnEveryLandscape) {
  using T = TypeParam;
  struct Descended {
    double step;
    bool on_square_root, normalized;
  };
  for (LandscapeChoice const& landscape : all_landscapes()) {
    if (!this->rounds_alike(landscape)) continue;
    auto const starts = random_points<T>(landscape.dimension, 133);
    for (auto const& [step, on_square_root, normalized] :
         std::vector<Descended>{{0.05, false, false},
                                {0.45, false, false},
                                {0.02, true, false},
                                {1.1, true, false},
                                {0.1, false, true},
                                {0.3, true, true}}) {
      BasinRule rule = odd_rule<T>(landscape, step);
      rule.on_square_root = on_square_root;
      rule.normalized = normalized;
      this->expect_same(rule, starts);
    }
    // A set so high that every step may be in one; it reaches beyond the region.
    BasinRule rule = odd_rule<T>(landscape, 0.3);
    rule.minima.push_back({{9.9, 9.9, 9.9, 9.9}, 1, 1e9, 0});
    this->expect_same(rule, starts);
  }
}

TYPED_TEST(BasinDevices, AgreeOnWhatTheHostAsksFor) {
  using T = TypeParam;
  std::vector<BasinRule> rules{host_rule<T>("f1", 0.99),
                               host_rule<T>("f2", 0.99),
                               host_rule<T>("f3", 0.165),
                               host_rule<T>("f4", 0.1),
                               host_rule<T>("f4", 0.52),
                               host_rule<T>("f4", 0.53),
                               host_rule<T>("quadratic", 0.05),
                               host_rule<T>("hyperbola", 0.45),
                               host_rule<T>("arora", 0.3),
                               host_rule<T>("neuron-linear", 0.1),
                               host_rule<T>("neuron-tanh", 0.1),
                               host_rule<T>("tanh-quadratic", 0.1),
                               host_rule<T>("f4", 0.1, 1000, true),
                               host_rule<T>("f4", 0.3, 1000, false, ScanObjective::square_root)};
  for (BasinRule const& rule : rules) {
    if (!this->rounds_alike(rule.landscape)) continue;
    this->expect_same(rule,
                      [](Context& context) { return grid<T>(context, axis<T>(101), axis<T>(7)); });
  }
}

TYPED_TEST(BasinDevices, AgreeOnStartsOfEveryShape) {
  using T = TypeParam;
  BasinRule const rule = host_rule<T>("f4", 0.45);
  for (std::uint64_t const count : {1, 31, 32, 33, 501, 5000}) {
    this->expect_same(rule, random_points<T>(2, count));
  }
  using Shape = std::pair<Index, Index>;
  for (auto const& [rows, cols] : {Shape{1, 1},
                                   {1, 700},
                                   {700, 1},
                                   {257, 3},
                                   {3, 257},
                                   {31, 33},
                                   {5, 1025},
                                   {0, 5},
                                   {5, 0},
                                   {2000, 7}}) {
    this->expect_same(rule, [=, height = rows, width = cols](Context& context) {
      return grid<T>(context, axis<T>(width), axis<T>(height));
    });
  }
  // A plane in which both coordinates vary along both directions.
  this->expect_same(rule, [](Context& context) {
    StartSet<T> starts(context, 13, 50);
    starts.add(axis<T>(13 * 60 + 50), 60, 1);
    starts.add(axis<T>(13 * 3), 3, 0);
    return starts;
  });
}

TYPED_TEST(BasinDevices, AgreeOnASlice) {
  using T = TypeParam;
  BasinRule const rule = odd_rule<T>({LandscapeName::quadratic, 4, {3, 2, 1, 0.5}}, 0.3);
  this->expect_same(rule, [](Context& context) {
    return grid<T>(context, axis<T>(61), axis<T>(9), {T(0.5), T(1.5)});
  });
}

TYPED_TEST(BasinDevices, AgreeWithinEveryStepLimit) {
  using T = TypeParam;
  auto const starts = random_points<T>(2, 301);
  for (BasinRule rule : {host_rule<T>("f4", 0.53), host_rule<T>("f3", 0.05),
                         host_rule<T>("quadratic", 0.05), host_rule<T>("f1", 0.9)}) {
    for (Index const limit : {0, 1, 7, 8, 9, 16, 39, 40, 41, 47, 48, 49, 56, 57, 300, 304, 305}) {
      rule.max_steps = limit;
      this->expect_same(rule, starts);
    }
  }
}

TYPED_TEST(BasinDevices, WriteWhatTheyAreAskedForAndNothingElse) {
  using T = TypeParam;
  auto const starts = random_points<T>(2, 301);
  BasinRule const rule = host_rule<T>("f4", 0.45);
  for (unsigned asked = 0; asked < 32; ++asked) {
    auto const bit = [&](unsigned k) { return (asked >> k & 1) != 0; };
    this->expect_same(rule, starts, {bit(0), bit(1), bit(2), bit(3), bit(4)});
  }
}

TYPED_TEST(BasinDevices, AgreeOnStartsOutOfTheOrdinary) {
  using T = TypeParam;
  T const nan = std::numeric_limits<T>::quiet_NaN();
  T const infinity = std::numeric_limits<T>::infinity();
  T const most = std::numeric_limits<T>::max();
  T const least = std::numeric_limits<T>::denorm_min();
  std::vector<T> const odd{nan,  infinity, -infinity, most, -most, least,
                           T(0), -T(0),    T(1e6),    1,    -1};
  for (std::string const landscape : {"f1", "f3", "f4", "hyperbola"}) {
    BasinRule rule = host_rule<T>(landscape, 0.1);
    for (double const escape : {1e6, 1e30}) {
      rule.escape = escape;
      this->expect_same(rule, [&](Context& context) { return grid<T>(context, odd, odd); });
    }
  }
}

TYPED_TEST(BasinDevices, AgreeOnMoreMinimaThanHaveSets) {
  using T = TypeParam;
  BasinRule rule = odd_rule<T>({LandscapeName::arora, 2, {}}, 0.2);
  rule.minima.clear();
  for (int m = 0; m < 90; ++m) {
    double const x = -1.8 + 0.04 * m;
    rule.minima.push_back({{x, 0}, m % 7 == 0 ? 0 : 0.05, 0.002 * (m % 5), 0.03});
  }
  this->expect_same(rule, random_points<T>(2, 2000));
  rule.minima.clear();
  this->expect_same(rule, random_points<T>(2, 100));
}

TYPED_TEST(BasinDevices, RepeatToTheLastBit) {
  using T = TypeParam;
  Machine<T> machine(1);
  for (BasinRule const& rule : {host_rule<T>("f4", 0.53), host_rule<T>("f3", 0.16)}) {
    auto const starts = grid<T>(*machine.context, axis<T>(203), axis<T>(9));
    auto const first = scan(machine, rule, starts.view());
    EXPECT_TRUE(scan(machine, rule, starts.view()) == first);
  }
}

template <class T>
class BasinCycles : public testing::Test {};
TYPED_TEST_SUITE(BasinCycles, Precisions);

TYPED_TEST(BasinCycles, AreFoundUpToPeriod64) {
  using T = TypeParam;
  // Along x = 0 descent on f1 is the logistic map with r = 1 + 2η. float32 blurs its longest cycle.
  std::vector<double> with_cycles{3.2, 3.5, 3.55, 3.566, 3.5692};
  if (sizeof(T) == sizeof(double)) with_cycles.push_back(3.5698);
  MakeStarts<T> const starts = [](Context& context) {
    return points<T>(context, {{0, 0}, {T(-0.2), T(-0.3)}});
  };
  for (double const r : with_cycles) {
    BasinRule const rule = host_rule<T>("f1", (r - 1) / 2, 100'000);
    for (auto const& found : scan_on<T>(device(), rule, starts)) {
      EXPECT_EQ(found.outcome, Outcome::periodic) << r;
    }
  }
}

}  // namespace
}  // namespace brink::test
