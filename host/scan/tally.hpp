#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "host/data/grid.hpp"
#include "kernels/basin.hpp"

namespace brink {

/// A share of a number of trials, with its Wilson interval of 95 %.
struct Share {
  double value, low, high;
};
Share wilson_share(Index hits, Index trials);

/// What a start ends at, whether or not the loss rose on the way: a minimum, or else its outcome.
/// Starts that agree in it are in one basin.
inline int basin_label(std::uint8_t outcome, std::int16_t minimum) {
  return minimum >= 0 ? outcomes + minimum : outcome;
}

/// Counts of a part of a scan.
struct Tally {
  Index starts = 0;
  std::array<Index, outcomes> outcome{};
  std::vector<Index> minimum;  ///< one per listed minimum
  double steps = 0;
  // Boxes of 5 × 5 starts, or of 5 in a row: the sum of −Σ p ln p over the basins in each, and
  // those boxes that hold more than one (Daza et al. 2016, basin entropy and boundary basin
  // entropy).
  Index boxes = 0;
  Index boundary_boxes = 0;
  double entropy = 0;

  void add(Tally const& other);
};

/// The verdicts of one chunk as the kernel writes them.
struct Verdicts {
  std::span<std::uint8_t const> outcome;
  std::span<std::int16_t const> minimum;
  std::span<std::uint32_t const> steps;
};

/// `extent` is the chunk's shape; boxes are counted where `in_boxes`, for grids whose chunks begin
/// at multiples of five.
Tally tally(Verdicts const& verdicts, Index minima, Extents const& extent, bool in_boxes);

}  // namespace brink
