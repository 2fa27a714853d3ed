#include "host/data/grid.hpp"

#include <algorithm>
#include <cstring>

namespace brink {
namespace {

/// The offset, in elements, of a place in a row-major array.
std::int64_t offset_of(Extents const& shape, Extents const& origin, Extents const& index) {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    offset = offset * shape[d] + origin[d] + (d < index.size() ? index[d] : 0);
  }
  return offset;
}

}  // namespace

std::int64_t element_count(Extents const& shape) {
  constexpr std::int64_t most = std::int64_t{1} << 62;
  std::int64_t count = 1;
  for (auto const extent : shape) {
    if (extent != 0 && count > most / extent) return -1;
    count *= extent;
  }
  return count;
}

ChunkPlace chunk_place(Extents const& index, Extents const& shape, Extents const& chunks) {
  ChunkPlace place{Extents(shape.size()), Extents(shape.size())};
  for (std::size_t d = 0; d < shape.size(); ++d) {
    place.origin[d] = index[d] * chunks[d];
    place.extent[d] = std::min(chunks[d], shape[d] - place.origin[d]);
  }
  return place;
}

Extents chunk_counts(Extents const& shape, Extents const& chunks) {
  Extents counts(shape.size());
  for (std::size_t d = 0; d < shape.size(); ++d) {
    counts[d] = shape[d] / chunks[d] + (shape[d] % chunks[d] != 0 ? 1 : 0);
  }
  return counts;
}

void for_each_index(Extents const& counts, std::function<void(Extents const&)> const& visit) {
  if (std::find(counts.begin(), counts.end(), 0) != counts.end()) return;
  Extents index(counts.size(), 0);
  while (true) {
    visit(index);
    std::size_t d = counts.size();
    while (d > 0 && ++index[d - 1] == counts[d - 1]) index[--d] = 0;
    if (d == 0) return;
  }
}

std::string chunk_key(Extents const& index) {
  if (index.empty()) return "0";
  std::string key;
  for (auto const i : index) {
    if (!key.empty()) key += '.';
    key += std::to_string(i);
  }
  return key;
}

void copy_block(Block<std::byte> to, Block<std::byte const> from, Extents const& extent,
                std::int64_t item_size) {
  // Runs along the last dimension are contiguous on both sides.
  Extents outer = extent;
  if (!outer.empty()) outer.pop_back();
  auto const run = static_cast<std::size_t>((extent.empty() ? 1 : extent.back()) * item_size);
  for_each_index(outer, [&](Extents const& index) {
    std::memcpy(to.bytes.data() + offset_of(to.shape, to.origin, index) * item_size,
                from.bytes.data() + offset_of(from.shape, from.origin, index) * item_size, run);
  });
}

}  // namespace brink
