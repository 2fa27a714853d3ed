#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/basin.hpp"

namespace brink {

/// Verdicts on rows × cols starts, one element per start, row-major, as `Basin` writes them.
struct Verdicts {
  Index rows = 0;
  Index cols = 0;
  Vector<std::uint8_t const> outcome;
  Vector<std::int16_t const> minimum;
  Vector<std::uint32_t const> steps;

  Index starts() const { return rows * cols; }

  static constexpr Index most_starts = Index{1} << 30;  ///< counters of 32 bits hold their counts
};

/// What starts are cut into, from the first one on. Those behind the last whole box of a row, or
/// below the last whole row of boxes, are in none.
enum class Boxes {
  none,
  line,   ///< 5 starts of a row
  square  ///< 5 × 5 starts
};
inline constexpr int box_side = 5;
inline constexpr int most_box_starts = box_side * box_side;

/// Counts of verdicts.
struct VerdictCounts {
  Index starts = 0;
  std::array<Index, outcomes> outcome{};
  std::vector<Index> minimum;  ///< one per listed minimum
  Index steps = 0;             ///< of all starts together
  Index boxes = 0;
  Index boundary_boxes = 0;  ///< those with starts of more than one basin
  /// Element n: how many pairs there are of a box and a basin that n of the box's starts are in.
  std::array<Index, most_box_starts + 1> occurrences{};

  void add(VerdictCounts const& other);
};

/// Counts over the verdicts of a scan: the shares of outcomes and minima, and what the basin
/// entropy is made of (Daza et al. 2016), where starts that agree in `basin_label`
/// (kernels/math/box.hpp) are in one basin. All are integers, the same on every device.
class Tally {
 public:
  virtual ~Tally() = default;

  /// At most `Verdicts::most_starts` starts. Minima are numbered from 0 to minima − 1; a code that
  /// is no outcome or minimum is counted as none. Waits.
  virtual VerdictCounts count(Verdicts const& verdicts, Index minima, Boxes boxes) const = 0;

  /// Bytes of working memory for up to so many starts and minima, at most.
  virtual double workspace_bytes(Index starts, Index minima) const = 0;
};

}  // namespace brink
