#include "kernels/hvp.hpp"

#include <gtest/gtest.h>

#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

struct Sizes {
  Index examples, inputs, outputs, directions;
};

/// Everything that a layer's tangents are made of, in host memory, and on the device.
template <class T>
struct Layer {
  Layer(Context& context, Sizes const& s, Index padding)
      : sizes(s),
        x(random_values<T>(s.examples * s.inputs, 1)),
        x_tangent(random_values<T>(s.examples * s.directions * s.inputs, 2)),
        w(random_values<T>(s.outputs * s.inputs, 3)),
        v(random_values<T>(s.directions * s.outputs * (s.inputs + 1), 4)),
        delta(random_values<T>(s.examples * s.outputs, 5)),
        delta_tangent(random_values<T>(s.examples * s.directions * s.outputs, 6)),
        input(context, s.examples, s.inputs, x, padding),
        input_tangent(context, s.examples, s.directions * s.inputs, x_tangent),
        weight(context, s.outputs, s.inputs, w, padding),
        bias(context, 1, s.outputs),
        vectors(context, s.directions, s.outputs * (s.inputs + 1), v, padding),
        deltas(context, s.examples, s.outputs, delta, padding),
        delta_tangents(context, s.examples, s.directions * s.outputs, delta_tangent) {}

  DenseDirections<T> directions(Block<T> const& block) const {
    Matrix<T> const m = block.view();
    return {m.data,      m.data + sizes.outputs * sizes.inputs, m.rows, m.stride, sizes.outputs,
            sizes.inputs};
  }
  /// Entry (out, in) of direction j's weight; in = inputs is its bias.
  double direction(Index j, Index out, Index in) const {
    auto const [n, d, h, k] = sizes;
    return v[j * h * (d + 1) + (in < d ? out * d + in : h * d + out)];
  }

  Sizes sizes;
  std::vector<double> x, x_tangent, w, v, delta, delta_tangent;
  Block<T> input, input_tangent, weight, bias, vectors, deltas, delta_tangents;
};

std::vector<Sizes> ragged_sizes() {
  std::vector<Sizes> sizes;
  for (Index const k : {1, 3, 8}) {
    for (auto const& [n, d, h] : std::vector<std::array<Index, 3>>{{1, 1, 1},
                                                                   {1, 33, 31},
                                                                   {31, 32, 33},
                                                                   {32, 31, 1},
                                                                   {33, 1, 32},
                                                                   {33, 33, 33},
                                                                   {50, 7, 5}}) {
      sizes.push_back({n, d, h, k});
    }
  }
  return sizes;
}

/// Sizes at which a device goes about its products in other ways than at the small ones.
std::vector<Sizes> large_sizes() {
  std::vector<Sizes> sizes{
      {700, 70, 33, 3},  // weight gradient: many examples
      {300, 66, 7, 3},   // the same of few outputs
  };
  for (Index const k : {1, 3}) {
    sizes.push_back({5, 515, 17, k});   // forward: many inputs
    sizes.push_back({5, 17, 515, k});   // input gradient: many outputs
    sizes.push_back({3, 380, 350, k});  // weight gradient: many weights
  }
  return sizes;
}

template <class T, class Check>
void for_sizes(int threads, std::vector<Sizes> const& all, std::vector<Index> const& paddings,
               Check const& check) {
  Machine<T> machine(threads);
  for (auto const& [n, d, h, k] : all) {
    for (Index const padding : paddings) {
      SCOPED_TRACE(std::to_string(n) + " x " + std::to_string(d) + " -> " + std::to_string(h) +
                   ", k " + std::to_string(k) + ", padding " + std::to_string(padding) +
                   ", threads " + std::to_string(threads));
      check(machine, Layer<T>(*machine.context, {n, d, h, k}, padding), padding);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

/// `many_tiles`: so many directions, and so large tiles, that a device takes larger ones.
template <class T, class Check>
void for_all(Sizes const& many_tiles, Check const& check) {
  for (int const threads : thread_counts()) for_sizes<T>(threads, ragged_sizes(), {0, 3}, check);
  for_sizes<T>(2, large_sizes(), {0, 3}, check);
  // On the emulated device only where warp groups, which take it long, do not make them.
  bool const by_tiles = std::getenv("BRINK_EMULATED_WARPGROUPS") != nullptr;
  if (by_tiles || !is_emulated(*Machine<T>().context)) {
    for_sizes<T>(2, {many_tiles}, {3}, check);
  }
  // Enough operations for warp groups of a GPU.
  if (on_gpu()) for_sizes<T>(2, {{400, 260, 330, 3}}, {0, 3}, check);
}

template <class T>
class HvpOperation : public ::testing::Test {};
TYPED_TEST_SUITE(HvpOperation, Precisions);

TYPED_TEST(HvpOperation, ForwardTangents) {
  using T = TypeParam;
  for_all<T>({129, 11, 65, 128}, [](Machine<T>& machine, Layer<T> const& layer, Index padding) {
    auto const [n, d, h, k] = layer.sizes;
    Context& context = *machine.context;
    auto const slope = random_values<T>(n * h, 9);
    std::vector<double> first, first_out, upper;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < k; ++j) {
        for (Index o = 0; o < h; ++o) {
          double along = layer.direction(j, o, d);
          double through = 0;
          for (Index c = 0; c < d; ++c) {
            along += layer.x[i * d + c] * layer.direction(j, o, c);
            through += layer.x_tangent[(i * k + j) * d + c] * layer.w[o * d + c];
          }
          first.push_back(along);
          first_out.push_back(along * slope[i * h + o]);
          upper.push_back(along + through);
        }
      }
    }
    Block<T> const slopes(context, n, h, slope, padding);
    Block<T> const z(context, n, k * h), a(context, n, k * h);
    DenseLayer<T> const parameters{layer.weight.view(), layer.bias.vector()};
    DenseDirections<T> const directions = layer.directions(layer.vectors);
    auto const& hvp = *machine.operations.hvp;

    hvp.forward(layer.input.view(), {}, parameters, directions, slopes.view(), z.view(), a.view());
    EXPECT_LE(relative_error(z.values(), first), tolerance<T>);
    EXPECT_LE(relative_error(a.values(), first_out), tolerance<T>);

    hvp.forward(layer.input.view(), layer.input_tangent.view(), parameters, directions, {},
                z.view(), z.view());
    EXPECT_LE(relative_error(z.values(), upper), tolerance<T>);
  });
}

TYPED_TEST(HvpOperation, WeightGradientTangents) {
  using T = TypeParam;
  for_all<T>({11, 65, 129, 128}, [](Machine<T>& machine, Layer<T> const& layer, Index padding) {
    auto const [n, d, h, k] = layer.sizes;
    std::vector<double> first, upper;
    for (Index j = 0; j < k; ++j) {
      for (Index o = 0; o < h; ++o) {
        for (Index c = 0; c < d; ++c) {
          double direct = 0;
          double through = 0;
          for (Index i = 0; i < n; ++i) {
            direct += layer.delta_tangent[(i * k + j) * h + o] * layer.x[i * d + c];
            through += layer.delta[i * h + o] * layer.x_tangent[(i * k + j) * d + c];
          }
          first.push_back(direct);
          upper.push_back(direct + through);
        }
      }
      for (Index o = 0; o < h; ++o) {
        double sum = 0;
        for (Index i = 0; i < n; ++i) sum += layer.delta_tangent[(i * k + j) * h + o];
        first.push_back(sum);
        upper.push_back(sum);
      }
    }
    Block<T> const out(*machine.context, k, h * (d + 1), padding);
    auto const& hvp = *machine.operations.hvp;
    hvp.weight_gradient(layer.deltas.view(), layer.delta_tangents.view(), layer.input.view(), {},
                        layer.directions(out));
    EXPECT_LE(relative_error(out.values(), first), tolerance<T>);
    hvp.weight_gradient(layer.deltas.view(), layer.delta_tangents.view(), layer.input.view(),
                        layer.input_tangent.view(), layer.directions(out));
    EXPECT_LE(relative_error(out.values(), upper), tolerance<T>);
    EXPECT_TRUE(out.padding_untouched());
  });
}

TYPED_TEST(HvpOperation, InputGradientTangents) {
  using T = TypeParam;
  for_all<T>({129, 65, 11, 128}, [](Machine<T>& machine, Layer<T> const& layer, Index padding) {
    auto const [n, d, h, k] = layer.sizes;
    Context& context = *machine.context;
    auto const slope = random_values<T>(n * d, 11);
    auto const bend = random_values<T>(n * d, 12);
    auto const z_tangent = random_values<T>(n * k * d, 13);
    std::vector<double> want;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < k; ++j) {
        for (Index c = 0; c < d; ++c) {
          double sum = 0;
          for (Index o = 0; o < h; ++o) {
            sum += layer.delta_tangent[(i * k + j) * h + o] * layer.w[o * d + c] +
                   layer.delta[i * h + o] * layer.direction(j, o, c);
          }
          want.push_back(sum * slope[i * d + c] + bend[i * d + c] * z_tangent[(i * k + j) * d + c]);
        }
      }
    }
    Block<T> const out(context, n, k * d);
    machine.operations.hvp->input_gradient(
        layer.deltas.view(), layer.delta_tangents.view(), layer.weight.view(),
        layer.directions(layer.vectors), Block<T>(context, n, d, slope, padding).view(),
        Block<T>(context, n, d, bend, padding).view(),
        Block<T>(context, n, k * d, z_tangent).view(), out.view());
    EXPECT_LE(relative_error(out.values(), want), tolerance<T>);
  });
}

}  // namespace
}  // namespace brink::test
