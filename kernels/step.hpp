#pragma once

#include "kernels/loss.hpp"
#include "kernels/math/number.hpp"
#include "kernels/view.hpp"

namespace brink {

enum class Method { gd, sgd, normalized_gd, polyak, nesterov, flow };

/// The update θ ← θ − s·u and what u and s are:
///   gd, sgd         u = g                       s = η
///   normalized-gd   u = g                       s = η / ‖g‖
///   polyak          m ← β m + g, u = m          s = η
///   nesterov        m ← β m + g, u = g + β m    s = η
///   flow            u as given in `update`      s = η, the integrator's step
/// On √f the gradient is g / (2√f); the factor 1/(2√f) goes into s for gd and into g for the
/// momentum methods; where f = 0, which is as low as it gets, it counts as 0. Normalised GD is the
/// same on f and √f.
struct UpdateRule {
  Method method = Method::gd;
  double learning_rate = 0;
  double momentum = 0;
  bool on_square_root = false;
};

/// ∇√f = slope_of_root(f) · ∇f.
BRINK_HOST_DEVICE inline double slope_of_root(double loss) {
  return inverse_or_zero(2 * std::sqrt(loss));
}

/// Scalars of one step, left in the context's memory.
struct StepScalars {
  double gradient_square;   ///< ‖g‖², g = ∇f(θ_t)
  double previous_overlap;  ///< ⟨u_{t−1}, g⟩
  double update_overlap;    ///< ⟨u, g⟩
  double update_square;     ///< ‖u‖²
  double scale;             ///< s

  /// Whether the step leaves θ where it is, and every later one will.
  bool is_at_rest() const { return scale == 0 || update_square == 0; }
};

/// What a step leaves for the host.
struct StepMetrics {
  LossSums sums;
  StepScalars scalars;
};

/// Room for the metrics of some steps, in the context's memory. `count` of them are there.
struct StepLog {
  Vector<StepMetrics> rows;
  Index* count;
};

/// The parameter update fused with the inner products that RP and directional smoothness need.
template <class T>
class Step {
 public:
  virtual ~Step() = default;

  /// One pass over the parameters (two for normalised GD, which stays put where g = 0). θ, g,
  /// previous update u_{t−1}, and the momentum m and update u where the method has them (empty
  /// otherwise: u is g itself). `loss` is f(θ_t), in the context's memory. `previous` may be empty
  /// at the first step. `elsewhere`, for gd and normalised GD, may hold the inner products of more
  /// parameters, which are kept elsewhere: they count towards s and the scalars.
  virtual void update(UpdateRule const& rule, double const* loss, Vector<T> theta,
                      Vector<T const> gradient, Vector<T const> previous, Vector<T> momentum,
                      Vector<T> update, StepScalars const* elsewhere,
                      StepScalars* scalars) const = 0;

  /// The scalars of a step alone, θ left as it is: for the step after the last.
  virtual void observe(Vector<T const> gradient, Vector<T const> previous,
                       StepScalars const* elsewhere, StepScalars* scalars) const = 0;

  /// Appends the metrics of a step to a log that has room for them.
  virtual void append(LossSums const* sums, StepScalars const* scalars, StepLog log) const = 0;

  // For weights in the span of the data X, W = W₀ + Aᵀ X, whose gradient Δᵀ X need not be formed:
  // with the Gram matrix K = X Xᵀ, its products are those of Δ and M = K Δ.

  /// ⟨g, g⟩ = ⟨Δ, M⟩, never below 0, and ⟨g_{t−1}, g⟩ = ⟨M_{t−1}, Δ⟩; `previous_image` may be
  /// empty.
  virtual void observe_in_span(Vector<T const> delta, Vector<T const> image,
                               Vector<T const> previous_image, StepScalars* scalars) const = 0;

  /// A ← A − s Δ, and the preactivation X Wᵀ follows: z ← z − s M. s = scalars->scale.
  virtual void update_in_span(StepScalars const* scalars, Vector<T const> delta,
                              Vector<T const> image, Vector<T> coefficients,
                              Vector<T> preactivation) const = 0;

  /// Bytes of working memory for vectors of up to so many numbers, at most.
  virtual double workspace_bytes(Index size) const = 0;
};

}  // namespace brink
