#pragma once

#include <cmath>
#include <limits>

#include "kernels/basin.hpp"

// The rule of a scan (kernels/basin.hpp) as formulas for any number type N: a SIMD vector, with a
// trajectory in each lane, or a float or double, with a trajectory in each thread of a GPU. Both
// evaluate the same operations in the same order, so that their verdicts are the same to the last
// bit.

// Trajectories stay in registers if what makes a step is one piece and their addresses are handed
// to nobody.
#ifdef __CUDACC__
#define BRINK_HOT __host__ __device__ __forceinline__
#else
#define BRINK_HOT [[gnu::always_inline]] inline
#endif

namespace brink::basin {

inline constexpr int longest_period = 64;
/// A return is a cycle's if it still is one after so many steps: a slow oscillation has moved by
/// then.
inline constexpr int confirmation = 256;
/// Steps after which a trajectory's returns are looked for: most trajectories are done by then.
inline constexpr int first_anchor = 48;
/// Steps between looks at the gradient, and at the curvature where that is small.
inline constexpr int check_every = 8;
/// Trajectories settle at the minima beyond, if there are so many certified sets.
inline constexpr int most_sets = 64;
/// Curvatures at a settled point may miss 0 and 2/η by this much.
inline constexpr double curvature_slack = 1e-3;

/// What comparing two N gives.
template <class N>
using Mask = decltype(N() < N());

/// The numbers of a rule in precision T.
template <class T>
struct Terms {
  T step, escape, slack;
  T tolerance_square;
  T least_slope_square;   ///< a trajectory with no more has settled wherever it is
  double most_curvature;  ///< at which a trajectory settles
  bool normalized;
  int max_steps;
};

template <class T>
BRINK_HOT Terms<T> terms(BasinRule const& rule) {
  T const tolerance = static_cast<T>(rule.tolerance);
  constexpr T epsilon = std::numeric_limits<T>::epsilon();
  return {static_cast<T>(rule.step),
          static_cast<T>(rule.escape),
          static_cast<T>(rule.slack),
          tolerance * tolerance,
          tolerance * tolerance * (epsilon * epsilon),
          2 / rule.step * (1 + curvature_slack),
          rule.normalized,
          static_cast<int>(rule.max_steps)};
}

/// A minimum in precision T. Its certified set is smaller by what rounding may hide.
template <class T>
struct alignas(8 * sizeof(T)) Target {
  T at[LandscapeChoice::most_coordinates];
  T radius_square;  ///< of the certified set; 0: there is none
  T level;
  T reach_square;  ///< of those that have settled
};

template <class T>
BRINK_HOT Target<T> target(BasinMinimum const& minimum, T slack) {
  Target<T> t;
  for (int i = 0; i < LandscapeChoice::most_coordinates; ++i) {
    t.at[i] = static_cast<T>(minimum.at[i]);
  }
  T const radius = static_cast<T>(minimum.radius);
  T const level = static_cast<T>(minimum.level);
  T const magnitude = level > 0 ? level : -level;
  T const reach = static_cast<T>(minimum.settling_distance);
  t.radius_square = radius * radius * (T(1) - T(8) * std::numeric_limits<T>::epsilon());
  t.level = level - slack * (magnitude > T(1) ? magnitude : T(1));
  t.reach_square = reach * reach;
  return t;
}

template <class N, int D, class T>
BRINK_HOT N distance_square(Point<N, D> const& p, Target<T> const& target) {
  N sum = square(p[0] - N(target.at[0]));
  for (int i = 1; i < D; ++i) sum = sum + square(p[i] - N(target.at[i]));
  return sum;
}

template <class N, int D, class T>
BRINK_HOT auto in_set(Point<N, D> const& p, N const& value, Target<T> const& target) {
  auto const near = distance_square(p, target) < N(target.radius_square);
  auto const low = value < N(target.level);
  return Mask<N>(near & low);
}

/// Whether |θ|∞ ≤ escape; not so where a coordinate is not a number.
template <class N, int D, class T>
BRINK_HOT auto in_region(Point<N, D> const& p, T escape) {
  using std::abs;
  Mask<N> inside = abs(p[0]) <= N(escape);
  for (int i = 1; i < D; ++i) {
    Mask<N> const here = abs(p[i]) <= N(escape);
    inside = inside & here;
  }
  return inside;
}

/// Whether a value is above the one before it by more than rounding may be.
template <class N, class T>
BRINK_HOT auto has_risen(N const& value, N const& before, T slack) {
  using std::abs;
  return value > before + N(slack) * larger(N(1), N(abs(before)));
}

/// What a step multiplies the gradient by.
template <class N, int D, class T>
BRINK_HOT N scale(Point<N, D> const& slope, Terms<T> const& terms) {
  using std::sqrt;
  if (!terms.normalized) return N(terms.step);
  return N(terms.step) * inverse_or_zero(N(sqrt(dot(slope, slope))));
}

template <class N, int D, class T>
BRINK_HOT Point<N, D> next(Point<N, D> const& at, Point<N, D> const& slope, Terms<T> const& terms) {
  N const s = scale(slope, terms);
  Point<N, D> p;
  for (int i = 0; i < D; ++i) p[i] = at[i] - s * slope[i];
  return p;
}

/// Whether a matrix, the same in all lanes, is positive definite, by elimination.
template <class N, int D>
BRINK_HOT bool is_positive_definite(SymmetricMatrix<N, D> h) {
  for (int k = 0; k < D; ++k) {
    if (!all(h(k, k) > N(0))) return false;
    for (int i = k + 1; i < D; ++i) {
      for (int j = i; j < D; ++j) h(i, j) = h(i, j) - h(k, i) * h(k, j) / h(k, k);
    }
  }
  return true;
}

/// Whether gradient descent stays near a stationary point, the same in all lanes: no curvature
/// below 0 or above 2/η. N holds numbers of float64.
template <class Objective, class N, int D, class T>
BRINK_HOT bool has_stable_curvature(Objective const& f, Point<N, D> const& p,
                                    Terms<T> const& terms) {
  auto const h = f.hessian(p);
  auto from_below = h;
  auto from_above = h;
  for (int i = 0; i < D; ++i) {
    for (int j = i; j < D; ++j) from_above(i, j) = N(0) - h(i, j);
    from_below(i, i) = h(i, i) + N(curvature_slack);
    from_above(i, i) = N(terms.most_curvature) - h(i, i);
  }
  return is_positive_definite(from_below) && is_positive_definite(from_above);
}

/// Where a trajectory was a while ago: a cycle comes back there. `Count` holds steps.
template <class N, int D, class Count = N>
struct Recurrence {
  Point<N, D> anchor;
  Count since;  ///< steps
  Count due;    ///< when it has to be there, the first time at longest_period at the latest
};

/// Of a trajectory that is to leave `at`.
template <class N, int D, class Count>
BRINK_HOT void begin(Recurrence<N, D, Count>& r, Point<N, D> const& at) {
  r = {at, Count(1), Count(longest_period)};
}

/// Whether a trajectory that has gone to `at` is on a cycle: came back to its anchor after 2 to 64
/// steps that moved it, and is there again after some 256, a multiple of those. `moved_square()` is
/// the square of how far it goes next. T is the precision of N.
template <class T, class N, int D, class Count, class Moved>
BRINK_HOT auto is_on_cycle(Recurrence<N, D, Count>& r, Point<N, D> const& at,
                           Moved const& moved_square) {
  using std::abs;
  using std::ceil;
  N largest = larger(N(1), N(abs(at[0])));
  N apart = abs(at[0] - r.anchor[0]);
  for (int i = 1; i < D; ++i) {
    largest = larger(largest, N(abs(at[i])));
    apart = larger(apart, N(abs(at[i] - r.anchor[i])));
  }
  N const close = N(T(8) * std::numeric_limits<T>::epsilon()) * largest;
  Mask<N> const is_close = apart <= close;
  Mask<N> returns = is_close & (r.since > Count(1));
  if (any(returns)) {
    N const far = N(T(64)) * close;
    Mask<N> const moves = moved_square() > far * far;
    returns = returns & moves;
    Mask<N> const is_first = returns & (r.due == Count(longest_period));
    if (any(is_first)) {
      Count const periods = ceil(Count(confirmation) / r.since);
      r.due = select(is_first, Count(periods * r.since), r.due);
    }
  }
  Mask<N> const decides = r.since == r.due;
  for (int i = 0; i < D; ++i) r.anchor[i] = select(decides, at[i], r.anchor[i]);
  r.since = select(decides, Count(0), r.since) + Count(1);
  r.due = select(decides, Count(longest_period), r.due);
  return Mask<N>(decides & returns);
}

}  // namespace brink::basin
