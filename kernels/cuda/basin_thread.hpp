#pragma once

#include "kernels/cuda/portable.hpp"
#include "kernels/math/basin.hpp"

// What one thread of a scan does: one trajectory at a time, in registers, from one look at its
// gradient to the next. Where it may be in a certified set or out of the region it stops in
// between, to be judged together with those of other threads.

namespace brink::cuda {

// What a trajectory has in place of an outcome.
inline constexpr int running = -1;
inline constexpr int unjudged = -2;

template <class T, int D>
struct Trajectory {
  Point<T, D> at, slope;
  T value;
  int steps, rises, last_rise;
  int outcome;
  int minimum;
  basin::Recurrence<T, D, float> recurrence;  ///< from the first anchor on
};

/// `Objective` is a landscape or its square root.
template <class Objective, class T>
struct Descent {
  static constexpr int dimension = Objective::dimension;
  using Place = Point<T, dimension>;
  using State = Trajectory<T, dimension>;

  Objective f;
  basin::Terms<T> terms;
  basin::Target<T> const* targets;  ///< all minima; where there is a radius, with a certified set
  int target_count;
  T highest_level;  ///< of a certified set

  /// A trajectory at its start, running or unjudged.
  __device__ void begin(State& t, Place const& at) const {
    t.at = at;
    t.steps = t.rises = t.last_rise = 0;
    t.minimum = -1;
    evaluate(t);
  }

  /// Whether an unjudged trajectory is in a certified set or out of the region; it runs on if not.
  __device__ void judge(State& t) const {
    t.outcome = running;
    if (!basin::in_region(t.at, terms.escape)) end(t, Outcome::diverged);
    for (int m = 0; m < target_count; ++m) {
      if (basin::in_set(t.at, t.value, targets[m])) end_at(t, m);
    }
  }

  /// What a running trajectory is looked at for, after every check_every-th step.
  __device__ void look(State& t) const {
    if (t.steps % basin::check_every != 0) return;
    if (has_settled(t)) end_at_rest(t);
    if (t.steps == basin::first_anchor) basin::begin(t.recurrence, t.at);
  }

  /// Whether a trajectory may meet a cycle or the step limit before the next look.
  __device__ bool is_late(State const& t) const {
    return t.steps >= basin::first_anchor || t.steps + basin::check_every > terms.max_steps;
  }

  /// The steps of a running trajectory to the next look, or until it stops. It may be `late`.
  template <bool late>
  __device__ void run(State& t) const {
    do {
      if (late && is_over(t)) return;
      step(t);
    } while (t.outcome == running && t.steps % basin::check_every != 0);
  }

 private:
  __device__ static void end(State& t, Outcome outcome) { t.outcome = static_cast<int>(outcome); }
  __device__ static void end_at(State& t, int minimum) {
    t.minimum = minimum;
    end(t, t.rises > 0 ? Outcome::unstable : Outcome::stable);
  }

  __device__ void evaluate(State& t) const {
    t.value = f.value(t.at);
    t.slope = f.gradient(t.at);
    bool const inside = basin::in_region(t.at, terms.escape);
    bool const low = t.value < highest_level;
    t.outcome = inside && !low ? running : unjudged;
  }

  __device__ void step(State& t) const {
    T const before = t.value;
    t.at = basin::next(t.at, t.slope, terms);
    evaluate(t);
    ++t.steps;
    if (basin::has_risen(t.value, before, terms.slack)) {
      ++t.rises;
      t.last_rise = t.steps;
    }
  }

  __device__ bool has_settled(State const& t) const {
    T const slope_square = dot(t.slope, t.slope);
    if (!(slope_square < terms.tolerance_square)) return false;
    if (terms.normalized) return slope_square == T(0);
    if (slope_square <= terms.least_slope_square) return true;
    Point<double, dimension> p;
    for (int i = 0; i < dimension; ++i) p[i] = static_cast<double>(t.at[i]);
    return basin::has_stable_curvature(f, p, terms);
  }
  __device__ void end_at_rest(State& t) const {
    end(t, Outcome::stationary);
    for (int m = 0; m < target_count; ++m) {
      if (basin::distance_square(t.at, targets[m]) < targets[m].reach_square) end_at(t, m);
    }
  }

  __device__ bool is_over(State& t) const {
    if (t.steps > basin::first_anchor && is_on_cycle(t)) {
      end(t, Outcome::periodic);
    } else if (t.steps >= terms.max_steps) {
      end(t, Outcome::undecided);
    }
    return t.outcome != running;
  }
  __device__ bool is_on_cycle(State& t) const {
    return basin::is_on_cycle<T>(t.recurrence, t.at, [&] {
      return square(basin::scale(t.slope, terms)) * dot(t.slope, t.slope);
    });
  }
};

}  // namespace brink::cuda
