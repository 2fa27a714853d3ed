#include "host/network/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/data/npy.hpp"
#include "host/network/initialize.hpp"
#include "tests/host/data_files.hpp"
#include "tests/support/compare.hpp"

namespace brink::test {
namespace {

TEST(Network, LaysItsParametersOutAsPyTorchDoes) {
  Network const network({3, 4, 2}, Activation::tanh);
  EXPECT_EQ(network.layers(), 2);
  EXPECT_EQ(network.parameters(), 4 * 3 + 4 + 2 * 4 + 2);
  EXPECT_EQ(network.offset(0), 0);
  EXPECT_EQ(network.offset(1), 16);
  EXPECT_EQ(network.units(), 6);
  std::vector<double> theta(26);
  auto const first = network.layer(Vector<double>{theta.data(), 26}, 0);
  EXPECT_EQ(first.weight.row(1) - theta.data(), 3);
  EXPECT_EQ(first.bias.data - theta.data(), 12);
  EXPECT_EQ(first.bias.size, 4);
  auto const second = network.layer(Vector<double>{theta.data(), 26}, 1);
  EXPECT_EQ(second.weight.data - theta.data(), 16);
  EXPECT_EQ(second.bias.data - theta.data(), 24);

  std::vector<double> block(2 * 30);
  auto const directions = network.layer(Matrix<double>{block.data(), 2, 26, 30}, 1);
  EXPECT_EQ(directions.count, 2);
  EXPECT_EQ(directions.layer(1).weight.data - block.data(), 30 + 16);
  EXPECT_EQ(directions.layer(1).bias.data - block.data(), 30 + 24);
}

TEST(Network, RefusesWidthsThatAreNone) {
  expect_input_error([] { Network({3, 0, 2}, Activation::tanh); }, "3, 0, 2");
  expect_input_error([] { Network({3, -1, 2}, Activation::tanh); }, "-1");
  EXPECT_THROW(Network({3}, Activation::tanh), InputError);
  EXPECT_THROW(Network({}, Activation::tanh), InputError);
}

TEST(Network, ActivationsHaveNames) {
  for (std::string const name :
       {"tanh", "relu", "gelu", "elu", "softplus", "hardtanh", "identity"}) {
    EXPECT_EQ(activation_name(parse_activation(name)), name);
  }
  expect_input_error([] { parse_activation("swish"); }, "hardtanh");
}

template <class T>
class Initialize : public ::testing::Test {};
TYPED_TEST_SUITE(Initialize, Precisions);

/// Smallest and largest of part of a parameter vector, and its variance.
struct Spread {
  double low, high, variance;
};
template <class T>
Spread spread(std::vector<T> const& theta, Index first, Index count) {
  auto const begin = theta.begin() + first;
  auto const [low, high] = std::minmax_element(begin, begin + count);
  double square = 0;
  for (Index i = 0; i < count; ++i) square += static_cast<double>(begin[i]) * begin[i];
  return {static_cast<double>(*low), static_cast<double>(*high),
          square / static_cast<double>(count)};
}

TYPED_TEST(Initialize, PyTorchsIsUniformInTheInverseRootOfTheInputs) {
  Network const network({100, 50, 10}, Activation::tanh);
  auto const theta = initialize<TypeParam>(network, Initialization::pytorch, 4);
  ASSERT_EQ(std::ssize(theta), network.parameters());
  for (Index l = 0; l < 2; ++l) {
    double const bound = 1 / std::sqrt(static_cast<double>(network.inputs(l)));
    Index const weights = network.inputs(l) * network.outputs(l);
    Spread const weight = spread(theta, network.offset(l), weights);
    EXPECT_LE(weight.high, bound);
    EXPECT_GE(weight.low, -bound);
    EXPECT_GT(weight.high, 0.97 * bound);
    EXPECT_LT(weight.low, -0.97 * bound);
    EXPECT_NEAR(weight.variance, bound * bound / 3, 0.2 * bound * bound / 3);
    Spread const bias = spread(theta, network.offset(l) + weights, network.outputs(l));
    EXPECT_LE(bias.high, bound);
    EXPECT_GE(bias.low, -bound);
    EXPECT_NE(bias.high, bias.low);
  }
}

TYPED_TEST(Initialize, XaviersHasItsBoundAndNoBiases) {
  Network const network({100, 50, 10}, Activation::tanh);
  auto const theta = initialize<TypeParam>(network, Initialization::xavier, 4);
  double const bound = std::sqrt(6.0 / 150);
  Spread const weight = spread(theta, 0, 5000);
  EXPECT_LE(weight.high, bound * (1 + 1e-6));
  EXPECT_GT(weight.high, 0.97 * bound);
  Spread const bias = spread(theta, 5000, 50);
  EXPECT_EQ(bias.low, 0);
  EXPECT_EQ(bias.high, 0);
}

TYPED_TEST(Initialize, IsAFunctionOfTheSeed) {
  Network const network({7, 5, 3}, Activation::tanh);
  auto const one = initialize<TypeParam>(network, Initialization::pytorch, 1);
  EXPECT_EQ(one, initialize<TypeParam>(network, Initialization::pytorch, 1));
  EXPECT_NE(one, initialize<TypeParam>(network, Initialization::pytorch, 2));
  // The same point at either precision.
  EXPECT_EQ(one, narrowed<TypeParam>(initialize<double>(network, Initialization::pytorch, 1)));
}

TYPED_TEST(Initialize, LoadsParametersAndRefusesOthers) {
  using T = TypeParam;
  Files const files;
  Network const network({2, 1}, Activation::tanh);
  write_npy<double>(files.path("three.npy"), std::vector<double>{1, 2, 3}, {3});
  EXPECT_EQ(load_parameters<T>(network, files.string("three.npy")), (std::vector<T>{1, 2, 3}));

  write_npy<double>(files.path("four.npy"), std::vector<double>{1, 2, 3, 4}, {4});
  expect_input_error([&] { load_parameters<T>(network, files.string("four.npy")); },
                     "holds 4 parameters, the network has 3");
  double const nan = std::numeric_limits<double>::quiet_NaN();
  write_npy<double>(files.path("nan.npy"), std::vector<double>{1, nan, 3}, {3});
  expect_input_error([&] { load_parameters<T>(network, files.string("nan.npy")); }, "parameter 1");
  expect_input_error([&] { load_parameters<T>(network, files.string("none.npy")); }, "none.npy");
}

}  // namespace
}  // namespace brink::test
