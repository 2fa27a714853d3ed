#pragma once

#include <cstdint>
#include <vector>

#include "kernels/view.hpp"

namespace brink {

/// Minibatches of n examples. Every batch is a pure function of seed and position, so that a
/// resumed run sees the batches that the uninterrupted one would have.
struct Minibatches {
  Index examples;
  Index batch_size;
  std::uint64_t seed;

  /// Batches per epoch; the last may be smaller.
  Index per_epoch() const { return (examples + batch_size - 1) / batch_size; }
  /// The batch of a step: each epoch goes through all examples in a new random order.
  std::vector<Index> of_step(Index step) const;
  /// A batch drawn for an expectation: `batch_size` different examples, uniformly.
  std::vector<Index> draw(Index step, Index draw) const;
};

}  // namespace brink
