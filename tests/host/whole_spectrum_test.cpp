#include "host/diagnostics/whole_spectrum.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/dense_operator.hpp"
#include "tests/support/problem.hpp"

namespace brink::test {
namespace {

template <class T>
class WholeSpectrumOf : public ::testing::Test {};
TYPED_TEST_SUITE(WholeSpectrumOf, Precisions);

TYPED_TEST(WholeSpectrumOf, AMatrixThatIsKnown) {
  using T = TypeParam;
  Machine<T> machine;
  std::vector<double> const values{-3, -0.5, 0, 0, 0, 1e-3, 1, 2, 2, 20};
  auto const n = std::ssize(values);
  auto const product = dense_operator<T>(*machine.context, matrix_with(values), n);
  for (Index const directions : {1, 3, 10, 99}) {
    WholeSpectrum const found =
        whole_spectrum<T>(*machine.context, *machine.operations.linalg, n, product, directions);
    EXPECT_LE(relative_error(found.values, values), tolerance<T>) << directions;
    EXPECT_LE(relative_error(found.trace(), 21.501), tolerance<T>);
    EXPECT_EQ(found.negative(), 2);
    EXPECT_LE(found.rounding, 20 * tolerance<T>);
  }
}

TYPED_TEST(WholeSpectrumOf, ANetwork) {
  using T = TypeParam;
  for (std::string const loss : {"cross-entropy", "mse"}) {
    SmallProblem<T> const problem({}, "tanh", loss);
    LoadedProblem<T> loaded(problem);
    Context& context = *loaded.machine.context;
    Index const parameters = problem.model.network.parameters();
    Buffer<T> const gradient(context, parameters);
    loaded.pass.gradient(loaded.theta.view(), loaded.set.examples(), gradient.view(),
                         Pass<T>::Curvature::keep);
    WholeSpectrum const found = whole_spectrum<T>(
        context, *loaded.machine.operations.linalg, parameters,
        [&](Matrix<T const> v, Matrix<T> hv) { loaded.pass.hessian_products(v, hv); }, 16);

    auto const hessian = problem.oracle.hessian(problem.theta);
    double trace = 0;
    for (Index i = 0; i < parameters; ++i) trace += hessian[i * parameters + i];
    auto const want = symmetric_eigen(hessian, parameters).values;
    EXPECT_LE(relative_error(found.trace(), trace), tolerance<T>);
    EXPECT_GT(found.negative(), 0);
    EXPECT_LT(found.negative(), parameters / 2);
    EXPECT_LE(found.rounding, 10 * tolerance<T> * want.back());
    ASSERT_EQ(found.values.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_LE(std::abs(found.values[i] - want[i]), found.rounding) << i;
    }
  }
}

TYPED_TEST(WholeSpectrumOf, WhatIsNotFiniteIsNotANumber) {
  using T = TypeParam;
  Machine<T> machine;
  std::vector<double> matrix(25, 1.0);
  matrix[12] = std::numeric_limits<double>::infinity();
  WholeSpectrum const found = whole_spectrum<T>(*machine.context, *machine.operations.linalg, 5,
                                                dense_operator<T>(*machine.context, matrix, 5), 2);
  ASSERT_EQ(found.values.size(), 5u);
  for (double const value : found.values) EXPECT_TRUE(std::isnan(value));
  EXPECT_EQ(found.negative(), 0);
}

}  // namespace
}  // namespace brink::test
