#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/data/grid.hpp"
#include "kernels/basin.hpp"
#include "kernels/context.hpp"
#include "kernels/tally.hpp"

namespace brink {

/// Evenly spaced numbers from low to high, both included; mirrored bit for bit where low = −high.
struct Axis {
  double low = 0;
  double high = 0;
  Index count = 1;

  double at(Index i) const {
    if (count == 1) return 0.5 * low + 0.5 * high;
    if (i == 0) return low;
    if (i == count - 1) return high;  // which the quotient may miss by a rounding
    auto const last = static_cast<double>(count - 1);
    auto const step = static_cast<double>(i);
    return ((last - step) * low + step * high) / last;
  }
};

/// A coordinate that varies: over the points of an axis, or, in samples, over its range.
struct FreeCoordinate {
  int coordinate = 0;
  Axis axis;
};

enum class SpaceKind { grid, sample, points };

/// The starts of a scan, as an array that comes in chunks: (y, x) or (x) of a grid whose first free
/// coordinate is x, or (sample).
struct ScanSpace {
  SpaceKind kind = SpaceKind::grid;
  std::vector<double> through;  ///< all coordinates; those that vary are replaced
  std::vector<FreeCoordinate> free;
  Index samples = 0;           ///< or number of points
  std::uint64_t seed = 0;      ///< of samples
  std::vector<double> points;  ///< samples × coordinates

  int dimension() const { return static_cast<int>(through.size()); }
  std::vector<std::string> dimension_names() const;
  Extents shape() const;
  /// Sides that boxes of five starts tile.
  Extents chunks() const;
  /// What the basin entropy is of.
  Boxes boxes() const;
  /// Start number `i` of a sample or list of points, into an array of dimension() numbers.
  void start(Index i, double* theta) const;
};

/// Brings the starts of one chunk after the other into a context's memory.
template <class T>
class StartSource {
 public:
  StartSource(Context& context, ScanSpace const& space);

  /// Bytes of the context's memory for chunks of up to so many starts.
  static double bytes_needed(ScanSpace const& space, Index chunk);

  /// The starts at `place` of the space; until the next call.
  Starts<T> at(ChunkPlace const& place);
  /// Those of a sample or list of points, start × coordinate, as the precision has them.
  std::vector<double> theta() const;

 private:
  Starts<T> listed(ChunkPlace const& place);

  Context& context_;
  ScanSpace const& space_;
  Buffer<T> through_;
  std::vector<Buffer<T>> axes_;  ///< one per free coordinate of a grid
  std::vector<T> host_;          ///< coordinate × start
  Buffer<T> listed_;
};

}  // namespace brink
