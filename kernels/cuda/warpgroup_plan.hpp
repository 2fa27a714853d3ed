#pragma once

#include "kernels/cuda/context.hpp"

// What the host decides about products on warp groups (warpgroup_product.hpp): whether, and how
// they are cut.

namespace brink::cuda {

template <int fragments_of_tile>
struct WarpgroupTile {
  static constexpr int fragments = fragments_of_tile;  ///< of 8 columns
  static constexpr int rows = 128;
  static constexpr int cols = 8 * fragments;
  static constexpr int threads = 2 * rows;
  static constexpr int depth = 32;
  static constexpr int stages = 3;
  /// Of both parts of B, in a step.
  static constexpr int part = depth * cols;
};
/// 104 columns, of which two lose little of a layer of 200 units, and 128, for layers of 2^k.
using OddWarpgroupTile = WarpgroupTile<13>;
using EvenWarpgroupTile = WarpgroupTile<16>;

/// How a product is cut: tiles of columns, and stretches of the inner dimension, so that all
/// multiprocessors have about as much to do.
struct WarpgroupPlan {
  bool odd_tile;
  Index row_tiles, col_tiles;
  Index steps;      ///< of all stretches
  Index stretches;  ///< more than one: their sums are added up afterwards

  Index tile_cols() const { return odd_tile ? OddWarpgroupTile::cols : EvenWarpgroupTile::cols; }
  /// Numbers of B's parts, for each matrix that has its own.
  Index parts() const { return 2 * steps * OddWarpgroupTile::depth * col_tiles * tile_cols(); }
};

/// Of `count` products of rows × inner by inner × cols.
WarpgroupPlan plan_warpgroups(Index rows, Index cols, Index inner, Index count);

/// Whether a product is worth it: enough operations, and not too narrow a result.
bool pays_on_warpgroups(CudaContext const& context, Index rows, Index cols, Index inner,
                        Index count);

/// Memory in which products are prepared, and their stretches' sums wait for each other.
struct WarpgroupWorkspace {
  Workspace parts;
  Workspace partial_sums;
};

/// What a WarpgroupWorkspace is asked for, in numbers.
struct WarpgroupNumbers {
  Index parts = 0;
  Index partial_sums = 0;

  double bytes() const { return bytes_of<float>(parts + partial_sums); }
};

/// At most, of calls of one kind: add each.
class WarpgroupNeeds {
 public:
  explicit WarpgroupNeeds(CudaContext const& context) : context_(context) {}

  /// rows × cols products over `inner`, up to `count` at a time, which have a second factor each
  /// and one in common, if there are such. `adds_up`: warpgroup_product is called.
  void add(Index rows, Index cols, Index inner, Index count, bool common, bool adds_up);
  WarpgroupNumbers const& most() const { return most_; }

 private:
  CudaContext const& context_;
  WarpgroupNumbers most_;
};

}  // namespace brink::cuda
