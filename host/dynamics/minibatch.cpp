#include "host/dynamics/minibatch.hpp"

#include <algorithm>
#include <numeric>

#include "kernels/math/random.hpp"

namespace brink {
namespace {

/// Streams of the seed; the parameters are drawn from stream 0.
constexpr std::uint64_t epoch_stream = std::uint64_t{1} << 32;
constexpr std::uint64_t draw_stream = std::uint64_t{2} << 32;

/// The first `count` entries of a random permutation of 0 … n−1 (Fisher–Yates).
std::vector<Index> permutation(Index n, Index count, std::uint64_t seed, std::uint64_t stream) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  for (Index i = 0; i < count; ++i) {
    double const draw = uniform(seed, stream, static_cast<std::uint64_t>(i));
    Index const offset = std::min(static_cast<Index>(draw * static_cast<double>(n - i)), n - i - 1);
    std::swap(order[i], order[i + offset]);
  }
  order.resize(static_cast<std::size_t>(count));
  return order;
}

}  // namespace

std::vector<Index> Minibatches::of_step(Index step) const {
  auto const epoch = static_cast<std::uint64_t>(step / per_epoch());
  std::vector<Index> const order = permutation(examples, examples, seed, epoch_stream + epoch);
  Index const first = step % per_epoch() * batch_size;
  return {order.begin() + first, order.begin() + std::min(first + batch_size, examples)};
}

std::vector<Index> Minibatches::draw(Index step, Index draw) const {
  constexpr std::uint64_t draws_per_step = 1 << 20;
  auto const position =
      static_cast<std::uint64_t>(step) * draws_per_step + static_cast<std::uint64_t>(draw);
  return permutation(examples, std::min(batch_size, examples), seed, draw_stream + position);
}

}  // namespace brink
