#include "host/diagnostics/coarse_hessian.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "host/diagnostics/eigen.hpp"
#include "tests/support/problem.hpp"

namespace brink::test {
namespace {

/// Wide data, so that the first layer dominates, with variances that fall from direction to
/// direction as those of images do.
template <class T>
struct WideProblem : SmallProblem<T> {
  explicit WideProblem(std::vector<Index> hidden = {4})
      : SmallProblem<T>({90, 400, std::move(hidden), 3}, "tanh", "cross-entropy") {
    for (Index i = 0; i < 90; ++i) {
      for (Index c = 0; c < 400; ++c) {
        T& entry = this->data.x[i * 400 + c];
        entry = static_cast<T>(3 * static_cast<double>(entry) / static_cast<double>(1 + c));
        this->oracle.x[i][c] = static_cast<double>(entry);
      }
    }
  }
};

/// A WideProblem loaded, with its curvature kept and its coarse stand-in at hand.
template <class T>
struct Curved {
  explicit Curved(std::vector<Index> hidden = {4})
      : problem(std::move(hidden)),
        loaded(problem),
        context(*loaded.machine.context),
        linalg(*loaded.machine.operations.linalg),
        parameters(problem.model.network.parameters()),
        coarse(CoarseHessian<T>::create(context, loaded.machine.operations, problem.model,
                                        loaded.set.examples())) {
    coarse->at(loaded.pass);
    Buffer<T> const gradient(context, parameters);
    loaded.pass.gradient(loaded.theta.view(), loaded.set.examples(), gradient.view(),
                         Pass<T>::Curvature::keep);
  }

  SymmetricOperator<T> hessian() {
    return [this](Matrix<T const> v, Matrix<T> hv) { loaded.pass.hessian_products(v, hv); };
  }

  WideProblem<T> problem;
  LoadedProblem<T> loaded;
  Context& context;
  Linalg<T> const& linalg;
  Index parameters;
  std::unique_ptr<CoarseHessian<T>> coarse;
};

template <class T>
class Coarse : public ::testing::Test {};
TYPED_TEST_SUITE(Coarse, Precisions);

TYPED_TEST(Coarse, PrincipalDirectionsSpanTheLeadingSingularVectors) {
  using T = TypeParam;
  Machine<T> machine;
  Linalg<T> const& linalg = *machine.operations.linalg;
  // Singular values 2^-k along the coordinates.
  Index const n = 50;
  Index const d = 30;
  std::vector<double> x(static_cast<std::size_t>(n * d), 0.0);
  for (Index k = 0; k < d; ++k) x[k * d + k] = std::pow(2.0, -static_cast<double>(k));
  Block<T> const data(*machine.context, n, d, x);
  Buffer<T> const found = principal_directions<T>(*machine.context, linalg, data.view(), 5);
  ASSERT_EQ(found.size(), 5 * d);
  std::vector<double> const gram = linalg.inner_products(found.matrix(5, d), found.matrix(5, d));
  for (Index i = 0; i < 5; ++i) {
    for (Index j = 0; j < 5; ++j) EXPECT_NEAR(gram[i * 5 + j], i == j, 1e-5);
  }
  std::vector<T> const q = found.download();
  for (Index k = 0; k < 4; ++k) {
    double length = 0;
    for (Index i = 0; i < 5; ++i) length += std::pow(static_cast<double>(q[i * d + k]), 2);
    EXPECT_NEAR(length, 1, 1e-3) << k;
  }
}

TYPED_TEST(Coarse, PrincipalDirectionsAreNoMoreThanTheRank) {
  using T = TypeParam;
  Machine<T> machine;
  Linalg<T> const& linalg = *machine.operations.linalg;
  std::vector<double> const row = random_vector(40, 1);
  std::vector<double> x;
  for (int i = 0; i < 20; ++i) {
    for (double const entry : row) x.push_back(i * entry);
  }
  Block<T> const one(*machine.context, 20, 40, x);
  EXPECT_EQ(principal_directions<T>(*machine.context, linalg, one.view(), 8).size(), 40);
  Block<T> const few(*machine.context, 3, 40, random_vector(120, 2));
  EXPECT_EQ(principal_directions<T>(*machine.context, linalg, few.view(), 8).size(), 120);
  Block<T> const none(*machine.context, 20, 40, std::vector<double>(800, 0.0));
  EXPECT_EQ(principal_directions<T>(*machine.context, linalg, none.view(), 8).size(), 0);
}

TYPED_TEST(Coarse, IsTheHessianBetweenRestrictionAndProlongation) {
  using T = TypeParam;
  for (auto const& hidden : {std::vector<Index>{4}, {4, 3}, {}}) {
    Curved<T> at(hidden);
    Index const fine = at.parameters;
    Index const m = at.coarse->dimension();
    // In float32 the last directions may vanish beside the first.
    Index const rank = 400 - (fine - m) / at.problem.model.network.outputs(0);
    EXPECT_LE(rank, CoarseHessian<T>::rank);
    EXPECT_GE(rank, CoarseHessian<T>::rank / 2);
    for (Index const k : {1, 3}) {
      Block<T> const v(at.context, k, m, random_values<T>(k * m, 5)), hv(at.context, k, m);
      Block<T> const prolonged(at.context, k, fine), product(at.context, k, fine),
          want(at.context, k, m);
      at.coarse->product(v.view(), hv.view());
      at.coarse->prolong(v.view(), prolonged.view());
      at.loaded.pass.hessian_products(prolonged.view(), product.view());
      at.coarse->restrict_to_coarse(product.view(), want.view());
      EXPECT_LE(relative_error(hv.values(), want.values()), tolerance<T>);
      at.coarse->restrict_to_coarse(prolonged.view(), want.view());
      EXPECT_LE(relative_error(want.values(), v.values()), tolerance<T>);
    }
  }
}

TYPED_TEST(Coarse, IsNotMadeWhereItWouldNotPay) {
  using T = TypeParam;
  SmallProblem<T> const narrow({33, 80, {7, 5}, 3}, "tanh", "cross-entropy");
  LoadedProblem<T> loaded(narrow);
  EXPECT_FALSE(CoarseHessian<T>::create(*loaded.machine.context, loaded.machine.operations,
                                        narrow.model, loaded.set.examples()));
  SmallProblem<T> const deep({20, 300, {40, 40, 40}, 3}, "tanh", "cross-entropy");
  LoadedProblem<T> second(deep);
  EXPECT_FALSE(CoarseHessian<T>::create(*second.machine.context, second.machine.operations,
                                        deep.model, second.set.examples()));
}

TYPED_TEST(Coarse, LeadsToTheHessiansOwnEigenvaluesWithFewerProducts) {
  using T = TypeParam;
  Curved<T> at;
  Index const fine = at.parameters;
  SymmetricOperator<T> const hessian = at.hessian();
  auto all = symmetric_eigen(at.problem.oracle.hessian(at.problem.theta), fine).values;
  std::reverse(all.begin(), all.end());
  for (SpectrumEnd const end : {SpectrumEnd::largest, SpectrumEnd::smallest}) {
    for (Index const count : {1, 4}) {
      for (double const residual : {1e-3, sizeof(T) == sizeof(float) ? 1e-4 : 1e-9}) {
        SCOPED_TRACE(fmt::format("count {}, residual {}", count, residual));
        EigenOptions const options{count, end, residual, 5000, 1};
        EigenSolver<T> plain(at.context, at.linalg, fine, options);
        Eigenpairs const without = plain.solve(hessian);
        EigenSolver<T> solver(at.context, at.linalg, fine, options);
        for (int round = 0; round < 2; ++round) {  // from random vectors, then from its own
          Eigenpairs const with = solver.solve(hessian, at.coarse.get());
          EXPECT_LE(with.products, without.products);
          EXPECT_GT(with.coarse_products, 0);
          double const scale = std::max(std::abs(all.front()), std::abs(all.back()));
          for (Index i = 0; i < count; ++i) {
            double const want = end == SpectrumEnd::largest ? all[i] : all[fine - 1 - i];
            // The error of an eigenvalue is at most its residual.
            EXPECT_NEAR(with.values[i], want, with.residuals[i] + 1e-5 * scale) << i;
            EXPECT_LE(with.residuals[i], residual * std::max(std::abs(want), 1e-3 * scale) * 1.001);
          }
          if (round == 0 && residual == 1e-3 && end == SpectrumEnd::largest) {
            EXPECT_LT(2 * with.products, without.products);
          }
        }
      }
    }
  }
}

TYPED_TEST(Coarse, IsLeftAloneWhereMoreEigenpairsAreWantedThanItHas) {
  using T = TypeParam;
  Curved<T> at({1});
  Index const count = at.coarse->dimension() + 5;
  EigenOptions const options{count, SpectrumEnd::largest, 1e-3, 5000, 1};
  EigenSolver<T> plain(at.context, at.linalg, at.parameters, options);
  Eigenpairs const without = plain.solve(at.hessian());
  EigenSolver<T> solver(at.context, at.linalg, at.parameters, options);
  for (int round = 0; round < 2; ++round) {
    Eigenpairs const with = solver.solve(at.hessian(), at.coarse.get());
    ASSERT_EQ(std::ssize(with.values), count);
    EXPECT_EQ(with.coarse_products, 0);
    EXPECT_EQ(solver.vectors().rows, count + 1);
    if (round == 0) {
      EXPECT_EQ(with.values, without.values);
    }
  }
}

TYPED_TEST(Coarse, CarriesItsGuardFromCallToCall) {
  using T = TypeParam;
  Curved<T> at;
  SymmetricOperator<T> const hessian = at.hessian();
  EigenOptions const options{2, SpectrumEnd::largest, 1e-3, 1000, 1};
  EigenSolver<T> solver(at.context, at.linalg, at.parameters, options);
  solver.solve(hessian, at.coarse.get());
  EXPECT_EQ(solver.vectors().rows, 3);

  // Another solver goes on from its state just as it would.
  auto const state = solver.state();
  Eigenpairs const here = solver.solve(hessian, at.coarse.get());
  EigenSolver<T> other(at.context, at.linalg, at.parameters, options);
  other.restore(state);
  Eigenpairs const there = other.solve(hessian, at.coarse.get());
  EXPECT_EQ(there.values, here.values);
  EXPECT_EQ(there.residuals, here.residuals);
  EXPECT_EQ(there.coarse_products, here.coarse_products);
}

}  // namespace
}  // namespace brink::test
