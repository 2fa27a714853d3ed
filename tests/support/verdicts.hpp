#pragma once

#include <vector>

#include "tests/support/machine.hpp"

namespace brink::test {

/// Verdicts on starts, row by row.
struct VerdictLists {
  std::vector<std::uint8_t> outcome;
  std::vector<std::int16_t> minimum;
  std::vector<std::uint32_t> steps;

  void add(Outcome what, int which = -1, unsigned after = 0) {
    outcome.push_back(static_cast<std::uint8_t>(what));
    minimum.push_back(static_cast<std::int16_t>(which));
    steps.push_back(after);
  }
};

/// Counted by the device under test, where they lie `gap` elements behind the beginning of its
/// arrays.
inline VerdictCounts count(Machine<double> const& machine, VerdictLists const& verdicts, Index rows,
                           Index cols, Index minima, Boxes boxes, Index gap = 0) {
  auto const behind = [&]<class N>(std::vector<N> values) {
    values.insert(values.begin(), static_cast<std::size_t>(gap), N(1));
    return Buffer<N>(*machine.context, values);
  };
  auto const from = [&]<class N>(Buffer<N> const& buffer) {
    return Vector<N const>{buffer.view().data + gap, rows * cols};
  };
  auto const outcome = behind(verdicts.outcome);
  auto const minimum = behind(verdicts.minimum);
  auto const steps = behind(verdicts.steps);
  return machine.operations.tally->count({rows, cols, from(outcome), from(minimum), from(steps)},
                                         minima, boxes);
}

}  // namespace brink::test
