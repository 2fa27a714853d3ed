#include "host/scan/space.hpp"

#include <algorithm>

#include "host/data/parallel.hpp"
#include "kernels/math/random.hpp"

namespace brink {
namespace {

constexpr Index chunk_side = 640;
constexpr Index chunk_length = chunk_side * chunk_side;
constexpr std::uint64_t sample_stream = 1;
constexpr Index block = 4096;  ///< starts drawn by one thread at a time

}  // namespace

std::vector<std::string> ScanSpace::dimension_names() const {
  if (kind != SpaceKind::grid) return {"sample"};
  return free.size() == 2 ? std::vector<std::string>{"y", "x"} : std::vector<std::string>{"x"};
}

Extents ScanSpace::shape() const {
  if (kind != SpaceKind::grid) return {samples};
  if (free.size() == 2) return {free[1].axis.count, free[0].axis.count};
  return {free[0].axis.count};
}

Extents ScanSpace::chunks() const {
  Extents chunks = shape();
  Index const longest = chunks.size() == 2 ? chunk_side : chunk_length;
  for (auto& extent : chunks) extent = std::min(extent, longest);
  return chunks;
}

Boxes ScanSpace::boxes() const {
  if (kind != SpaceKind::grid) return Boxes::none;
  return free.size() == 2 ? Boxes::square : Boxes::line;
}

void ScanSpace::start(Index i, double* theta) const {
  auto const count = static_cast<Index>(through.size());
  if (kind == SpaceKind::points) {
    std::copy_n(points.begin() + i * count, count, theta);
    return;
  }
  std::copy_n(through.begin(), count, theta);
  for (auto const& [coordinate, axis] : free) {
    double const u =
        uniform(seed, sample_stream, static_cast<std::uint64_t>(i * count + coordinate));
    theta[coordinate] = axis.low + u * (axis.high - axis.low);
  }
}

template <class T>
StartSource<T>::StartSource(Context& context, ScanSpace const& space)
    : context_(context),
      space_(space),
      through_(context, std::vector<T>(space.through.begin(), space.through.end())) {
  if (space.kind != SpaceKind::grid) return;
  for (auto const& [coordinate, axis] : space.free) {
    std::vector<T> numbers;
    for (Index i = 0; i < axis.count; ++i) numbers.push_back(static_cast<T>(axis.at(i)));
    axes_.emplace_back(context, numbers);
  }
}

template <class T>
double StartSource<T>::bytes_needed(ScanSpace const& space, Index chunk) {
  double bytes = bytes_of<T>(space.dimension());
  if (space.kind != SpaceKind::grid) return bytes + bytes_of<T>(chunk, space.dimension());
  for (FreeCoordinate const& free : space.free) bytes += bytes_of<T>(free.axis.count);
  return bytes;
}

template <class T>
Starts<T> StartSource<T>::at(ChunkPlace const& place) {
  if (space_.kind != SpaceKind::grid) return listed(place);
  bool const plane = place.extent.size() == 2;
  Starts<T> starts{plane ? place.extent[0] : 1, place.extent.back(), {}};
  for (int i = 0; i < space_.dimension(); ++i) starts.coordinate[i] = {through_.view().data + i};
  starts.coordinate[space_.free[0].coordinate] = {axes_[0].view().data + place.origin.back(), 0, 1};
  if (plane)
    starts.coordinate[space_.free[1].coordinate] = {axes_[1].view().data + place.origin[0], 1, 0};
  return starts;
}

template <class T>
Starts<T> StartSource<T>::listed(ChunkPlace const& place) {
  Index const count = place.extent[0];
  int const dimension = space_.dimension();
  host_.resize(static_cast<std::size_t>(count * dimension));
  in_parallel(context_.threads(), (count + block - 1) / block, [&](Index b) {
    for (Index s = b * block; s < std::min(count, (b + 1) * block); ++s) {
      double theta[LandscapeChoice::most_coordinates];
      space_.start(place.origin[0] + s, theta);
      for (int i = 0; i < dimension; ++i) host_[i * count + s] = static_cast<T>(theta[i]);
    }
  });
  if (listed_.size() != std::ssize(host_)) {
    listed_ = Buffer<T>();  // the old one goes first
    listed_ = Buffer<T>(context_, std::ssize(host_));
  }
  listed_.upload(host_);
  Starts<T> starts{1, count, {}};
  for (int i = 0; i < dimension; ++i)
    starts.coordinate[i] = {listed_.view().data + i * count, 0, 1};
  return starts;
}

template <class T>
std::vector<double> StartSource<T>::theta() const {
  int const dimension = space_.dimension();
  Index const count = std::ssize(host_) / dimension;
  std::vector<double> theta(host_.size());
  for (Index s = 0; s < count; ++s) {
    for (int i = 0; i < dimension; ++i) {
      theta[s * dimension + i] = static_cast<double>(host_[i * count + s]);
    }
  }
  return theta;
}

template class StartSource<float>;
template class StartSource<double>;

}  // namespace brink
