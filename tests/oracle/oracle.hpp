#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What every backend answers to: serial, float64, with formulas of its own, written for reading.
namespace brink::oracle {

using Reals = std::vector<double>;

/// An activation with its first and second derivative.
struct ScalarFunction {
  std::string_view name;
  double (*value)(double);
  double (*slope)(double);
  double (*curvature)(double);
  std::vector<double> kinks;  ///< where the slope jumps
};

/// The seven activations.
std::vector<ScalarFunction> const& activations();
/// std::out_of_range for a name that is none of theirs.
ScalarFunction const& activation(std::string_view name);

/// The mean loss of a multilayer perceptron over a set of examples, as a function of its parameters
/// in the order W₁ (outputs × inputs, row by row), b₁, W₂, b₂, …
struct Problem {
  std::vector<std::int64_t> widths;  ///< inputs, hidden …, outputs
  std::string activation;            ///< after every layer but the last
  std::string loss;      ///< "cross-entropy": −log softmax(z)_label; "mse": ½‖z − y‖²
  std::vector<Reals> x;  ///< one row per example
  std::vector<std::int32_t> labels;  ///< one per example; empty with targets
  std::vector<Reals> targets;        ///< one row per example; empty with labels (then one-hot)

  std::int64_t parameters() const;

  double value(Reals const& theta) const;
  Reals gradient(Reals const& theta) const;
  /// ∇²f(θ) v
  Reals hessian_product(Reals const& theta, Reals const& v) const;
  /// ∇²f(θ), row by row, from its products with the unit vectors.
  Reals hessian(Reals const& theta) const;
  /// Examples whose largest output is their label (the first, among equal ones).
  std::int64_t correct(Reals const& theta) const;
  /// Distance of the hidden pre-activation nearest to a kink; infinite where there are none.
  double clearance(Reals const& theta) const;
};

double dot(Reals const& a, Reals const& b);
/// a + factor · b
Reals plus(Reals const& a, double factor, Reals const& b);

/// RP(θ) = (f(θ − ηg) − f(θ)) / (η‖g‖²)
double relative_progress(Problem const& problem, Reals const& theta, double eta);
/// L(θ; v) = ⟨v, ∇f(θ) − ∇f(θ − v)⟩ / ‖v‖²
double directional_smoothness(Problem const& problem, Reals const& theta, Reals const& v);

/// θ₀, θ₁, …, θ_steps of gradient descent.
std::vector<Reals> gradient_descent(Problem const& problem, Reals theta, double eta,
                                    std::int64_t steps);

}  // namespace brink::oracle
