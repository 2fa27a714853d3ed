#include "kernels/tally.hpp"

#include "host/bench/groups.hpp"

namespace brink {
namespace {

/// About so many starts, in a square.
struct MapShape {
  Index side;
};

BenchSizes sizes_of(MapShape const& shape) {
  return {{"starts", shape.side * shape.side}};
}

std::vector<MapShape> maps(BenchAxes const& axes) {
  std::vector<MapShape> shapes;
  for (Index const starts : axes.starts) {
    Index const most = std::min(starts, Verdicts::most_starts);
    shapes.push_back({static_cast<Index>(std::sqrt(static_cast<double>(most)))});
  }
  return shapes;
}

/// Reads outcome (1 byte), minimum (2 bytes) and steps (4 bytes) of each start.
Work tally_work(MapShape const& shape) {
  return {0, 0, 7 * static_cast<double>(shape.side * shape.side)};
}

/// Two minima, left and right, within a disc, and divergence beyond, as on the maps of f4.
auto const tally = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                               MapShape const& s) {
  std::vector<std::uint8_t> outcome;
  std::vector<std::int16_t> minimum;
  for (Index i = 0; i < s.side * s.side; ++i) {
    Index const x = 2 * (i % s.side) - s.side;
    Index const y = 2 * (i / s.side) - s.side;
    bool const converges = x * x + y * y < s.side * s.side;
    auto const what = !converges ? Outcome::diverged : y > 0 ? Outcome::stable : Outcome::unstable;
    outcome.push_back(static_cast<std::uint8_t>(what));
    minimum.push_back(static_cast<std::int16_t>(converges ? x > 0 : -1));
  }
  std::vector<std::uint32_t> const steps(outcome.size(), 5);
  Verdicts const verdicts{s.side, s.side, arrays.keep(outcome), arrays.keep(minimum),
                          arrays.keep(steps)};
  return [operation = place.operations.tally.get(), verdicts] {
    operation->count(verdicts, 2, Boxes::square);
  };
};

}  // namespace

template <class T>
std::vector<BenchOperation<T>> tally_operations() {
  return {{"tally.count", "counts of verdicts, and of basins in boxes of 5 x 5 starts",
           over<T>(maps, tally_work, tally)}};
}

template std::vector<BenchOperation<float>> tally_operations();
template std::vector<BenchOperation<double>> tally_operations();

}  // namespace brink
