#include "kernels/line.hpp"

#include <gtest/gtest.h>

#include "tests/oracle/oracle.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

std::vector<double> const taus{0, 0.25, 0.5, 1, -0.75};

/// A sweep's inputs: z₁ and ż₁ of every example, drawn at random, and the layers above the first.
template <class T>
struct Sweep {
  Sweep(Index examples, std::vector<Index> const& widths, std::string const& activation_name,
        std::string const& loss_name, bool regression)
      : n(examples), h(widths.front()) {
    start = random_values<T>(n * h, 1);
    along = random_values<T>(n * h, 2, 0.3);
    upper = oracle::Problem{widths, activation_name, loss_name, {}, {}, {}};
    Index const parameters = widths.size() > 1 ? upper.parameters() : 0;
    theta = random_values<T>(parameters, 3, 0.5);
    direction = random_values<T>(parameters, 4, 0.2);
    outputs = widths.back();
    if (regression) {
      values = random_values<T>(n * outputs, 5);
    } else {
      for (Index i = 0; i < n; ++i) labels.push_back(static_cast<std::int32_t>(i % outputs));
    }
  }

  Index n, h, outputs = 0;
  std::vector<double> start, along, theta, direction, values;
  std::vector<std::int32_t> labels;
  oracle::Problem upper;
};

/// What the oracle says of one example: a network with one input, which is 0, and biases of the
/// first layer that are the example's z₁, so that their direction is its ż₁.
oracle::Problem one_example(oracle::Problem const& upper, std::vector<std::int32_t> const& labels,
                            std::vector<oracle::Reals> const& targets) {
  oracle::Problem problem = upper;
  problem.widths.insert(problem.widths.begin(), 1);
  problem.x = {{0}};
  problem.labels = labels;
  problem.targets = targets;
  return problem;
}

template <class T>
std::vector<LinePoint> want(Sweep<T> const& sweep) {
  std::vector<LinePoint> points(taus.size(), LinePoint{0, 0});
  for (Index i = 0; i < sweep.n; ++i) {
    std::vector<oracle::Reals> targets;
    std::vector<std::int32_t> labels;
    if (sweep.labels.empty()) {
      auto const row = sweep.values.begin() + i * sweep.outputs;
      targets.emplace_back(row, row + sweep.outputs);
    } else {
      labels = {sweep.labels[i]};
    }
    oracle::Problem const problem = one_example(sweep.upper, labels, targets);
    // The one input is 0: only the first layer's biases matter.
    auto const whole = [&](oracle::Reals const& first, oracle::Reals const& rest) {
      oracle::Reals all(static_cast<std::size_t>(sweep.h), 0.0);
      all.insert(all.end(), first.begin() + i * sweep.h, first.begin() + (i + 1) * sweep.h);
      all.insert(all.end(), rest.begin(), rest.end());
      return all;
    };
    oracle::Reals const theta = whole(sweep.start, sweep.theta);
    oracle::Reals const v = whole(sweep.along, sweep.direction);
    for (std::size_t t = 0; t < taus.size(); ++t) {
      oracle::Reals const at = oracle::plus(theta, taus[t], v);
      auto const share = 1 / static_cast<double>(sweep.n);
      points[t].loss += share * problem.value(at);
      points[t].derivative += share * oracle::dot(v, problem.gradient(at));
    }
  }
  return points;
}

template <class T>
std::vector<LinePoint> run(Machine<T>& machine, Sweep<T> const& sweep, Activation activation,
                           LossKind loss, Index padding) {
  Context& context = *machine.context;
  Block<T> const start(context, sweep.n, sweep.h, sweep.start, padding);
  Block<T> const along(context, sweep.n, sweep.h, sweep.along, padding);
  Buffer<T> const theta(context, narrowed<T>(sweep.theta));
  Buffer<T> const direction(context, narrowed<T>(sweep.direction));
  Buffer<std::int32_t> const labels(context, sweep.labels);
  Buffer<T> const values(context, narrowed<T>(sweep.values));
  LineProblem<T> problem{start.view(), along.view(), {}, {}, activation, loss, {}};
  Index first = 0;
  auto const& widths = sweep.upper.widths;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    auto const layer = [&](Buffer<T> const& parameters) {
      T* const weight = parameters.view().data + first;
      return DenseLayer<T const>{{weight, widths[l + 1], widths[l]},
                                 {weight + widths[l + 1] * widths[l], widths[l + 1]}};
    };
    problem.layers.push_back(layer(theta));
    problem.directions.push_back(layer(direction));
    first += widths[l + 1] * (widths[l] + 1);
  }
  if (sweep.labels.empty()) {
    problem.targets.values = values.matrix(sweep.n, sweep.outputs);
  } else {
    problem.targets.labels = labels.view();
  }
  return machine.operations.line->sweep(problem, taus);
}

template <class T>
void check(Machine<T>& machine, Sweep<T> const& sweep, Activation activation, LossKind loss) {
  std::vector<LinePoint> const expected = want(sweep);
  for (Index const padding : {0, 3}) {
    std::vector<LinePoint> const got = run(machine, sweep, activation, loss, padding);
    ASSERT_EQ(got.size(), expected.size());
    std::vector<double> losses, slopes, want_losses, want_slopes;
    for (std::size_t i = 0; i < got.size(); ++i) {
      losses.push_back(got[i].loss);
      slopes.push_back(got[i].derivative);
      want_losses.push_back(expected[i].loss);
      want_slopes.push_back(expected[i].derivative);
    }
    EXPECT_LE(relative_error(losses, want_losses), tolerance<T>);
    EXPECT_LE(relative_error(slopes, want_slopes), tolerance<T>);
  }
}

template <class T>
class LineOperation : public ::testing::Test {};
TYPED_TEST_SUITE(LineOperation, Precisions);

TYPED_TEST(LineOperation, AnswersToTheOracleAtRaggedSizes) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Index const n : {1, 31, 32, 33, 127, 128, 129, 300}) {
      SCOPED_TRACE(n);
      check(machine, Sweep<T>(n, {5, 4, 3}, "tanh", "cross-entropy", false), Activation::tanh,
            LossKind::cross_entropy);
      check(machine, Sweep<T>(n, {5, 3}, "gelu", "mse", false), Activation::gelu, LossKind::mse);
      check(machine, Sweep<T>(n, {3}, "tanh", "mse", true), Activation::tanh, LossKind::mse);
    }
    for (Index const width : {1, 31, 32, 33}) {
      SCOPED_TRACE(width);
      check(machine, Sweep<T>(33, {width, width, 3}, "softplus", "mse", true), Activation::softplus,
            LossKind::mse);
      check(machine, Sweep<T>(33, {2, width}, "tanh", "mse", false), Activation::tanh,
            LossKind::mse);
    }
  }
}

TYPED_TEST(LineOperation, IsTheSameOnAnyNumberOfThreads) {
  using T = TypeParam;
  Sweep<T> const sweep(515, {7, 6, 3}, "tanh", "cross-entropy", false);
  Machine<T> one(1);
  auto const first = run(one, sweep, Activation::tanh, LossKind::cross_entropy, 0);
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    auto const again = run(machine, sweep, Activation::tanh, LossKind::cross_entropy, 0);
    for (std::size_t i = 0; i < taus.size(); ++i) {
      EXPECT_EQ(again[i].loss, first[i].loss);
      EXPECT_EQ(again[i].derivative, first[i].derivative);
    }
  }
}

}  // namespace
}  // namespace brink::test
