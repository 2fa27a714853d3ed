#include "kernels/cpu/tally.hpp"

#include <mutex>
#include <numeric>
#include <span>
#include <type_traits>

#include "kernels/math/box.hpp"

namespace brink::cpu {
namespace {

/// Adds to counts[c] how many of the codes are c. Neighbours mostly have the same.
template <class Code>
void add_occurrences(Code const* codes, Index count, std::span<Index> counts) {
  constexpr Index most_together = 64;
  auto const add = [&](Code code, Index times) {
    // A negative code is beyond the end, too.
    auto const place = static_cast<std::make_unsigned_t<Code>>(code);
    if (place < counts.size()) counts[place] += times;
  };
  for (Index done = 0; done < count;) {
    Code const* const first = codes + done;
    Index const together = std::min(most_together, count - done);
    if (std::equal(first + 1, first + together, first)) {
      add(*first, together);
    } else {
      for (Index i = 0; i < together; ++i) add(first[i], 1);
    }
    done += together;
  }
}

void count_starts(Verdicts const& verdicts, Range range, VerdictCounts& counts) {
  counts.starts += range.count;
  add_occurrences(verdicts.outcome.data + range.first, range.count, counts.outcome);
  add_occurrences(verdicts.minimum.data + range.first, range.count, counts.minimum);
  std::uint32_t const* const steps = verdicts.steps.data + range.first;
  counts.steps += std::accumulate(steps, steps + range.count, Index{0});
}

/// Whether all codes of a box are the same. Compilers make a few wide comparisons of this.
template <int height, class Code>
bool all_same(Code const* codes, Index cols) {
  if (!std::equal(codes + 1, codes + box_side, codes)) return false;
  for (int row = 1; row < height; ++row) {
    if (!std::equal(codes, codes + box_side, codes + row * cols)) return false;
  }
  return true;
}

template <int height>
void count_boxes(Verdicts const& verdicts, BoxGrid const& grid, Range range,
                 VerdictCounts& counts) {
  for (Index box = range.first; box < range.first + range.count; ++box) {
    Index const first = grid.first(box);
    std::uint8_t const* const outcome = verdicts.outcome.data + first;
    std::int16_t const* const minimum = verdicts.minimum.data + first;
    bool const is_one_basin = all_same<height>(minimum, grid.cols) &&
                              (*minimum >= 0 || all_same<height>(outcome, grid.cols));
    if (is_one_basin) {  // as most are
      ++counts.occurrences[height * box_side];
    } else {
      for_each_basin<height>(outcome, minimum, grid.cols,
                             [&](int times) { ++counts.occurrences[times]; });
    }
  }
}

}  // namespace

VerdictCounts CpuTally::count(Verdicts const& verdicts, Index minima, Boxes boxes) const {
  VerdictCounts none;
  none.minimum.resize(minima);
  VerdictCounts all = none;
  std::mutex adding;
  auto const shared = [&](Index size, Index grain, auto&& count) {
    for_shares(context_.threads(), size, grain, [&](Range range) {
      VerdictCounts mine = none;
      count(range, mine);
      std::lock_guard const lock(adding);
      all.add(mine);
    });
  };
  shared(verdicts.starts(), 64,
         [&](Range range, VerdictCounts& mine) { count_starts(verdicts, range, mine); });
  BoxGrid const grid(boxes, verdicts.rows, verdicts.cols);
  shared(grid.count, 1, [&](Range range, VerdictCounts& mine) {
    if (grid.height == box_side) {
      count_boxes<box_side>(verdicts, grid, range, mine);
    } else {
      count_boxes<1>(verdicts, grid, range, mine);
    }
  });
  all.boxes = grid.count;
  all.boundary_boxes = grid.count - all.occurrences[grid.starts_each()];
  return all;
}

}  // namespace brink::cpu
