#include "host/objective/pass.hpp"

#include <gtest/gtest.h>

#include "kernels/error.hpp"
#include "tests/support/problem.hpp"
#include "tests/support/thread_ranks.hpp"

namespace brink::test {
namespace {

template <class T>
class Objective : public ::testing::Test {};
TYPED_TEST_SUITE(Objective, Precisions);

/// Value, gradient and Hessian-vector products, several directions at a time.
template <class T>
void check_pass(SmallProblem<T> const& problem, Pass<T>& pass, Machine<T>& machine,
                Examples<T> const& examples, std::vector<Index> const& batches) {
  Index const parameters = problem.model.network.parameters();
  Buffer<T> const theta(*machine.context, narrowed<T>(problem.theta));
  Buffer<T> gradient(*machine.context, parameters);

  pass.value(theta.view(), examples);
  LossSums const value = pass.sums();
  EXPECT_LE(relative_error(value.loss, problem.oracle.value(problem.theta)), tolerance<T>);
  EXPECT_EQ(value.correct, static_cast<double>(problem.oracle.correct(problem.theta)));

  pass.gradient(theta.view(), examples, gradient.view(), Pass<T>::Curvature::keep);
  EXPECT_EQ(pass.sums().loss, value.loss);
  EXPECT_LE(relative_error(gradient.download(), problem.oracle.gradient(problem.theta)),
            tolerance<T>);

  for (Index const k : batches) {
    SCOPED_TRACE(fmt::format("k = {}", k));
    Block<T> const vectors(*machine.context, k, parameters, problem.directions(k));
    Block<T> const products(*machine.context, k, parameters);
    pass.hessian_products(vectors.view(), products.view());
    auto const v = vectors.values();
    auto const hv = products.values();
    for (Index j = 0; j < k; ++j) {
      auto const row = [&](auto const& all) {
        return std::vector<double>(all.begin() + j * parameters,
                                   all.begin() + (j + 1) * parameters);
      };
      EXPECT_LE(relative_error(row(hv), problem.oracle.hessian_product(problem.theta, row(v))),
                tolerance<T>)
          << "direction " << j;
    }
  }
}

template <class T>
void check_pass(ProblemShape const& shape, std::string const& activation, std::string const& loss,
                std::vector<Index> const& batches, int threads = 2) {
  SCOPED_TRACE(fmt::format("{} {}, {} examples, {} hidden layers, {} threads", activation, loss,
                           shape.examples, shape.hidden.size(), threads));
  SmallProblem<T> const problem(shape, activation, loss);
  LoadedProblem<T> loaded(problem, threads);
  check_pass(problem, loaded.pass, loaded.machine, loaded.set.examples(), batches);
}

TYPED_TEST(Objective, AnswersToTheOracleForEveryActivationAndLoss) {
  std::vector<std::vector<Index>> const networks{{}, {7}, {7, 5}, {7, 5, 6, 3}};
  for (std::string const& activation : activation_names()) {
    for (std::string const loss : {"cross-entropy", "mse"}) {
      for (auto const& hidden : networks) {
        check_pass<TypeParam>({33, 13, hidden, 4}, activation, loss, {1, 3, 8});
      }
    }
  }
}

TYPED_TEST(Objective, AnswersToTheOracleAtRaggedSizes) {
  for (std::string const activation : {"tanh", "gelu", "relu"}) {
    for (std::string const loss : {"cross-entropy", "mse"}) {
      for (Index const n : {1, 31, 32, 33}) {
        check_pass<TypeParam>({n, 5, {7, 5}, 3}, activation, loss, {1, 3});
      }
      for (Index const width : {1, 31, 32, 33}) {
        check_pass<TypeParam>({17, 3, {width, width}, 3}, activation, loss, {1, 3});
        check_pass<TypeParam>({17, width, {4}, 3}, activation, loss, {3});
        check_pass<TypeParam>({17, 3, {4}, width + 1}, activation, loss, {3});
      }
    }
  }
}

TYPED_TEST(Objective, TakesValuesForTargets) {
  for (std::string const& activation : activation_names()) {
    check_pass<TypeParam>({33, 13, {7, 5}, 4, true}, activation, "mse", {1, 3, 8});
    check_pass<TypeParam>({31, 2, {9}, 1, true}, activation, "mse", {2});
  }
}

TYPED_TEST(Objective, AnswersToTheOracleOnAnyNumberOfThreads) {
  for (int const threads : {1, 3}) {
    check_pass<TypeParam>({50, 37, {33, 20}, 4}, "tanh", "cross-entropy", {1, 3}, threads);
    check_pass<TypeParam>({50, 37, {33, 20}, 4}, "softplus", "mse", {1, 3}, threads);
  }
}

TYPED_TEST(Objective, OnePassServesDifferentExamplesAndDirections) {
  // Memory that a larger call left must not show in a smaller one, nor the other way round.
  SmallProblem<TypeParam> const large({70, 6, {9, 4}, 3}, "gelu", "cross-entropy");
  Machine<TypeParam> machine;
  Pass<TypeParam> pass(*machine.context, machine.operations, large.model);
  for (Index const n : {20, 70, 1, 33}) {
    SCOPED_TRACE(n);
    SmallProblem<TypeParam> const some({n, 6, {9, 4}, 3}, "gelu", "cross-entropy");
    TrainingSet<TypeParam> const set(*machine.context, some.data);
    check_pass(some, pass, machine, set.examples(), {3, 8, 1});
  }
}

TYPED_TEST(Objective, RanksAnswerToTheOracleTogether) {
  using T = TypeParam;
  for (bool const values : {false, true}) {
    SmallProblem<T> const problem({33, 13, {7, 5}, 4, values}, "tanh", "mse");
    for (int const count : {2, 3, 4}) {
      SCOPED_TRACE(fmt::format("{} ranks", count));
      as_ranks(count, [&](Ranks& ranks) {
        SharedRows const share(ranks, problem.data.examples);
        Machine<T> machine(1);
        TrainingSet<T> const set(*machine.context, problem.data.part(share.first(), share.count()),
                                 share);
        Pass<T> pass(*machine.context, machine.operations, problem.model);
        check_pass(problem, pass, machine, set.examples(), {1, 3});
      });
    }
  }
}

TYPED_TEST(Objective, LineIsTheRestrictionToALine) {
  using T = TypeParam;
  std::vector<double> const taus{0, 0.25, 0.5, 1, -0.5};
  for (std::string const& activation : activation_names()) {
    for (std::string const loss : {"cross-entropy", "mse"}) {
      for (std::vector<Index> const& hidden : std::vector<std::vector<Index>>{{}, {7}, {7, 5}}) {
        for (bool const regression : {false, true}) {
          if (regression && loss == "cross-entropy") continue;
          SCOPED_TRACE(fmt::format("{} {}, {} hidden layers", activation, loss, hidden.size()));
          SmallProblem<T> const problem({33, 13, hidden, 4, regression}, activation, loss);
          LoadedProblem<T> loaded(problem);
          std::vector<double> v;
          for (std::uint64_t seed = 7; v.empty(); ++seed) {
            v = widened(narrowed<T>(random_vector(problem.model.network.parameters(), seed, 0.05)));
            for (double const tau : taus) {
              // Rounding must not carry a preactivation over a kink.
              if (problem.oracle.clearance(oracle::plus(problem.theta, tau, v)) < 1e-5) v.clear();
              if (v.empty()) break;
            }
          }
          Buffer<T> const direction = loaded.upload(v);
          auto const line =
              loaded.pass.line(loaded.theta.view(), loaded.set.examples(), direction.view());
          auto const points = line(taus);
          ASSERT_EQ(points.size(), taus.size());
          std::vector<double> losses, slopes, want_losses, want_slopes;
          for (std::size_t i = 0; i < taus.size(); ++i) {
            auto const at = oracle::plus(problem.theta, taus[i], v);
            losses.push_back(points[i].loss);
            slopes.push_back(points[i].derivative);
            want_losses.push_back(problem.oracle.value(at));
            want_slopes.push_back(oracle::dot(v, problem.oracle.gradient(at)));
          }
          EXPECT_LE(relative_error(losses, want_losses), tolerance<T>);
          EXPECT_LE(relative_error(slopes, want_slopes), tolerance<T>);
        }
      }
    }
  }
}

TYPED_TEST(Objective, RepeatsBitForBit) {
  using T = TypeParam;
  SmallProblem<T> const problem({50, 37, {33, 20}, 4}, "tanh", "cross-entropy");
  std::vector<T> first_gradient, first_products;
  double first_loss = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    LoadedProblem<T> loaded(problem, 3);
    Index const parameters = problem.model.network.parameters();
    Buffer<T> gradient(*loaded.machine.context, parameters);
    loaded.pass.gradient(loaded.theta.view(), loaded.set.examples(), gradient.view(),
                         Pass<T>::Curvature::keep);
    Block<T> const vectors(*loaded.machine.context, 3, parameters, problem.directions(3));
    Block<T> const products(*loaded.machine.context, 3, parameters);
    loaded.pass.hessian_products(vectors.view(), products.view());
    if (repeat == 0) {
      first_gradient = gradient.download();
      first_products = products.values();
      first_loss = loaded.pass.sums().loss;
    }
    EXPECT_EQ(gradient.download(), first_gradient);
    EXPECT_EQ(products.values(), first_products);
    EXPECT_EQ(loaded.pass.sums().loss, first_loss);
  }
}

TEST(LossName, AreTheTwo) {
  EXPECT_EQ(parse_loss("cross-entropy"), LossKind::cross_entropy);
  EXPECT_EQ(parse_loss("mse"), LossKind::mse);
  EXPECT_EQ(loss_name(LossKind::mse), "mse");
  EXPECT_THROW(parse_loss("hinge"), InputError);
}

}  // namespace
}  // namespace brink::test
