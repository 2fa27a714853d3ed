#include "host/diagnostics/eigen.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/support/dense_operator.hpp"
#include "tests/support/problem.hpp"

namespace brink::test {
namespace {

/// Like a Hessian's: a few large eigenvalues, a bulk near zero, some of them negative.
std::vector<double> hessian_like(Index n) {
  std::vector<double> values;
  for (Index i = 0; i < n; ++i) {
    double const rank = static_cast<double>(i + 1);
    values.push_back(i % 4 == 3 ? -3 / rank : 20 / rank);
  }
  std::sort(values.begin(), values.end());
  return values;
}

/// The `count` values at one end of an ascending list, that end first.
std::vector<double> end_of(std::vector<double> values, SpectrumEnd end, Index count) {
  if (end == SpectrumEnd::largest) std::reverse(values.begin(), values.end());
  values.resize(static_cast<std::size_t>(std::min(count, std::ssize(values))));
  return values;
}

/// ‖Hv − λv‖ for the vectors that the solver leaves, in float64.
template <class T>
std::vector<double> true_residuals(Context& context, EigenSolver<T> const& solver,
                                   std::vector<double> const& matrix, Index n,
                                   std::vector<double> const& values) {
  std::vector<double> norms;
  for (std::size_t r = 0; r < values.size(); ++r) {
    std::vector<T> v(static_cast<std::size_t>(n));
    context.download(v.data(), solver.vectors().row(static_cast<Index>(r)), v.size() * sizeof(T));
    double square = 0;
    double length = 0;
    for (Index i = 0; i < n; ++i) {
      double entry = -values[r] * static_cast<double>(v[i]);
      for (Index j = 0; j < n; ++j) entry += matrix[i * n + j] * static_cast<double>(v[j]);
      square += entry * entry;
      length += static_cast<double>(v[i]) * static_cast<double>(v[i]);
    }
    EXPECT_NEAR(length, 1, 1e-4);
    norms.push_back(std::sqrt(square));
  }
  return norms;
}

/// Solves and holds values and residuals against the dense solver's.
template <class T>
Eigenpairs check(std::vector<double> const& matrix, Index n, EigenOptions const& options) {
  SCOPED_TRACE(fmt::format("n {}, count {}, {}", n, options.count,
                           options.end == SpectrumEnd::largest ? "largest" : "smallest"));
  Machine<T> machine;
  EigenSolver<T> solver(*machine.context, *machine.operations.linalg, n, options);
  Eigenpairs const pairs = solver.solve(dense_operator<T>(*machine.context, matrix, n));
  auto const want = end_of(symmetric_eigen(matrix, n).values, options.end, options.count);
  EXPECT_EQ(pairs.values.size(), want.size());
  EXPECT_EQ(pairs.residuals.size(), want.size());
  auto const residuals = true_residuals(*machine.context, solver, matrix, n, pairs.values);
  double const scale = std::max(1e-300, std::abs(want.front()));
  double const rounding = 100 * std::numeric_limits<T>::epsilon() * scale;
  for (std::size_t i = 0; i < std::min(want.size(), pairs.values.size()); ++i) {
    EXPECT_NEAR(pairs.residuals[i], residuals[i], rounding) << i;
    EXPECT_LE(pairs.residuals[i],
              options.tolerance * std::max(std::abs(want[i]), 1e-3 * scale) + rounding)
        << i;
    // A symmetric matrix has an eigenvalue within the residual; with one to spare, the right one.
    EXPECT_NEAR(pairs.values[i], want[i], residuals[i] + rounding) << i;
  }
  return pairs;
}

template <class T>
class Eigen : public ::testing::Test {
 protected:
  // Near the bottom eigenvalues, float32 products leave residuals of some 1e-6 of the largest.
  static constexpr double tight = sizeof(T) == sizeof(float) ? 1e-3 : 1e-9;
};
TYPED_TEST_SUITE(Eigen, Precisions);

TYPED_TEST(Eigen, FindsBothEndsOfExplicitMatrices) {
  for (Index const n : {20, 33, 100}) {
    std::vector<double> const matrix = matrix_with(hessian_like(n));
    for (SpectrumEnd const end : {SpectrumEnd::largest, SpectrumEnd::smallest}) {
      for (Index const count : {1, 3, 8}) {
        check<TypeParam>(matrix, n, {count, end, this->tight, 5000, 1});
      }
    }
  }
}

TYPED_TEST(Eigen, FindsBothEndsOfNetworkHessians) {
  using T = TypeParam;
  for (std::string const loss : {"cross-entropy", "mse"}) {
    SmallProblem<T> const problem({33, 5, {6, 4}, 3}, "tanh", loss);
    LoadedProblem<T> loaded(problem);
    Index const parameters = problem.model.network.parameters();
    Buffer<T> const gradient(*loaded.machine.context, parameters);
    loaded.pass.gradient(loaded.theta.view(), loaded.set.examples(), gradient.view(),
                         Pass<T>::Curvature::keep);
    SymmetricOperator<T> const product = [&](Matrix<T const> v, Matrix<T> hv) {
      loaded.pass.hessian_products(v, hv);
    };
    auto const all = symmetric_eigen(problem.oracle.hessian(problem.theta), parameters).values;
    for (SpectrumEnd const end : {SpectrumEnd::largest, SpectrumEnd::smallest}) {
      EigenSolver<T> solver(*loaded.machine.context, *loaded.machine.operations.linalg, parameters,
                            {5, end, this->tight, 5000, 1});
      EXPECT_LE(relative_error(solver.solve(product).values, end_of(all, end, 5)),
                sizeof(T) == sizeof(float) ? 1e-4 : 1e-10);
    }
  }
}

TYPED_TEST(Eigen, WarmStartsNeedFewerProducts) {
  using T = TypeParam;
  Index const n = 120;
  std::vector<double> matrix = matrix_with(hessian_like(n));
  Machine<T> machine;
  EigenSolver<T> solver(*machine.context, *machine.operations.linalg, n,
                        {2, SpectrumEnd::largest, 1e-3, 1000, 1});
  Index const cold = solver.solve(dense_operator<T>(*machine.context, matrix, n)).products;
  EXPECT_GT(cold, 0);
  Index const same = solver.solve(dense_operator<T>(*machine.context, matrix, n)).products;
  EXPECT_LE(same, 3);  // one look at what was found, and at the guard

  // A little later in a training, nearly the same matrix.
  for (Index i = 0; i < n; ++i) matrix[i * n + i] += 0.05 * std::sin(static_cast<double>(i));
  Index const later = solver.solve(dense_operator<T>(*machine.context, matrix, n)).products;
  EXPECT_LT(later, cold);

  // Another solver goes on from its state just as it would.
  auto const state = solver.state();
  Eigenpairs const here = solver.solve(dense_operator<T>(*machine.context, matrix, n));
  EigenSolver<T> other(*machine.context, *machine.operations.linalg, n,
                       {2, SpectrumEnd::largest, 1e-3, 1000, 1});
  other.restore(state);
  Eigenpairs const there = other.solve(dense_operator<T>(*machine.context, matrix, n));
  EXPECT_EQ(there.values, here.values);
  EXPECT_EQ(there.residuals, here.residuals);
  EXPECT_EQ(there.products, here.products);
}

TYPED_TEST(Eigen, FollowsAnEigenvalueThatOvertakes) {
  using T = TypeParam;
  Index const n = 60;
  Machine<T> machine;
  EigenSolver<T> solver(*machine.context, *machine.operations.linalg, n,
                        {1, SpectrumEnd::largest, 1e-3, 1000, 1});
  std::vector<double> diagonal(static_cast<std::size_t>(n));
  for (double second : {1.0, 2.0, 4.0, 8.0}) {
    for (Index i = 0; i < n; ++i) diagonal[i] = 1 / static_cast<double>(i + 1);
    diagonal[0] = 3;
    diagonal[1] = second;
    std::vector<double> matrix(static_cast<std::size_t>(n * n), 0.0);
    for (Index i = 0; i < n; ++i) matrix[i * n + i] = diagonal[i];
    auto const pairs = solver.solve(dense_operator<T>(*machine.context, matrix, n));
    EXPECT_NEAR(pairs.values.front(), std::max(3.0, second), 1e-2);
  }
}

TYPED_TEST(Eigen, ReportsWhatItHasWhenProductsRunOut) {
  using T = TypeParam;
  Index const n = 100;
  std::vector<double> const matrix = matrix_with(hessian_like(n));
  Machine<T> machine;
  EigenOptions const options{3, SpectrumEnd::smallest, 1e-9, 12, 1};
  EigenSolver<T> solver(*machine.context, *machine.operations.linalg, n, options);
  Eigenpairs const pairs = solver.solve(dense_operator<T>(*machine.context, matrix, n));
  EXPECT_LE(pairs.products, 12 + 3);  // the block that reaches the limit is finished
  auto const residuals = true_residuals(*machine.context, solver, matrix, n, pairs.values);
  EXPECT_GT(pairs.residuals.back(), 1e-4);
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    EXPECT_NEAR(pairs.residuals[i], residuals[i], 1e-4);
  }
}

TYPED_TEST(Eigen, IdentityZeroAndRepeatedEigenvalues) {
  using T = TypeParam;
  for (double const factor : {1.0, 0.0, -2.0}) {
    for (Index const n : {1, 2, 40}) {
      std::vector<double> matrix(static_cast<std::size_t>(n * n), 0.0);
      for (Index i = 0; i < n; ++i) matrix[i * n + i] = factor;
      for (Index const count : {1, 3, 50}) {
        check<T>(matrix, n, {count, SpectrumEnd::largest, 1e-3, 1000, 1});
      }
    }
  }
  std::vector<double> repeated = hessian_like(50);
  for (std::size_t i = 46; i < 50; ++i) repeated[i] = 30;
  check<T>(matrix_with(repeated), 50, {3, SpectrumEnd::largest, this->tight, 1000, 1});
}

TYPED_TEST(Eigen, TakesMoreThanThereAre) {
  for (Index const n : {1, 2, 5, 14}) {
    std::vector<double> const matrix = matrix_with(hessian_like(n));
    for (SpectrumEnd const end : {SpectrumEnd::largest, SpectrumEnd::smallest}) {
      check<TypeParam>(matrix, n, {n + 3, end, this->tight, 1000, 1});
      check<TypeParam>(matrix, n, {n, end, this->tight, 1000, 1});
    }
  }
}

TYPED_TEST(Eigen, IsNotANumberWhereTheMatrixIsNot) {
  using T = TypeParam;
  Index const n = 30;
  std::vector<double> const sound = matrix_with(hessian_like(n));
  Machine<T> machine;
  EigenSolver<T> solver(*machine.context, *machine.operations.linalg, n,
                        {2, SpectrumEnd::largest, 1e-3, 1000, 1});
  Eigenpairs const before = solver.solve(dense_operator<T>(*machine.context, sound, n));
  for (double const wrong :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    std::vector<double> matrix = sound;
    matrix[5 * n + 5] = wrong;
    Eigenpairs const pairs = solver.solve(dense_operator<T>(*machine.context, matrix, n));
    ASSERT_EQ(pairs.values.size(), 2u);
    EXPECT_TRUE(std::isnan(pairs.values[0]) && std::isnan(pairs.values[1]));
    EXPECT_TRUE(std::isnan(pairs.residuals[0]) && std::isnan(pairs.residuals[1]));
    EXPECT_TRUE(solver.state().empty());
  }
  // It begins anew, as the first time.
  Eigenpairs const after = solver.solve(dense_operator<T>(*machine.context, sound, n));
  EXPECT_EQ(after.values, before.values);
  EXPECT_EQ(after.products, before.products);
}

}  // namespace
}  // namespace brink::test
