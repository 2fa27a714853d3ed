#include <gtest/gtest.h>

#include "kernels/error.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

/// The same operations with products of both kinds. Only the emulated device is known to round
/// wherever it may.
template <class T>
class Tf32 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (device() == "cpu") GTEST_SKIP() << "the cpu backend has no TF32";
    exact_ = std::make_unique<Machine<T>>(2);
    tf32_ = std::make_unique<Machine<T>>(2, Products::tf32);
    rounds_ = std::is_same_v<T, float> && is_emulated(*exact_->context);
  }

  /// What `compute` gives on both: as many values, rounded or not.
  template <class Compute>
  void expect(bool rounded, Compute const& compute) {
    std::vector<T> const want = compute(*exact_);
    std::vector<T> const got = compute(*tf32_);
    if (rounded && std::is_same_v<T, float>) {
      // Each factor of each term is off by 2⁻¹¹ at most, and on average by less.
      EXPECT_LE(relative_error(got, want), 0x1p-10);
      if (rounds_) {
        EXPECT_GT(relative_error(got, want), 0x1p-14);
      }
    } else {
      EXPECT_EQ(got, want);
    }
  }

 private:
  std::unique_ptr<Machine<T>> exact_, tf32_;
  bool rounds_ = false;
};
TYPED_TEST_SUITE(Tf32, Precisions);

/// Widths from which on products are the library's, by each operation's rule, and below.
struct Layer {
  Index examples, inputs, outputs;
  bool library;
};

TYPED_TEST(Tf32, DerivativesRoundInLargeProducts) {
  using T = TypeParam;
  for (Layer const& layer : {Layer{5, 380, 550, true}, Layer{5, 38, 55, false}}) {
    Index const n = layer.examples;
    Index const d = layer.inputs;
    Index const h = layer.outputs;
    auto const weights = random_values<T>(h * d, 1);
    auto const deltas = random_values<T>(n * h, 2);
    auto const inputs = random_values<T>(n * d, 3);
    std::vector<double> const ones(static_cast<std::size_t>(n * d), 1.0);
    this->expect(layer.library, [&](Machine<T>& machine) {
      Context& context = *machine.context;
      Block<T> const weight(context, h, d), bias(context, 1, h);
      machine.operations.dense->weight_gradient(Block<T>(context, n, h, deltas).view(),
                                                Block<T>(context, n, d, inputs).view(),
                                                {weight.view(), bias.vector()});
      return weight.values();
    });
    this->expect(layer.library, [&](Machine<T>& machine) {
      Context& context = *machine.context;
      Block<T> const slope(context, n, d, ones), out(context, n, d);
      machine.operations.dense->input_gradient(Block<T>(context, n, h, deltas).view(),
                                               Block<T>(context, h, d, weights).view(),
                                               {{}, slope.view(), {}}, out.view(), {});
      return out.values();
    });
  }
}

TYPED_TEST(Tf32, HessianProductsRoundInLargeProducts) {
  using T = TypeParam;
  for (Layer const& layer : {Layer{5, 550, 38, true}, Layer{5, 55, 38, false}}) {
    Index const n = layer.examples;
    Index const d = layer.inputs;
    Index const h = layer.outputs;
    Index const k = 2;
    Index const size = h * d + h;
    auto const directions = random_values<T>(k * size, 1);
    auto const inputs = random_values<T>(n * d, 2);
    auto const tangents = random_values<T>(n * k * d, 3);
    auto const weights = random_values<T>(h * d, 4);
    this->expect(layer.library, [&](Machine<T>& machine) {
      Context& context = *machine.context;
      Block<T> const vectors(context, k, size, directions), bias(context, 1, h);
      Block<T> const weight(context, h, d, weights), out(context, n, k * h);
      T const* const first = vectors.view().data;
      machine.operations.hvp->forward(
          Block<T>(context, n, d, inputs).view(), Block<T>(context, n, k * d, tangents).view(),
          {weight.view(), bias.vector()}, {first, first + h * d, k, size, h, d}, {}, out.view(),
          out.view());
      return out.values();
    });
  }
}

TYPED_TEST(Tf32, ValuesAndAlgebraStayExact) {
  using T = TypeParam;
  Index const n = 9;
  Index const d = 600;
  Index const h = 33;
  auto const inputs = random_values<T>(n * d, 1);
  auto const weights = random_values<T>(h * d, 2);
  this->expect(false, [&](Machine<T>& machine) {
    Context& context = *machine.context;
    Block<T> const bias(context, 1, h, random_values<T>(h, 3)), out(context, n, h);
    machine.operations.dense->forward(Block<T>(context, n, d, inputs).view(),
                                      {Block<T>(context, h, d, weights).view(), bias.vector()},
                                      Activation::tanh, {out.view(), {}, {}});
    return out.values();
  });
  this->expect(false, [&](Machine<T>& machine) {
    Context& context = *machine.context;
    Block<T> const out(context, n, h);
    machine.operations.linalg->multiply(Transpose::no, Block<T>(context, n, d, inputs).view(),
                                        Transpose::yes, Block<T>(context, h, d, weights).view(),
                                        out.view());
    return out.values();
  });
  this->expect(false, [&](Machine<T>& machine) {
    Context& context = *machine.context;
    Block<T> const out(context, 1, d);
    machine.operations.linalg->combine(random_values<T>(n, 4),
                                       Block<T>(context, n, d, inputs).view(), out.view(), false);
    return out.values();
  });
}

TEST(Products, TheCpuHasNoTf32) {
  try {
    make_context("cpu", 1, Products::tf32);
    ADD_FAILURE() << "made one";
  } catch (InputError const& error) {
    EXPECT_NE(std::string(error.what()).find("--tf32"), std::string::npos);
  }
}

}  // namespace
}  // namespace brink::test
