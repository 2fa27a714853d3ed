#include "host/diagnostics/density.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/support/dense_operator.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

template <class T>
SpectralDensity density_of(std::vector<double> const& matrix, Index n, DensityOptions options) {
  Machine<T> machine;
  return spectral_density<T>(*machine.context, *machine.operations.linalg, n,
                             dense_operator<T>(*machine.context, matrix, n), options);
}

/// ∫ density over [from, to] by trapezoids.
double mass(SpectralDensity const& found, double from, double to) {
  double sum = 0;
  for (std::size_t i = 1; i < found.lambda.size(); ++i) {
    double const middle = 0.5 * (found.lambda[i - 1] + found.lambda[i]);
    if (middle < from || middle > to) continue;
    double const width = found.lambda[i] - found.lambda[i - 1];
    sum += 0.5 * (found.density[i - 1] + found.density[i]) * width;
  }
  return sum;
}

template <class T>
class Density : public ::testing::Test {};
TYPED_TEST_SUITE(Density, Precisions);

TYPED_TEST(Density, TraceIsWithinItsError) {
  std::vector<double> eigenvalues;
  for (int i = 0; i < 80; ++i) eigenvalues.push_back(i % 5 == 0 ? 4.0 : -1.0 / (1 + i));
  double const trace = std::accumulate(eigenvalues.begin(), eigenvalues.end(), 0.0);
  auto const found = density_of<TypeParam>(matrix_with(eigenvalues), 80, {64, 1, 2, 1});
  EXPECT_GT(found.trace.error, 0);
  EXPECT_LT(found.trace.error, 0.2 * trace);
  EXPECT_NEAR(found.trace.mean, trace, 4 * found.trace.error);
  EXPECT_EQ(found.products, 64);
}

TYPED_TEST(Density, TraceOfADiagonalMatrixIsExact) {
  // Signs cancel out of zᵀ D z.
  std::vector<double> matrix(40 * 40, 0.0);
  for (int i = 0; i < 40; ++i) matrix[i * 41] = i - 10;
  auto const found = density_of<TypeParam>(matrix, 40, {4, 1, 2, 1});
  EXPECT_NEAR(found.trace.mean, 380, 380 * tolerance<TypeParam>);
  EXPECT_NEAR(found.trace.error, 0, 380 * tolerance<TypeParam>);
}

TYPED_TEST(Density, IntegratesToOneWithItsMassWhereTheEigenvaluesAre) {
  // 10 % at 10, 30 % around 2, the rest around 0.
  std::vector<double> eigenvalues;
  for (int i = 0; i < 100; ++i) {
    double const spread = 0.2 * std::sin(i);
    eigenvalues.push_back(i < 10 ? 10 : i < 40 ? 2 + spread : spread);
  }
  auto const found = density_of<TypeParam>(matrix_with(eigenvalues), 100, {32, 50, 2048, 3});
  EXPECT_NEAR(mass(found, -100, 100), 1, 1e-3);
  EXPECT_NEAR(mass(found, 9, 11), 0.1, 0.03);
  EXPECT_NEAR(mass(found, 1, 3), 0.3, 0.04);
  EXPECT_NEAR(mass(found, -1, 1), 0.6, 0.04);
  EXPECT_NEAR(mass(found, 3.5, 8.5), 0, 1e-3);
  EXPECT_TRUE(std::is_sorted(found.lambda.begin(), found.lambda.end()));
  EXPECT_EQ(found.lambda.size(), 2048u);
  for (double const value : found.density) EXPECT_GE(value, 0);
}

TYPED_TEST(Density, KrylovSpacesThatEndEarlyAreNoHarm) {
  // Two different eigenvalues: Lanczos is done after two steps.
  std::vector<double> eigenvalues(30, 1.0);
  for (int i = 0; i < 10; ++i) eigenvalues[i] = 5;
  auto const found = density_of<TypeParam>(matrix_with(eigenvalues), 30, {32, 25, 1024, 1});
  EXPECT_NEAR(mass(found, 4.5, 5.5), 1.0 / 3, 0.06);
  EXPECT_NEAR(mass(found, 0.5, 1.5), 2.0 / 3, 0.06);
  EXPECT_NEAR(mass(found, -100, 100), 1, 1e-3);

  for (Index const n : {1, 3}) {
    for (double const factor : {0.0, 2.0}) {
      std::vector<double> matrix(static_cast<std::size_t>(n * n), 0.0);
      for (Index i = 0; i < n; ++i) matrix[i * n + i] = factor;
      auto const one = density_of<TypeParam>(matrix, n, {2, 64, 256, 1});
      EXPECT_NEAR(one.trace.mean, factor * static_cast<double>(n), 1e-5);
      for (double const value : one.density) EXPECT_TRUE(std::isfinite(value));
    }
  }
}

}  // namespace
}  // namespace brink::test
