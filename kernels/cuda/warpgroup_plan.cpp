#include "kernels/cuda/warpgroup_plan.hpp"

#include <algorithm>

namespace brink::cuda {
namespace {

/// Multiprocessors that a product is cut for. Not asked of the device, so that the order of sums is
/// the same on all.
constexpr Index multiprocessors = 132;

// In steps of a block, about 1.2 µs on an H200: what it takes to begin and end one, to write and
// read a partial sum, and to launch the kernel that adds these up.
constexpr double begin_and_end = 4;
constexpr double partial_sum = 2.6e-6;
constexpr double launch_of_sums = 3;
constexpr Index most_stretches = 64;

/// Results of fewer columns are left to narrow tiles.
constexpr Index least_cols = 17;

}  // namespace

WarpgroupPlan plan_warpgroups(Index rows, Index cols, Index inner, Index count) {
  auto const padded = [&](Index size) { return (cols + size - 1) / size * size; };
  WarpgroupPlan plan{};
  plan.odd_tile = padded(OddWarpgroupTile::cols) < padded(EvenWarpgroupTile::cols);
  plan.row_tiles = blocks_for(rows, OddWarpgroupTile::rows);
  plan.col_tiles = blocks_for(cols, plan.tile_cols());
  plan.steps = blocks_for(inner, OddWarpgroupTile::depth);
  double least = 0;
  for (Index s = 1; s <= std::min(most_stretches, plan.steps); ++s) {
    Index const rounds = blocks_for(plan.row_tiles * plan.col_tiles * count * s, multiprocessors);
    auto const sums = static_cast<double>(s * count * rows * cols);
    double const cost = static_cast<double>(rounds) * (blocks_for(plan.steps, s) + begin_and_end) +
                        (s > 1 ? launch_of_sums + partial_sum * sums : 0);
    if (s > 1 && cost >= least) continue;
    least = cost;
    plan.stretches = s;
  }
  // As many as have steps.
  plan.stretches = blocks_for(plan.steps, blocks_for(plan.steps, plan.stretches));
  return plan;
}

bool pays_on_warpgroups(CudaContext const& context, Index rows, Index cols, Index inner,
                        Index count) {
  auto const results = static_cast<double>(rows * cols * count);
  return std::min(rows, cols) >= least_cols &&
         2 * results * static_cast<double>(inner) >= context.properties().warpgroup_operations;
}

void WarpgroupNeeds::add(Index rows, Index cols, Index inner, Index count, bool common,
                         bool adds_up) {
  for (Index k = 1; k <= count; ++k) {
    if (!pays_on_warpgroups(context_, rows, cols, inner, k)) continue;
    WarpgroupPlan const plan = plan_warpgroups(rows, cols, inner, k);
    Index const sums = adds_up && plan.stretches == 1 ? 0 : plan.stretches * k * rows * cols;
    most_.parts = std::max(most_.parts, (k + (common ? 1 : 0)) * plan.parts());
    most_.partial_sums = std::max(most_.partial_sums, sums);
  }
}

}  // namespace brink::cuda
