#include "host/scan/uncertainty.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/math/box.hpp"
#include "kernels/math/nan.hpp"
#include "kernels/math/random.hpp"

namespace brink {
namespace {

constexpr double first_share_of_side = 1.0 / 50;
constexpr double ratio = 4;
constexpr int distances = 10;
constexpr Index least_hits = 20;  ///< for a share to count
constexpr std::uint64_t direction_stream = 2;

/// The box of the space as one that samples can be drawn from.
ScanSpace sampled(ScanSpace space, Index pairs) {
  space.kind = SpaceKind::sample;
  space.samples = pairs;
  return space;
}

/// Unit vectors along the coordinates that vary, one per pair.
std::vector<double> directions(ScanSpace const& space) {
  Index const dimension = space.dimension();
  std::vector<double> all(static_cast<std::size_t>(space.samples * dimension));
  for (Index s = 0; s < space.samples; ++s) {
    double length = 0;
    for (auto const& free : space.free) {
      Index const i = s * dimension + free.coordinate;
      all[i] = normal(space.seed, direction_stream, static_cast<std::uint64_t>(i));
      length = std::hypot(length, all[i]);
    }
    for (auto const& free : space.free) all[s * dimension + free.coordinate] /= length;
  }
  return all;
}

template <class T>
std::vector<int> labels(Context& context, Operations<T> const& operations, BasinRule const& rule,
                        ScanSpace const& space) {
  StartSource<T> source(context, space);
  Buffer<std::uint8_t> const outcome(context, space.samples);
  Buffer<std::int16_t> const minimum(context, space.samples);
  operations.basin->scan(rule, source.at({{0}, {space.samples}}),
                         {outcome.view(), minimum.view(), {}, {}, {}, {}});
  auto const reached = minimum.download();
  std::vector<int> found;
  for (std::uint8_t const code : outcome.download()) {
    found.push_back(basin_label(code, reached[found.size()]));
  }
  return found;
}

/// Fits ln share = c + exponent · ln distance, each point weighted by its hits.
void fit(Uncertainty& u, std::vector<Index> const& hits) {
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  int used = 0;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (hits[i] < least_hits) continue;
    double const x = std::log(u.distance[i]), y = std::log(u.share[i]);
    auto const weight = static_cast<double>(hits[i]) / std::max(1 - u.share[i], 0.1);
    ++used;
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  double const determinant = w * wxx - wx * wx;
  u.exponent = used < 3 ? nan : (w * wxy - wx * wy) / determinant;
  u.exponent_error = used < 3 ? nan : std::sqrt(w / determinant);
}

}  // namespace

template <class T>
Uncertainty boundary_uncertainty(Context& context, Operations<T> const& operations,
                                 BasinRule const& rule, ScanSpace const& space, Index pairs) {
  ScanSpace const here = sampled(space, pairs);
  Index const dimension = here.dimension();
  std::vector<int> const at_home = labels<T>(context, operations, rule, here);
  std::vector<double> const direction = directions(here);
  double side = 0;
  for (auto const& free : space.free) side = std::max(side, free.axis.high - free.axis.low);

  Uncertainty u;
  std::vector<Index> hits;
  ScanSpace there = here;
  there.kind = SpaceKind::points;
  there.points.resize(direction.size());
  double distance = first_share_of_side * side;
  for (int k = 0; k < distances; ++k, distance /= ratio) {
    for (Index s = 0; s < pairs; ++s) {
      double* const theta = there.points.data() + s * dimension;
      here.start(s, theta);
      for (Index i = 0; i < dimension; ++i) theta[i] += distance * direction[s * dimension + i];
    }
    std::vector<int> const next_door = labels<T>(context, operations, rule, there);
    Index differ = 0;
    for (Index s = 0; s < pairs; ++s) differ += at_home[s] != next_door[s];
    hits.push_back(differ);
    u.distance.push_back(distance);
    u.share.push_back(static_cast<double>(differ) / static_cast<double>(pairs));
  }
  fit(u, hits);
  return u;
}

template <class T>
double uncertainty_bytes_needed(ScanSpace const& space, Index pairs) {
  return StartSource<T>::bytes_needed(sampled(space, pairs), pairs) +
         bytes_of<std::uint8_t>(pairs) + bytes_of<std::int16_t>(pairs);
}

template double uncertainty_bytes_needed<float>(ScanSpace const&, Index);
template double uncertainty_bytes_needed<double>(ScanSpace const&, Index);
template Uncertainty boundary_uncertainty<float>(Context&, Operations<float> const&,
                                                 BasinRule const&, ScanSpace const&, Index);
template Uncertainty boundary_uncertainty<double>(Context&, Operations<double> const&,
                                                  BasinRule const&, ScanSpace const&, Index);

}  // namespace brink
