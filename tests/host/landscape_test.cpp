#include "host/landscape/landscape.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/error.hpp"
#include "tests/support/landscapes.hpp"

namespace brink::test {
namespace {

struct Expected {
  std::string name;
  std::vector<std::vector<double>> at;
  double sharpness;
};

TEST(Minima, AreThoseThatThePapersName) {
  double const c = std::sqrt(19.0 / 20);
  for (Expected const& expected :
       std::vector<Expected>{{"f1", {{0, 0}}, 2},
                             {"f2", {{0, 0}}, 2},
                             {"f3", {{-1, -1}, {-1, 1}, {1, -1}, {1, 1}}, 12},
                             {"f4", {{-c, -c}, {c, c}}, 3.8},
                             {"quadratic", {{0, 0}}, 40},
                             {"quadratic:1,2,3", {{0, 0, 0}}, 6},
                             {"quadratic:0.5", {{0}}, 1},
                             {"tanh-quadratic", {{0, 0}}, 40},
                             {"tanh-quadratic:1,2,3,4", {{0, 0, 0, 0}}, 8},
                             {"neuron-linear", {}, 0},
                             {"neuron-tanh", {}, 0},
                             {"normalized-neuron", {}, 0},
                             {"arora", {}, 0},
                             {"hyperbola", {}, 0}}) {
    SCOPED_TRACE(expected.name);
    std::vector<Minimum> const found = find_minima(parse_landscape(expected.name));
    ASSERT_EQ(found.size(), expected.at.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_EQ(found[i].at.size(), expected.at[i].size());
      for (std::size_t j = 0; j < found[i].at.size(); ++j) {
        EXPECT_NEAR(found[i].at[j], expected.at[i][j], 1e-12);
        EXPECT_FALSE(std::signbit(found[i].at[j]) && found[i].at[j] == 0);
      }
      EXPECT_NEAR(found[i].sharpness, expected.sharpness, 1e-6);
      EXPECT_GT(found[i].flatness, 0);
    }
  }
}

TEST(Minima, BeyondTheReachAreNotListed) {
  EXPECT_TRUE(find_minima(parse_landscape("f3"), 0.9).empty());
  EXPECT_EQ(find_minima(parse_landscape("f3"), 1.1).size(), 4u);
}

TEST(LandscapeNames, ReadBackAsWritten) {
  for (std::string const name :
       {"f1", "f2", "f3", "f4", "neuron-linear", "neuron-tanh", "normalized-neuron", "arora",
        "hyperbola", "quadratic:20,1", "tanh-quadratic:20,1", "quadratic:0.5,2,7,1"}) {
    EXPECT_EQ(landscape_name(parse_landscape(name)), name);
  }
  EXPECT_EQ(landscape_name(parse_landscape("quadratic")), "quadratic:20,1");
}

TEST(LandscapeNames, WrongOnesAreRefused) {
  for (std::string const text : {"", "f5", "F4", "f4:1", "arora:", "quadratic:", "quadratic:1,",
                                 "quadratic:0", "quadratic:-1,2", "quadratic:nan", "quadratic:inf",
                                 "quadratic:1,2,3,4,5", "quadratic:1;2", "quadratic:a"}) {
    EXPECT_THROW(parse_landscape(text), InputError) << text;
  }
}

}  // namespace
}  // namespace brink::test
