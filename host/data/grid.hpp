#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace brink {

/// Extents, indices and origins of row-major arrays; no dimensions at all is a scalar.
using Extents = std::vector<std::int64_t>;

/// Product of the extents, or -1 where it does not fit in 62 bits.
std::int64_t element_count(Extents const& shape);

/// Where a chunk lies in its array.
struct ChunkPlace {
  Extents origin;  // its first element
  Extents extent;  // its shape within the array, shorter at the array's edges
};

/// The place of chunk `index` of an array of this shape.
ChunkPlace chunk_place(Extents const& index, Extents const& shape, Extents const& chunks);

/// How many chunks an array has along each dimension.
Extents chunk_counts(Extents const& shape, Extents const& chunks);

/// Calls `visit` for every index below `counts`, the last dimension fastest.
void for_each_index(Extents const& counts, std::function<void(Extents const&)> const& visit);

/// The file name of a chunk: "3", "0.2"; "0" for a scalar.
std::string chunk_key(Extents const& index);

/// One array in memory, as a source or destination of copy_block.
template <class Byte>
struct Block {
  std::span<Byte> bytes;
  Extents const& shape;
  Extents const& origin;  // where the copied part begins
};

/// Copies a part of shape `extent` from one row-major array to another.
void copy_block(Block<std::byte> to, Block<std::byte const> from, Extents const& extent,
                std::int64_t item_size);

}  // namespace brink
