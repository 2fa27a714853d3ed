#include "kernels/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

/// A batch of outputs with labels, or with values where `values` is set.
struct Batch {
  Index examples, outputs;
  std::vector<double> z;
  std::vector<std::int32_t> labels;
  std::vector<double> values;

  double target(Index i, Index c) const {
    return values.empty() ? double(labels[i] == c) : values[i * outputs + c];
  }
  double probability(Index i, Index c) const {
    double sum = 0;
    for (Index o = 0; o < outputs; ++o) sum += std::exp(z[i * outputs + o] - z[i * outputs + c]);
    return 1 / sum;
  }
};

template <class T>
Batch make_batch(Index n, Index outputs, bool with_values = false) {
  Batch batch{n, outputs, random_values<T>(n * outputs, 1, 2), {}, {}};
  if (with_values) {
    batch.values = random_values<T>(n * outputs, 2);
  } else {
    for (Index i = 0; i < n; ++i) batch.labels.push_back(static_cast<std::int32_t>(i % outputs));
  }
  return batch;
}

struct Want {
  double loss = 0;
  double correct = 0;
  std::vector<double> delta;
};

Want plain(LossKind kind, Batch const& batch) {
  auto const [n, outputs, z, labels, values] = batch;
  Want want;
  for (Index i = 0; i < n; ++i) {
    Index best = 0;
    for (Index c = 0; c < outputs; ++c) {
      if (z[i * outputs + c] > z[i * outputs + best]) best = c;
      double const y = batch.target(i, c);
      double const miss = z[i * outputs + c] - y;
      double const p = batch.probability(i, c);
      want.loss += kind == LossKind::mse ? miss * miss / 2 : -y * std::log(p);
      want.delta.push_back((kind == LossKind::mse ? miss : p - y) / static_cast<double>(n));
    }
    if (!labels.empty() && labels[i] == best) ++want.correct;
  }
  want.loss /= static_cast<double>(n);
  return want;
}

template <class T>
struct Result {
  LossSums sums;
  std::vector<T> delta;
};

template <class T>
Result<T> run(Machine<T>& machine, LossKind kind, Batch const& batch, Index padding,
              bool with_delta = true) {
  Context& context = *machine.context;
  auto const n = batch.examples;
  auto const outputs = batch.outputs;
  Block<T> const z(context, n, outputs, batch.z, padding);
  Block<T> const values(context, batch.values.empty() ? 0 : n, outputs, batch.values, padding);
  Buffer<std::int32_t> const labels(context, batch.labels);
  Targets<T> targets;
  if (batch.values.empty()) {
    targets.labels = labels.view();
  } else {
    targets.values = values.view();
  }
  Buffer<double> const workspace(context, n);
  Buffer<LossSums> const sums(context, 1);
  Block<T> const delta(context, n, outputs, padding);
  machine.operations.loss->value_and_gradient(kind, z.view(), targets, workspace.view(),
                                              sums.view().data,
                                              with_delta ? delta.view() : Matrix<T>{});
  EXPECT_TRUE(delta.padding_untouched());
  return {sums.download().front(), delta.values()};
}

template <class T>
class LossOperation : public ::testing::Test {};
TYPED_TEST_SUITE(LossOperation, Precisions);

TYPED_TEST(LossOperation, ValueGradientAndAccuracy) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Index const n : {1, 31, 32, 33}) {
      for (Index const outputs : {1, 2, 31, 32, 33}) {
        for (Index const padding : {0, 3}) {
          for (int const kind : {0, 1, 2}) {
            LossKind const loss = kind == 0 ? LossKind::cross_entropy : LossKind::mse;
            Batch const batch = make_batch<T>(n, outputs, kind == 2);
            SCOPED_TRACE(std::to_string(n) + " x " + std::to_string(outputs) + ", kind " +
                         std::to_string(kind));
            Want const want = plain(loss, batch);
            Result<T> const got = run(machine, loss, batch, padding);
            // Sums are float64 whatever T is.
            EXPECT_NEAR(got.sums.loss, want.loss, 1e-12 * std::max(1.0, want.loss));
            EXPECT_EQ(got.sums.correct, want.correct);
            EXPECT_LE(relative_error(got.delta, want.delta), tolerance<T>);
            EXPECT_EQ(run(machine, loss, batch, padding, false).sums.loss, got.sums.loss);
          }
        }
      }
    }
  }
}

TYPED_TEST(LossOperation, SumsDoNotDependOnTheNumberOfThreads) {
  using T = TypeParam;
  Batch const batch = make_batch<T>(1001, 7);
  Machine<T> one(1);
  Result<T> const want = run(one, LossKind::cross_entropy, batch, 0);
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    Result<T> const got = run(machine, LossKind::cross_entropy, batch, 0);
    EXPECT_EQ(got.sums.loss, want.sums.loss);
    EXPECT_EQ(got.sums.correct, want.sums.correct);
    EXPECT_EQ(got.delta, want.delta);
  }
}

TYPED_TEST(LossOperation, CrossEntropyOfExtremeOutputsIsFiniteAndExact) {
  using T = TypeParam;
  Machine<T> machine;
  Batch const sure{2, 3, {1000, 0, -1000, -3000, 500, 499}, {0, 0}, {}};
  Result<T> const got = run(machine, LossKind::cross_entropy, sure, 0);
  // The first is right without doubt; the second says 1 (0.73) or 2 (0.27), 3500 above its label.
  EXPECT_NEAR(got.sums.loss, (3500 + std::log(1 + std::exp(-1.0))) / 2, 1e-10);
  EXPECT_EQ(got.sums.correct, 1);
  double const p = 1 / (1 + std::exp(-1.0));
  EXPECT_LE(relative_error(got.delta, std::vector<double>{0, 0, 0, -0.5, p / 2, (1 - p) / 2}),
            tolerance<T>);
}

TYPED_TEST(LossOperation, OfEqualOutputsTheFirstCounts) {
  using T = TypeParam;
  Machine<T> machine;
  EXPECT_EQ(
      run(machine, LossKind::mse, {2, 3, std::vector<double>(6, 0.5), {0, 1}, {}}, 0).sums.correct,
      1);
}

TYPED_TEST(LossOperation, TangentIsTheSecondDerivativeAlongEachDirection) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Index const n : {1, 31, 33}) {
      for (Index const outputs : {1, 2, 32, 33}) {
        for (Index const k : {1, 3, 8}) {
          for (LossKind const kind : {LossKind::cross_entropy, LossKind::mse}) {
            Batch const batch = make_batch<T>(n, outputs);
            auto const z_tangent = random_values<T>(n * k * outputs, 5);
            std::vector<double> want;
            for (Index i = 0; i < n; ++i) {
              for (Index j = 0; j < k; ++j) {
                auto const along = [&](Index c) { return z_tangent[(i * k + j) * outputs + c]; };
                for (Index c = 0; c < outputs; ++c) {
                  double entry = along(c);
                  if (kind == LossKind::cross_entropy) {
                    // diag p − p pᵀ, entry by entry.
                    entry = 0;
                    double const p = batch.probability(i, c);
                    for (Index o = 0; o < outputs; ++o) {
                      entry += (p * double(o == c) - p * batch.probability(i, o)) * along(o);
                    }
                  }
                  want.push_back(entry / static_cast<double>(n));
                }
              }
            }
            Context& context = *machine.context;
            Block<T> const out(context, n, k * outputs);
            machine.operations.loss->tangent(kind, Block<T>(context, n, outputs, batch.z, 3).view(),
                                             Block<T>(context, n, k * outputs, z_tangent).view(),
                                             out.view());
            EXPECT_LE(relative_error(out.values(), want), tolerance<T>);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace brink::test
