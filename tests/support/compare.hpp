#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/math/random.hpp"

namespace brink::test {

using Precisions = ::testing::Types<float, double>;

/// How far a result may be from the oracle's, relative to its norm.
template <class T>
inline constexpr double tolerance = sizeof(T) == sizeof(float) ? 1e-5 : 1e-12;

/// ‖got − want‖ / ‖want‖ (‖got‖ where `want` vanishes); infinite unless the sizes agree and all
/// entries are finite.
template <class A, class B>
double relative_error(std::vector<A> const& got, std::vector<B> const& want) {
  double const infinity = std::numeric_limits<double>::infinity();
  if (got.size() != want.size()) return infinity;
  double difference = 0;
  double square = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    double const g = static_cast<double>(got[i]);
    double const w = static_cast<double>(want[i]);
    difference += (g - w) * (g - w);
    square += w * w;
  }
  double const error = std::sqrt(square > 0 ? difference / square : difference);
  return std::isfinite(error) ? error : infinity;
}

inline double relative_error(double got, double want) {
  return relative_error(std::vector<double>{got}, std::vector<double>{want});
}

/// Standard normal numbers times `scale`.
inline std::vector<double> random_vector(std::int64_t size, std::uint64_t seed, double scale = 1) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < size; ++i) {
    values.push_back(scale * normal(seed, 0, static_cast<std::uint64_t>(i)));
  }
  return values;
}

/// The values as precision T holds them.
template <class T>
std::vector<T> narrowed(std::vector<double> const& values) {
  std::vector<T> narrow;
  for (double const value : values) narrow.push_back(static_cast<T>(value));
  return narrow;
}

template <class T>
std::vector<double> widened(std::vector<T> const& values) {
  return {values.begin(), values.end()};
}

/// `random_vector`, rounded to what precision T holds.
template <class T>
std::vector<double> random_values(std::int64_t size, std::uint64_t seed, double scale = 1) {
  return widened(narrowed<T>(random_vector(size, seed, scale)));
}

}  // namespace brink::test
