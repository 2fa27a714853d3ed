#pragma once

#include "kernels/math/host_device.hpp"
#include "kernels/tally.hpp"

namespace brink {

/// What a start ends at, whether or not the loss rose on the way: a minimum, or else its outcome.
/// Starts that agree in it are in one basin.
BRINK_HOST_DEVICE inline int basin_label(std::uint8_t outcome, std::int16_t minimum) {
  return minimum >= 0 ? outcomes + minimum : outcome;
}

/// The boxes of a number of starts, row by row.
struct BoxGrid {
  Index cols = 0;  ///< of all starts
  int height = 0;  ///< of a box; its width is box_side
  Index per_row = 0;
  Index count = 0;

  BoxGrid(Boxes boxes, Index rows, Index all_cols)
      : cols(all_cols), height(boxes == Boxes::square ? box_side : 1), per_row(cols / box_side) {
    count = boxes == Boxes::none ? 0 : rows / height * per_row;
  }

  int starts_each() const { return height * box_side; }
  /// The first start of a box.
  BRINK_HOST_DEVICE Index first(Index box) const {
    return box / per_row * height * cols + box % per_row * box_side;
  }
};

/// Calls occurs(n) for each basin of a box, with the number n of its starts that are in it.
/// `outcome` and `minimum` are at the box's first start.
template <int height, class Occurs>
BRINK_HOST_DEVICE void for_each_basin(std::uint8_t const* outcome, std::int16_t const* minimum,
                                      Index cols, Occurs&& occurs) {
  constexpr unsigned all = (1u << height * box_side) - 1;
  auto const label = [=](int start) {
    Index const at = start / box_side * cols + start % box_side;
    return basin_label(outcome[at], minimum[at]);
  };
  unsigned seen = 0;  // a bit per start
  for (int next = 0; seen != all; ++next) {
    if ((seen >> next & 1) != 0) continue;
    int const basin = label(next);
    int times = 0;
    for (int start = 0; start < height * box_side; ++start) {
      unsigned const same = label(start) == basin ? 1 : 0;
      seen |= same << start;
      times += static_cast<int>(same);
    }
    occurs(times);
  }
}

}  // namespace brink
