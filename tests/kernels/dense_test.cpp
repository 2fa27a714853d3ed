#include "kernels/dense.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/network/network.hpp"
#include "tests/oracle/oracle.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

struct Sizes {
  Index examples, inputs, outputs;
};

std::vector<Sizes> ragged_sizes() {
  std::vector<Sizes> sizes;
  for (Index const n : {1, 31, 32, 33}) {
    for (Index const d : {1, 31, 32, 33}) {
      for (Index const h : {1, 31, 32, 33}) sizes.push_back({n, d, h});
    }
  }
  return sizes;
}

/// Sizes at which a device goes about its products in other ways than at the small ones.
std::vector<Sizes> large_sizes() {
  return {
      {5, 515, 17},   // forward: many inputs
      {5, 17, 515},   // input gradient: many outputs
      {3, 380, 350},  // weight gradient: many weights
      {700, 70, 33},  // weight gradient: many examples
      {300, 66, 7},   // the same of few outputs
      {1, 2, 32705},  // forward: many tiles
      {1, 32705, 2},  // input gradient: many tiles
  };
}

/// Enough operations for warp groups of a GPU.
constexpr Sizes many_operations{640, 520, 330};

/// A scale of weights that keeps preactivations where activations bend.
double bending_scale(Index inputs) {
  return 1 / std::sqrt(static_cast<double>(inputs));
}

/// Calls check(sizes, machine, padding) with and without a gap between the rows.
template <class T, class Check>
void for_sizes(int threads, std::vector<Sizes> const& all, Check const& check) {
  Machine<T> machine(threads);
  for (Sizes const& sizes : all) {
    for (Index const padding : {0, 3}) {
      SCOPED_TRACE(std::to_string(sizes.examples) + " x " + std::to_string(sizes.inputs) + " -> " +
                   std::to_string(sizes.outputs) + ", padding " + std::to_string(padding) +
                   ", threads " + std::to_string(threads));
      check(sizes, machine, padding);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

template <class T, class Check>
void for_all(Check const& check) {
  for (int const threads : thread_counts()) for_sizes<T>(threads, ragged_sizes(), check);
  for_sizes<T>(2, large_sizes(), check);
  if (on_gpu()) for_sizes<T>(2, {many_operations}, check);
}

template <class T>
class DenseOperation : public ::testing::Test {};
TYPED_TEST_SUITE(DenseOperation, Precisions);

TYPED_TEST(DenseOperation, ForwardIsTheAffineMapWithItsActivation) {
  using T = TypeParam;
  for_all<T>([](Sizes const& sizes, Machine<T>& machine, Index padding) {
    auto const [n, d, h] = sizes;
    Context& context = *machine.context;
    auto const x = random_values<T>(n * d, 1);
    auto const w = random_values<T>(h * d, 2, bending_scale(d));
    auto const b = random_values<T>(h, 3);
    oracle::ScalarFunction const& phi = oracle::activation("tanh");
    std::vector<double> z, value, slope, curvature;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < h; ++j) {
        double sum = b[j];
        for (Index c = 0; c < d; ++c) sum += x[i * d + c] * w[j * d + c];
        z.push_back(sum);
        value.push_back(phi.value(sum));
        slope.push_back(phi.slope(sum));
        curvature.push_back(phi.curvature(sum));
      }
    }
    Block<T> const input(context, n, d, x, padding);
    Block<T> const weight(context, h, d, w, padding);
    Block<T> const bias(context, 1, h, b);
    Block<T> const out(context, n, h), out_slope(context, n, h), out_curvature(context, n, h);
    DenseLayer<T> const layer{weight.view(), bias.vector()};
    auto const& dense = *machine.operations.dense;

    dense.forward(input.view(), layer, Activation::tanh,
                  {out.view(), out_slope.view(), out_curvature.view()});
    EXPECT_LE(relative_error(out.values(), value), tolerance<T>);
    EXPECT_LE(relative_error(out_slope.values(), slope), tolerance<T>);
    EXPECT_LE(relative_error(out_curvature.values(), curvature), tolerance<T>);
    auto const with_derivatives = out.values();

    dense.forward(input.view(), layer, Activation::tanh, {out.view(), {}, {}});
    EXPECT_EQ(out.values(), with_derivatives);

    dense.forward(input.view(), layer, Activation::identity, {out.view(), {}, {}});
    EXPECT_LE(relative_error(out.values(), z), tolerance<T>);
    dense.forward(input.view(), layer, Activation::identity, {out.view(), out_slope.view(), {}});
    EXPECT_EQ(out_slope.values(), std::vector<T>(static_cast<std::size_t>(n * h), 1));
  });
}

TYPED_TEST(DenseOperation, EveryActivationFollowsItsProduct) {
  using T = TypeParam;
  for_sizes<T>(2, {{9, 5, 33}, {9, 515, 33}}, [](Sizes const& sizes, Machine<T>& machine, Index) {
    auto const [n, d, h] = sizes;
    Context& context = *machine.context;
    Block<T> const input(context, n, d, random_values<T>(n * d, 1));
    Block<T> const weight(context, h, d, random_values<T>(h * d, 2, bending_scale(d)));
    Block<T> const bias(context, 1, h, random_values<T>(h, 3));
    Block<T> const z(context, n, h), out(context, n, h), slope(context, n, h);
    Block<T> const curvature(context, n, h);
    DenseLayer<T> const layer{weight.view(), bias.vector()};
    auto const& dense = *machine.operations.dense;
    dense.forward(input.view(), layer, Activation::identity, {z.view(), {}, {}});
    for (auto const& phi : oracle::activations()) {
      SCOPED_TRACE(std::string(phi.name));
      std::vector<double> value, first, second;
      for (double const entry : widened(z.values())) {
        value.push_back(phi.value(entry));
        first.push_back(phi.slope(entry));
        second.push_back(phi.curvature(entry));
      }
      dense.forward(input.view(), layer, parse_activation(std::string(phi.name)),
                    {out.view(), slope.view(), curvature.view()});
      EXPECT_LE(relative_error(out.values(), value), tolerance<T>);
      EXPECT_LE(relative_error(slope.values(), first), tolerance<T>);
      EXPECT_LE(relative_error(curvature.values(), second), tolerance<T>);
    }
  });
}

TYPED_TEST(DenseOperation, StrideOfOneRowMayBeLong) {
  using T = TypeParam;
  Index const long_stride = Index{1} << 24;
  Index const d = 5;
  Index const h = 3;
  Machine<T> machine;
  Context& context = *machine.context;
  auto const x = random_values<T>(d, 1);
  auto const delta = random_values<T>(h, 2);
  auto const w = random_values<T>(h * d, 3);
  Block<T> const input(context, 1, d, x), deltas(context, 1, h, delta), weight(context, h, d, w);
  Block<T> const bias(context, 1, h, std::vector<double>(static_cast<std::size_t>(h), 0.0));
  Block<T> const slope(context, 1, d, std::vector<double>(static_cast<std::size_t>(d), 1.0));
  Block<T> const out(context, 1, h), below(context, 1, d), gradient(context, h, d);
  Matrix<T> const long_input(input.view().data, 1, d, long_stride);
  Matrix<T> const long_deltas(deltas.view().data, 1, h, long_stride);
  std::vector<double> forward(static_cast<std::size_t>(h)), backward(static_cast<std::size_t>(d));
  std::vector<double> products;
  for (Index j = 0; j < h; ++j) {
    for (Index c = 0; c < d; ++c) {
      forward[j] += x[c] * w[j * d + c];
      backward[c] += delta[j] * w[j * d + c];
      products.push_back(delta[j] * x[c]);
    }
  }
  auto const& dense = *machine.operations.dense;
  dense.forward(long_input, {weight.view(), bias.vector()}, Activation::identity,
                {out.view(), {}, {}});
  EXPECT_LE(relative_error(out.values(), forward), tolerance<T>);
  dense.input_gradient(long_deltas, weight.view(), {{}, slope.view(), {}}, below.view(), {});
  EXPECT_LE(relative_error(below.values(), backward), tolerance<T>);
  dense.weight_gradient(long_deltas, long_input, {gradient.view(), bias.vector()});
  EXPECT_LE(relative_error(gradient.values(), products), tolerance<T>);
  EXPECT_EQ(widened(bias.values()), delta);
}

/// Also where nothing cancels, so that rounding in one direction would add up.
TYPED_TEST(DenseOperation, LongSumsKeepTheirPrecision) {
  using T = TypeParam;
  Index const n = 64;
  Index const d = 3000;
  Index const h = 600;
  auto const positive = [](std::vector<double> values) {
    for (double& value : values) value = std::abs(value);
    return values;
  };
  auto const x = positive(random_values<T>(n * d, 1));
  auto const w = positive(random_values<T>(h * d, 2));
  std::vector<double> sums;
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < h; ++j) {
      double sum = 0;
      for (Index c = 0; c < d; ++c) sum += x[i * d + c] * w[j * d + c];
      sums.push_back(sum);
    }
  }
  Machine<T> machine;
  Context& context = *machine.context;
  Block<T> const bias(context, 1, h, std::vector<double>(static_cast<std::size_t>(h), 0.0));
  Block<T> const weight(context, h, d, w), out(context, n, h);
  machine.operations.dense->forward(Block<T>(context, n, d, x).view(),
                                    {weight.view(), bias.vector()}, Activation::identity,
                                    {out.view(), {}, {}});
  EXPECT_LE(relative_error(out.values(), sums), 8 * std::numeric_limits<T>::epsilon());
}

TYPED_TEST(DenseOperation, ActivateIsForwardWithoutTheProduct) {
  using T = TypeParam;
  for_all<T>([](Sizes const& sizes, Machine<T>& machine, Index) {
    Index const n = sizes.examples;
    Index const h = sizes.outputs;
    Context& context = *machine.context;
    auto const z = random_values<T>(n * h, 1);
    Block<T> const preactivation(context, n, h, z);
    Block<T> const out(context, n, h), slope(context, n, h), curvature(context, n, h);
    auto const& dense = *machine.operations.dense;
    for (Activation const activation : {Activation::tanh, Activation::identity}) {
      auto const& phi = oracle::activation(activation == Activation::tanh ? "tanh" : "identity");
      std::vector<double> value, first, second;
      for (double const entry : z) {
        value.push_back(phi.value(entry));
        first.push_back(phi.slope(entry));
        second.push_back(phi.curvature(entry));
      }
      dense.activate(preactivation.view(), activation,
                     {out.view(), slope.view(), curvature.view()});
      EXPECT_LE(relative_error(out.values(), value), tolerance<T>);
      EXPECT_LE(relative_error(slope.values(), first), tolerance<T>);
      EXPECT_LE(relative_error(curvature.values(), second), tolerance<T>);
      dense.activate(preactivation.view(), activation, {out.view(), {}, {}});
      EXPECT_LE(relative_error(out.values(), value), tolerance<T>);
      EXPECT_EQ(widened(preactivation.values()), z);
    }
  });
}

TYPED_TEST(DenseOperation, WeightGradientSumsOverExamples) {
  using T = TypeParam;
  for_all<T>([](Sizes const& sizes, Machine<T>& machine, Index padding) {
    auto const [n, d, h] = sizes;
    Context& context = *machine.context;
    auto const x = random_values<T>(n * d, 1);
    auto const delta = random_values<T>(n * h, 2);
    std::vector<double> dw(static_cast<std::size_t>(h * d), 0.0);
    std::vector<double> db(static_cast<std::size_t>(h), 0.0);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < h; ++j) {
        db[j] += delta[i * h + j];
        for (Index c = 0; c < d; ++c) dw[j * d + c] += delta[i * h + j] * x[i * d + c];
      }
    }
    Block<T> const weight(context, h, d, padding), bias(context, 1, h);
    machine.operations.dense->weight_gradient(Block<T>(context, n, h, delta, padding).view(),
                                              Block<T>(context, n, d, x, padding).view(),
                                              {weight.view(), bias.vector()});
    EXPECT_LE(relative_error(weight.values(), dw), tolerance<T>);
    EXPECT_LE(relative_error(bias.values(), db), tolerance<T>);
    EXPECT_TRUE(weight.padding_untouched());
  });
}

TYPED_TEST(DenseOperation, InputGradientGoesThroughTheActivationBelow) {
  using T = TypeParam;
  for_all<T>([](Sizes const& sizes, Machine<T>& machine, Index padding) {
    auto const [n, d, h] = sizes;
    Context& context = *machine.context;
    auto const delta = random_values<T>(n * h, 1);
    auto const w = random_values<T>(h * d, 2);
    auto const slope = random_values<T>(n * d, 3);
    auto const curvature = random_values<T>(n * d, 4);
    std::vector<double> below, bend;
    for (Index i = 0; i < n; ++i) {
      for (Index c = 0; c < d; ++c) {
        double sum = 0;
        for (Index j = 0; j < h; ++j) sum += delta[i * h + j] * w[j * d + c];
        below.push_back(sum * slope[i * d + c]);
        bend.push_back(sum * curvature[i * d + c]);
      }
    }
    Block<T> const delta_block(context, n, h, delta, padding), weight(context, h, d, w, padding);
    Block<T> const slopes(context, n, d, slope, padding);
    Block<T> const curvatures(context, n, d, curvature, padding);
    Block<T> const out(context, n, d, padding), out_bend(context, n, d, padding);
    ActivationJet<T const> const jet{{}, slopes.view(), curvatures.view()};
    auto const& dense = *machine.operations.dense;

    dense.input_gradient(delta_block.view(), weight.view(), jet, out.view(), out_bend.view());
    EXPECT_LE(relative_error(out.values(), below), tolerance<T>);
    EXPECT_LE(relative_error(out_bend.values(), bend), tolerance<T>);
    EXPECT_TRUE(out.padding_untouched() && out_bend.padding_untouched());
    auto const with_bend = out.values();

    dense.input_gradient(delta_block.view(), weight.view(), {{}, slopes.view(), {}}, out.view(),
                         {});
    EXPECT_EQ(out.values(), with_bend);

    // The bend may take the place of the curvature.
    dense.input_gradient(delta_block.view(), weight.view(), jet, out.view(), curvatures.view());
    EXPECT_EQ(curvatures.values(), out_bend.values());
  });
}

}  // namespace
}  // namespace brink::test
