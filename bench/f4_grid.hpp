#pragma once

#include <vector>

#include "kernels/basin.hpp"

// The scan that is measured: f4 from the starts of a square grid over [−4, 4]², which Chen et al.
// 2024 map.
namespace brink::bench {

/// The `count` ≥ 2 coordinates along a side of the grid, as numpy.linspace rounds them.
template <class T>
std::vector<T> grid_axis(Index count) {
  double const step = 8 / static_cast<double>(count - 1);
  std::vector<T> axis;
  for (Index i = 0; i + 1 < count; ++i) {
    axis.push_back(static_cast<T>(-4 + static_cast<double>(i) * step));
  }
  axis.push_back(T(4));
  return axis;
}

/// Rows `first` … of the grid: x varies along a row.
template <class T>
Starts<T> grid_rows(Vector<T> const& axis, Index first, Index rows) {
  Starts<T> starts{rows, axis.size, {}};
  starts.coordinate[0] = {axis.data, 0, 1};
  starts.coordinate[1] = {axis.data + first, 1, 0};
  return starts;
}

/// Operations that a step takes from everyone who makes and judges it, common subexpressions once.
struct StepOperations {
  Index multiplications, additions;  ///< subtractions are additions
  Index comparisons;                 ///< also maxima and absolute values
  Index selections;

  constexpr Index all() const { return multiplications + additions + comparisons + selections; }
  constexpr StepOperations operator+(StepOperations const& o) const {
    return {multiplications + o.multiplications, additions + o.additions,
            comparisons + o.comparisons, selections + o.selections};
  }
};

/// Of f4, for labels. What only some steps need (whether θ is in a certified set, every eighth the
/// gradient's norm and the curvature where it has settled) and the search for cycles do not count.
inline constexpr StepOperations f4_step =
    StepOperations{2, 2, 0, 2}     // θ − ηg, where the trajectory has no verdict yet
    + StepOperations{5, 3, 0, 0}   // f: xy, its distance from 1, squares
    + StepOperations{5, 2, 0, 0}   // ∇f beyond what f has
    + StepOperations{1, 1, 3, 0}   // f against what it was, beyond the slack
    + StepOperations{0, 0, 4, 0}   // |θᵢ| against the region
    + StepOperations{0, 0, 1, 0}   // f against the level of the certified sets
    + StepOperations{0, 1, 0, 1};  // rises

}  // namespace brink::bench
