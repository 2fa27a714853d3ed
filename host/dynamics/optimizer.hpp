#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/operations.hpp"

namespace brink {

/// "gd", "sgd", "normalized-gd", "polyak", "nesterov", "flow"; InputError for anything else.
Method parse_method(std::string const& name);
std::string method_name(Method method);

/// What a run has to keep to go on bit for bit; empty where there is none.
template <class T>
struct OptimizerState {
  std::vector<T> theta, previous_update, momentum;
};

/// Parameters that somebody else keeps and updates, and whose inner products count all the same
/// (gd and normalised GD only): the first ones of θ.
struct KeptElsewhere {
  Index parameters = 0;
  StepScalars const* scalars = nullptr;  ///< in the context's memory
};

/// θ, the gradient at θ, and what a method remembers from one step to the next.
template <class T>
class Optimizer {
 public:
  Optimizer(Context& context, Operations<T> const& operations, UpdateRule rule,
            std::vector<T> const& theta);

  /// Bytes of the context's memory for so many parameters; `keeps`: `keep` is called.
  static double bytes_needed(Method method, Index parameters, bool keeps);

  bool has_momentum() const { return has_momentum(rule_.method); }
  Vector<T> theta() const { return theta_.view(); }
  /// Where ∇f(θ) is to be written before `advance`.
  Vector<T> gradient() const { return gradient_.view(); }

  /// θ ← θ − s u. `loss`: f(θ), in the context's memory.
  void advance(double const* loss, KeptElsewhere const& elsewhere = {});

  /// For Method::flow: one step of classical Runge–Kutta of order 4 along −∇f, of length `step`.
  /// `gradient_at` writes ∇f at its first argument to its second.
  using Field = std::function<void(Vector<T const> theta, Vector<T> gradient)>;
  void advance_flow(double step, Field const& gradient_at);

  /// The inner products at a θ that is not left: after the last step.
  void observe(KeptElsewhere const& elsewhere = {});

  /// Of the last advance or observe. Waits.
  StepScalars scalars() const { return scalars_.download().front(); }
  /// Where they are, for operations that use them without waiting.
  StepScalars const* scalars_in_memory() const { return scalars_.view().data; }

  /// w = −s u of the last advance: the displacement θ_{t+1} − θ_t before rounding.
  void displacement(Vector<T> out) const;

  OptimizerState<T> state() const;
  void restore(OptimizerState<T> const& state);

  /// Remembers the state, in the context's memory.
  void keep();
  /// Returns to what was kept, after an even number of steps since then.
  void go_back();

 private:
  Vector<T const> previous() const {
    return has_previous_ ? Vector<T const>(previous_.view()) : Vector<T const>{};
  }
  static bool has_momentum(Method method) {
    return method == Method::polyak || method == Method::nesterov;
  }
  bool update_is_gradient() const { return !has_momentum() && rule_.method != Method::flow; }

  Context* context_;
  Operations<T> const* operations_;
  UpdateRule rule_;
  bool has_previous_ = false;
  Buffer<T> theta_, gradient_;
  Buffer<T> previous_;  // u of the last step; with an update of its own, that is it
  Buffer<T> momentum_;
  Buffer<T> stage_gradient_, stage_theta_;
  Buffer<T> kept_theta_, kept_previous_, kept_momentum_;
  Buffer<StepScalars> scalars_;
};

}  // namespace brink
