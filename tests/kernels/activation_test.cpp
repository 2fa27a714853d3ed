#include "kernels/math/activation.hpp"

#include <gtest/gtest.h>

#include "kernels/cpu/simd.hpp"
#include "tests/oracle/oracle.hpp"
#include "tests/support/compare.hpp"

namespace brink::test {
namespace {

struct Named {
  char const* name;
  Activation activation;
};
constexpr Named activations[] = {
    {"tanh", Activation::tanh},         {"relu", Activation::relu},
    {"gelu", Activation::gelu},         {"elu", Activation::elu},
    {"softplus", Activation::softplus}, {"hardtanh", Activation::hardtanh},
    {"identity", Activation::identity}};

template <class T>
struct Jets {
  std::vector<T> value, slope, curvature;
};

template <class T>
Jets<T> activate(cpu::InstructionSet const& set, Activation activation, std::vector<T> const& z) {
  Jets<T> jets{std::vector<T>(z.size()), std::vector<T>(z.size()), std::vector<T>(z.size())};
  cpu::loops<T>(set).activate(activation, std::ssize(z), z.data(), jets.value.data(),
                              jets.slope.data(), jets.curvature.data());
  return jets;
}

/// The scalar formulas, as a device calls them.
template <class T>
Jets<T> activate_scalar(Activation activation, std::vector<T> const& z) {
  Jets<T> jets;
  for (T const entry : z) {
    Jet<T> const jet =
        with_activation(activation, [&](auto formula) { return decltype(formula)::at(entry); });
    jets.value.push_back(jet.value);
    jets.slope.push_back(jet.slope);
    jets.curvature.push_back(jet.curvature);
  }
  return jets;
}

template <class T>
void expect_oracle(Jets<T> const& jets, std::string const& name, std::vector<T> const& z) {
  oracle::ScalarFunction const& phi = oracle::activation(name);
  std::vector<double> value, slope, curvature;
  for (T const entry : z) {
    value.push_back(phi.value(entry));
    slope.push_back(phi.slope(entry));
    curvature.push_back(phi.curvature(entry));
  }
  EXPECT_LE(relative_error(jets.value, value), tolerance<T>);
  EXPECT_LE(relative_error(jets.slope, slope), tolerance<T>);
  EXPECT_LE(relative_error(jets.curvature, curvature), tolerance<T>);
}

/// Calls check(name, activation, instruction set) for each that this processor runs.
template <class Check>
void for_all(Check&& check) {
  for (cpu::InstructionSet const* set : cpu::runnable_instruction_sets()) {
    for (auto const& [name, activation] : activations) {
      SCOPED_TRACE(std::string(name) + " with " + set->name);
      check(name, activation, *set);
    }
  }
}

template <class T>
class ActivationLoops : public ::testing::Test {};
TYPED_TEST_SUITE(ActivationLoops, Precisions);

TYPED_TEST(ActivationLoops, AnswerToTheOracleAtRaggedSizes) {
  using T = TypeParam;
  for_all([](char const* name, Activation activation, cpu::InstructionSet const& set) {
    for (Index const count : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1000}) {
      for (double const scale : {0.1, 1.0, 5.0}) {
        SCOPED_TRACE(std::to_string(count));
        std::vector<T> const z = narrowed<T>(random_vector(count, 1, scale));
        expect_oracle(activate(set, activation, z), name, z);
      }
    }
  });
}

TYPED_TEST(ActivationLoops, ScalarFormulasAnswerToTheOracle) {
  using T = TypeParam;
  std::vector<T> const z = narrowed<T>(random_vector(1000, 1, 3));
  for (auto const& [name, activation] : activations) {
    SCOPED_TRACE(name);
    expect_oracle(activate_scalar(activation, z), name, z);
  }
}

TYPED_TEST(ActivationLoops, KeepTheConventionsAtKinksAndStayFiniteFarOut) {
  using T = TypeParam;
  std::vector<T> const z{0, 1, -1, 30, -30, 100, -100, 1000, -1000, 1e6, -1e6};
  for_all([&](char const* name, Activation activation, cpu::InstructionSet const& set) {
    Jets<T> const jets = activate(set, activation, z);
    oracle::ScalarFunction const& phi = oracle::activation(name);
    for (std::size_t i = 0; i < z.size(); ++i) {
      SCOPED_TRACE(z[i]);
      double const allowed = tolerance<T> * std::max(1.0, std::abs(static_cast<double>(z[i])));
      EXPECT_NEAR(jets.value[i], phi.value(z[i]), allowed);
      EXPECT_NEAR(jets.slope[i], phi.slope(z[i]), tolerance<T>);
      EXPECT_TRUE(std::isfinite(jets.curvature[i]));
      // 0 is where elu's second derivative jumps; any value between the two sides would do.
      if (z[i] != 0 || activation != Activation::elu) {
        double const curvature = phi.curvature(z[i]);
        EXPECT_NEAR(jets.curvature[i], std::isfinite(curvature) ? curvature : 0, tolerance<T>);
      }
    }
  });
}

TYPED_TEST(ActivationLoops, PassOnWhatIsNotANumber) {
  using T = TypeParam;
  std::vector<T> const z(3, std::numeric_limits<T>::quiet_NaN());
  for_all([&](char const*, Activation activation, cpu::InstructionSet const& set) {
    if (activation == Activation::relu) return;  // chooses by comparison
    EXPECT_TRUE(std::isnan(activate(set, activation, z).value[0]));
  });
}

TYPED_TEST(ActivationLoops, ValueDoesNotDependOnPlaceOrOnWhatElseIsWanted) {
  using T = TypeParam;
  std::vector<T> const z = narrowed<T>(random_vector(67, 2, 2));
  for_all([&](char const*, Activation activation, cpu::InstructionSet const& set) {
    Jets<T> const whole = activate(set, activation, z);
    for (std::size_t first : {1, 5, 33, 66}) {
      std::vector<T> const rest(z.begin() + static_cast<std::ptrdiff_t>(first), z.end());
      Jets<T> const shifted = activate(set, activation, rest);
      for (std::size_t i = 0; i < rest.size(); ++i) {
        ASSERT_EQ(shifted.value[i], whole.value[first + i]);
        ASSERT_EQ(shifted.slope[i], whole.slope[first + i]);
        ASSERT_EQ(shifted.curvature[i], whole.curvature[first + i]);
      }
    }
    // In place, without derivatives.
    std::vector<T> place = z;
    cpu::loops<T>(set).activate(activation, std::ssize(place), place.data(), place.data(), nullptr,
                                nullptr);
    EXPECT_EQ(place, whole.value);
    // With the slope only.
    std::vector<T> slope(z.size());
    place = z;
    cpu::loops<T>(set).activate(activation, std::ssize(place), place.data(), place.data(),
                                slope.data(), nullptr);
    EXPECT_EQ(place, whole.value);
    EXPECT_EQ(slope, whole.slope);
  });
}

TEST(InstructionSets, BaselineIsFirstAndTheWidestIsUsed) {
  auto const sets = cpu::runnable_instruction_sets();
  ASSERT_FALSE(sets.empty());
  EXPECT_STREQ(sets.front()->name, "baseline");
  EXPECT_EQ(sets.back(), &cpu::instruction_set());
}

}  // namespace
}  // namespace brink::test
