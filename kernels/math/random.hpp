#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/math/host_device.hpp"

// Counter-based random numbers: every number is a pure function of (key, stream, index), so any
// thread of any backend can draw any of them in any order. Below, every product that feeds a sum
// goes through an explicit fma and no library transcendental is called: neither a compiler's choice
// of contraction nor a libm can change a bit of the result.

namespace brink {

/// 128 random bits.
struct PhiloxBlock {
  std::uint32_t word[4];
};

/// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
/// (SC 2011). The key is the seed.
struct Philox {
  std::uint64_t key;

  /// The block at `counter` of `stream`. In the paper's notation the counter words are
  /// (counter low, counter high, stream low, stream high) and the key words (key low, key high).
  BRINK_HOST_DEVICE constexpr PhiloxBlock block(std::uint64_t counter, std::uint64_t stream) const {
    auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
    auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
    PhiloxBlock c{{low(counter), high(counter), low(stream), high(stream)}};
    std::uint32_t k0 = low(key);
    std::uint32_t k1 = high(key);
    for (int round = 0; round < 10; ++round) {
      std::uint64_t const p0 = std::uint64_t{0xD2511F53u} * c.word[0];
      std::uint64_t const p1 = std::uint64_t{0xCD9E8D57u} * c.word[2];
      c = {{high(p1) ^ c.word[1] ^ k0, low(p1), high(p0) ^ c.word[3] ^ k1, low(p0)}};
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return c;
  }
};

namespace random_detail {

/// Half `half` (0 or 1) of a block as a double strictly inside (0, 1): the midpoints of 2^52 cells.
BRINK_HOST_DEVICE inline double uniform01(PhiloxBlock const& block, int half) {
  std::uint64_t const bits =
      (std::uint64_t{block.word[2 * half + 1]} << 32 | block.word[2 * half]) >> 12;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

/// Natural logarithm of a positive finite double, to about one unit in the last place of
/// max(1, |log x|).
BRINK_HOST_DEVICE inline double log_positive(double x) {
  // x = 2^exponent * m with m in [1/sqrt 2, sqrt 2), then log m = 2 atanh(s), |s| < 0.172.
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.7071067811865476) {
    m *= 2.0;
    --exponent;
  }
  double const s = (m - 1.0) / (m + 1.0);
  double const square = s * s;
  double series = 1.0 / 23.0;
  for (int odd = 21; odd >= 1; odd -= 2) {
    series = std::fma(series, square, 1.0 / odd);
  }
  double const twice = 2.0 * s;
  return std::fma(static_cast<double>(exponent), 0.693147180559945309417, twice * series);
}

struct SineCosine {
  double sine, cosine;
};

/// sin and cos of 2 pi u for u in [0, 1), to about one unit in the last place of 1.
BRINK_HOST_DEVICE inline SineCosine sine_cosine_of_turns(double u) {
  // The nearest quarter turn is taken off exactly; Taylor series on |angle| <= pi/4.
  int const quarter = static_cast<int>(u * 4.0 + 0.5);
  double const angle = (u - 0.25 * quarter) * 6.283185307179586477;
  double const square = angle * angle;
  double sine = 1.0;
  double cosine = 1.0;
  for (int n = 16; n >= 2; n -= 2) {
    sine = std::fma(sine, -square / (n * (n + 1)), 1.0);
    cosine = std::fma(cosine, -square / (n * (n - 1)), 1.0);
  }
  sine *= angle;
  switch (quarter & 3) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

}  // namespace random_detail

/// Uniform in the open interval (0, 1), 52 bits.
BRINK_HOST_DEVICE inline double uniform(std::uint64_t key, std::uint64_t stream,
                                        std::uint64_t index) {
  return random_detail::uniform01(Philox{key}.block(index / 2, stream),
                                  static_cast<int>(index % 2));
}

/// Standard normal (Box-Muller: numbers 2i and 2i+1 are the two legs of block i).
BRINK_HOST_DEVICE inline double normal(std::uint64_t key, std::uint64_t stream,
                                       std::uint64_t index) {
  PhiloxBlock const block = Philox{key}.block(index / 2, stream);
  double const radius =
      std::sqrt(-2.0 * random_detail::log_positive(random_detail::uniform01(block, 0)));
  random_detail::SineCosine const leg =
      random_detail::sine_cosine_of_turns(random_detail::uniform01(block, 1));
  return radius * (index % 2 == 0 ? leg.cosine : leg.sine);
}

}  // namespace brink
