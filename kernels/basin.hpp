#pragma once

#include <cstdint>
#include <vector>

#include "kernels/math/landscape.hpp"
#include "kernels/memory.hpp"

namespace brink {

/// The verdict on a start, with the code it has in records.
enum class Outcome : std::uint8_t {
  undecided,   ///< none of the others within the step limit
  stable,      ///< reached a listed strict minimum, and the loss never rose
  unstable,    ///< reached a listed strict minimum, and the loss rose on the way
  diverged,    ///< left the region |θᵢ| ≤ escape, or became non-finite
  stationary,  ///< settled at a stationary point that is no listed strict minimum
  periodic     ///< settled on a cycle of period 2 to 64
};
inline constexpr int outcomes = 6;

/// A strict minimum that trajectories are told to have reached.
struct BasinMinimum {
  double at[LandscapeChoice::most_coordinates] = {};
  /// The certified set {‖θ − at‖ < radius, objective < level}; radius 0: there is none.
  double radius = 0;
  double level = 0;
  /// A trajectory that settles within this distance has reached the minimum; 0: none has.
  double settling_distance = 0;
};

/// What descends, and when a trajectory has its verdict.
struct BasinRule {
  LandscapeChoice landscape;
  bool on_square_root = false;  ///< descend √f instead of f
  bool normalized = false;      ///< θ ← θ − η g/‖g‖ instead of θ − η g
  double step = 0;              ///< η
  Index max_steps = 0;          ///< at most most_steps
  double escape = 0;
  double tolerance = 0;  ///< of the gradient norm at a settled point
  double slack = 0;      ///< a rise counts beyond slack · max(1, |f|)
  std::vector<BasinMinimum> minima;

  static constexpr Index most_steps = Index{1} << 24;  ///< counters are exact in float32
};

/// One coordinate of the starts: that of start (r, c) is data[r · row_stride + c · col_stride].
/// col_stride is 0 or 1.
template <class T>
struct StartCoordinate {
  T const* data = nullptr;
  Index row_stride = 0;
  Index col_stride = 0;
};

/// rows × cols starts: a grid, a slice of one (coordinates with both strides 0), or points.
template <class T>
struct Starts {
  Index rows = 0;
  Index cols = 0;
  StartCoordinate<T> coordinate[LandscapeChoice::most_coordinates];
};

/// One element per start, row-major; any but `outcome` may be empty.
template <class T>
struct BasinResults {
  Vector<std::uint8_t> outcome;
  Vector<std::int16_t> minimum;     ///< index of the minimum that was reached, or −1
  Vector<std::uint32_t> steps;      ///< taken before the verdict
  Vector<std::uint32_t> rises;      ///< how often the objective rose
  Vector<std::uint32_t> last_rise;  ///< the first step that only falls follow; 0 if it never rose
  Matrix<T> final_point;            ///< coordinate × start
};

/// Gradient descent on a landscape from many starts, each with a verdict (Chen et al. 2024, (30)
/// and (31) for stable and unstable).
///
/// After k steps a trajectory ends, in this order,
///   1. where θ_k is in a certified set: stable or unstable;
///   2. where |θ_k|∞ > escape or is not a number: diverged;
///   3. where it has settled: ‖g‖ < tolerance and no eigenvalue of the Hessian is below 0 or above
///      2/η (beyond a thousandth), or ‖g‖ ≤ ε tolerance, with ε the unit of rounding, which no
///      trajectory past a saddle comes to; for normalized steps, g = 0. Looked at after every
///      eighth step. Stable or unstable within the settling distance of a minimum, else stationary;
///   4. where θ_k recurs to rounding after 2 to 64 steps that move it by far more, and does so
///   again
///      after a multiple of those, 256 or more: periodic;
///   5. at k = max_steps: undecided.
/// The verdict on a start depends on nothing but the start and the rule. The formulas of
/// `kernels/math/landscape.hpp` are evaluated without contraction, so that its bits do not depend
/// on the instruction set.
template <class T>
class Basin {
 public:
  virtual ~Basin() = default;

  virtual void scan(BasinRule const& rule, Starts<T> const& starts,
                    BasinResults<T> const& results) const = 0;

  /// Bytes of working memory for a rule with up to so many minima, at most.
  virtual double workspace_bytes(Index minima) const = 0;
};

}  // namespace brink
