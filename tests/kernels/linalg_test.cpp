#include "kernels/linalg.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/error.hpp"
#include "tests/support/machine.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BRINK_CLANG_SANITIZER 1
#endif
#endif

namespace brink::test {
namespace {

constexpr Index ragged[] = {1, 31, 32, 33, 2049, 5000};

template <class T>
class LinalgOperation : public ::testing::Test {};
TYPED_TEST_SUITE(LinalgOperation, Precisions);

TYPED_TEST(LinalgOperation, InnerProductsAreFloat64Sums) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Index const length : ragged) {
      for (auto const& [p, q] : std::vector<std::pair<Index, Index>>{{1, 1}, {3, 1}, {2, 5}}) {
        auto const a = random_values<T>(p * length, 1);
        auto const b = random_values<T>(q * length, 2);
        std::vector<double> want(static_cast<std::size_t>(p * q), 0.0);
        for (Index i = 0; i < p; ++i) {
          for (Index j = 0; j < q; ++j) {
            for (Index c = 0; c < length; ++c) {
              want[i * q + j] += a[i * length + c] * b[j * length + c];
            }
          }
        }
        Block<T> const left(*machine.context, p, length, a, 3);
        Block<T> const right(*machine.context, q, length, b, 5);
        auto const got = machine.operations.linalg->inner_products(left.view(), right.view());
        EXPECT_LE(relative_error(got, want), 1e-12) << length;  // whatever T is
      }
    }
  }
}

TYPED_TEST(LinalgOperation, InnerProductsAreTheSameOnAnyNumberOfThreads) {
  using T = TypeParam;
  auto const a = random_values<T>(2 * 30'001, 1);
  std::vector<double> first;
  for (int const threads : {1, 2, 3, 3}) {
    Machine<T> machine(threads);
    Block<T> const block(*machine.context, 2, 30'001, a);
    auto const got = machine.operations.linalg->inner_products(block.view(), block.view());
    if (first.empty()) first = got;
    EXPECT_EQ(got, first);
  }
}

TYPED_TEST(LinalgOperation, CombineMultipliesFromTheLeft) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Index const length : ragged) {
      Index const p = 4;
      Index const q = 3;
      auto const c = random_values<T>(q * p, 1);
      auto const a = random_values<T>(p * length, 2);
      auto const before = random_values<T>(q * length, 3);
      std::vector<double> product, sum;
      for (Index i = 0; i < q; ++i) {
        for (Index x = 0; x < length; ++x) {
          double entry = 0;
          for (Index j = 0; j < p; ++j) entry += c[i * p + j] * a[j * length + x];
          product.push_back(entry);
          sum.push_back(entry + before[i * length + x]);
        }
      }
      Context& context = *machine.context;
      Block<T> const block(context, p, length, a, 3);
      Block<T> const fresh(context, q, length, 5), out(context, q, length, before, 5);
      auto const& linalg = *machine.operations.linalg;
      linalg.combine(c, block.view(), fresh.view(), false);
      EXPECT_LE(relative_error(fresh.values(), product), tolerance<T>);
      linalg.combine(c, block.view(), out.view(), true);
      EXPECT_LE(relative_error(out.values(), sum), tolerance<T>);
      EXPECT_TRUE(fresh.padding_untouched() && out.padding_untouched());
    }
  }
}

TYPED_TEST(LinalgOperation, MultiplyTransposesWhatItIsAskedTo) {
  using T = TypeParam;
  struct Shape {
    Index rows, inner, cols;
  };
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    Context& context = *machine.context;
    for (Shape const shape :
         {Shape{1, 1, 1}, {33, 31, 5}, {5, 32, 70}, {2, 300, 33}, {40, 45, 22}}) {
      auto const a = random_values<T>(shape.rows * shape.inner, 1);
      auto const b = random_values<T>(shape.inner * shape.cols, 2);
      std::vector<double> a_transposed(a.size()), b_transposed(b.size()), want;
      for (Index i = 0; i < shape.rows; ++i) {
        for (Index k = 0; k < shape.inner; ++k) {
          a_transposed[k * shape.rows + i] = a[i * shape.inner + k];
        }
        for (Index j = 0; j < shape.cols; ++j) {
          double entry = 0;
          for (Index k = 0; k < shape.inner; ++k) {
            entry += a[i * shape.inner + k] * b[k * shape.cols + j];
            b_transposed[j * shape.inner + k] = b[k * shape.cols + j];
          }
          want.push_back(entry);
        }
      }
      for (Transpose const of_a : {Transpose::no, Transpose::yes}) {
        for (Transpose const of_b : {Transpose::no, Transpose::yes}) {
          bool const turn_a = of_a == Transpose::yes;
          bool const turn_b = of_b == Transpose::yes;
          Block<T> const left(context, turn_a ? shape.inner : shape.rows,
                              turn_a ? shape.rows : shape.inner, turn_a ? a_transposed : a, 3);
          Block<T> const right(context, turn_b ? shape.cols : shape.inner,
                               turn_b ? shape.inner : shape.cols, turn_b ? b_transposed : b, 2);
          Block<T> const out(context, shape.rows, shape.cols, 5);
          machine.operations.linalg->multiply(of_a, left.view(), of_b, right.view(), out.view());
          EXPECT_LE(relative_error(out.values(), want), tolerance<T>);
          machine.operations.linalg->multiply(of_a, left.view(), of_b, right.view(), out.view(),
                                              true);
          std::vector<double> twice;
          for (double const entry : want) twice.push_back(2 * entry);
          EXPECT_LE(relative_error(out.values(), twice), tolerance<T>);
          EXPECT_TRUE(out.padding_untouched());
          if (turn_a || turn_b) continue;
          machine.operations.linalg->apply(left.view(), right.view(), out.view());
          EXPECT_LE(relative_error(out.values(), want), tolerance<T>);
          EXPECT_TRUE(out.padding_untouched());
        }
      }
    }
  }
}

TYPED_TEST(LinalgOperation, AMatrixThatTheBlasCannotIndexIsAnErrorInEveryThread) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    if (machine.context->backend() != "cpu") GTEST_SKIP() << "cuBLAS has sizes of 64 bits";
    Index const stride = Index{1} << 33;
    Block<T> const some(*machine.context, 40, 40);
    Matrix<T> const wide{some.view().data, 40, 40, stride};  // of which nothing is read
    EXPECT_THROW(machine.operations.linalg->multiply(Transpose::no, wide, Transpose::no,
                                                     some.view(), some.view()),
                 MachineError);
  }
}

TYPED_TEST(LinalgOperation, AxpyAdds) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Index const length : ragged) {
      auto const x = random_values<T>(length, 1);
      auto const y = random_values<T>(length, 2);
      std::vector<double> want;
      for (Index i = 0; i < length; ++i) want.push_back(y[i] + 0.3 * x[i]);
      Block<T> const from(*machine.context, 1, length, x), to(*machine.context, 1, length, y);
      machine.operations.linalg->axpy(0.3, from.vector(), to.vector());
      EXPECT_LE(relative_error(to.values(), want), tolerance<T>);
    }
  }
}

TYPED_TEST(LinalgOperation, GatherTakesRowsInTheOrderAsked) {
  using T = TypeParam;
  Machine<T> machine;
  std::vector<Index> const order{4, 0, 0, 2};
  for (Index const cols : {1, 31, 32, 33}) {
    auto const x = random_values<T>(5 * cols, 1);
    std::vector<double> want;
    for (Index const row : order) {
      want.insert(want.end(), x.begin() + row * cols, x.begin() + (row + 1) * cols);
    }
    Block<T> const from(*machine.context, 5, cols, x, 3), to(*machine.context, 4, cols, 2);
    machine.operations.linalg->gather_rows(from.view(), order, to.view());
    EXPECT_EQ(widened(to.values()), want);
    EXPECT_TRUE(to.padding_untouched());
  }
  Buffer<std::int32_t> const labels(*machine.context, std::vector<std::int32_t>{9, 8, 7, 6, 5});
  Buffer<std::int32_t> const gathered(*machine.context, 4);
  machine.operations.linalg->gather(labels.view(), order, gathered.view());
  EXPECT_EQ(gathered.download(), (std::vector<std::int32_t>{5, 9, 9, 7}));
}

/// Sizes about the tiles that matrices are symmetrized by.
constexpr Index matrix_sizes[] = {1, 2, 31, 32, 33, 64, 65, 131};

TYPED_TEST(LinalgOperation, SymmetrizeIsTheMeanWithTheTranspose) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Index const n : matrix_sizes) {
      auto const a = random_values<T>(n * n, 1);
      std::vector<double> want;
      double square = 0;
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < n; ++j) {
          want.push_back((a[i * n + j] + a[j * n + i]) / 2);
          square += (a[i * n + j] - a[j * n + i]) * (a[i * n + j] - a[j * n + i]);
        }
      }
      Block<T> const block(*machine.context, n, n, a, 3);
      double const distance = machine.operations.linalg->symmetrize(block.view());
      EXPECT_LE(relative_error(block.values(), want), tolerance<T>) << n;
      EXPECT_LE(relative_error(distance, std::sqrt(square) / 2), 1e-12) << n;
      EXPECT_TRUE(block.padding_untouched());
      EXPECT_EQ(machine.operations.linalg->symmetrize(block.view()), 0) << n;
    }
  }
}

TYPED_TEST(LinalgOperation, SymmetrizeTellsOfEntriesThatAreNotFinite) {
  using T = TypeParam;
  Machine<T> machine;
  Index const n = 40;
  for (double const bad : {std::nan(""), HUGE_VAL}) {
    for (Index const place : {Index{0}, 35 * n + 35, 35 * n + 2, 2 * n + 35}) {
      auto values = random_values<T>(n * n, 1);
      values[place] = bad;
      Block<T> const block(*machine.context, n, n, values);
      EXPECT_FALSE(std::isfinite(machine.operations.linalg->symmetrize(block.view())));
    }
  }
}

TYPED_TEST(LinalgOperation, SymmetricEigenvaluesAreAscending) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Index const n : matrix_sizes) {
      auto const half = random_values<T>(n * n, 1);
      Block<T> const block(*machine.context, n, n, half, 3);
      machine.operations.linalg->symmetrize(block.view());
      auto const want = symmetric_eigen(widened(block.values()), n).values;
      auto const got = machine.operations.linalg->symmetric_eigenvalues(block.view());
      EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
      EXPECT_LE(relative_error(got, want), tolerance<T>) << n;
      EXPECT_TRUE(block.padding_untouched());
    }
  }
}

TEST(SymmetricEigen, ReconstructsTheMatrix) {
  for (Index const n : {1, 2, 31, 32, 33}) {
    std::vector<double> const half = random_vector(n * n, 1);
    std::vector<double> matrix(half.size());
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) matrix[i * n + j] = half[i * n + j] + half[j * n + i];
    }
    SymmetricEigen const eigen = symmetric_eigen(matrix, n);
    EXPECT_TRUE(std::is_sorted(eigen.values.begin(), eigen.values.end()));
    std::vector<double> rebuilt(matrix.size(), 0.0), overlaps(matrix.size(), 0.0);
    std::vector<double> identity(matrix.size(), 0.0);
    for (Index k = 0; k < n; ++k) {
      double const* const v = eigen.vectors.data() + k * n;
      identity[k * n + k] = 1;
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < n; ++j) {
          rebuilt[i * n + j] += eigen.values[k] * v[i] * v[j];
          overlaps[k * n + j] += v[i] * eigen.vectors[j * n + i];
        }
      }
    }
    EXPECT_LE(relative_error(rebuilt, matrix), 1e-12);
    EXPECT_LE(relative_error(overlaps, identity), 1e-12);
  }
}

TEST(MakeContext, NamesTheDevicesThereAre) {
  EXPECT_EQ(make_context("cpu", 3)->threads(), 3);
  EXPECT_GE(make_context("auto", 0)->threads(), 1);
  EXPECT_EQ(list_devices().front().name, "cpu");
  for (std::string const wrong : {"gpu", "cpu:0", ""}) {
    try {
      make_context(wrong, 1);
      ADD_FAILURE() << wrong;
    } catch (InputError const& error) {
      EXPECT_NE(std::string(error.what()).find("cpu"), std::string::npos);
    }
  }
}

TEST(MakeContext, MemoryIsAligned) {
  auto const context = make_context("cpu", 1);
  for (Index const size : {1, 3, 100}) {
    Buffer<float> const buffer(*context, size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.view().data) % 64, 0u);
  }
}

TEST(MakeContext, NamesTheMemoryThatIsNotThere) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || BRINK_CLANG_SANITIZER
  GTEST_SKIP() << "a sanitizer ends the program where an allocation fails";
#endif
  auto const context = make_context("cpu", 1);
  constexpr std::size_t too_much = std::size_t{1} << 60;
  try {
    context->release(context->allocate(too_much));
    ADD_FAILURE() << "got it";
  } catch (MachineError const& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(too_much)), std::string::npos);
  }
}

}  // namespace
}  // namespace brink::test
