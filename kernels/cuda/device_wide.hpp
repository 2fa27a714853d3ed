#pragma once

#include <cstdint>

#include "kernels/cuda/context.hpp"

// What NVIDIA's CUB does over whole arrays, on a stream, with `room` for what it needs beside them.
// Arrays have fewer than 2³¹ elements. The emulated device has plain loops.

namespace brink::cuda {

/// counts[c] = how many of the codes are c, for each c that `counts` has. Code: std::uint8_t or
/// std::int16_t.
template <class Code>
void histogram(Stream stream, Workspace& room, Vector<Code const> codes, Vector<unsigned> counts);
template <class Code>
std::size_t histogram_bytes(Index codes, Index bins);  ///< of `room`

/// *total = Σ values
void sum(Stream stream, Workspace& room, Vector<std::uint32_t const> values,
         unsigned long long* total);
std::size_t sum_bytes(Index values);  ///< of `room`

}  // namespace brink::cuda
