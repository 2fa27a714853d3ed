#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "kernels/view.hpp"

namespace brink::bench {

/// Seconds of work that was repeated.
struct Timing {
  double median = 0;
  double least = 0;
  double greatest = 0;
  Index samples = 0;

  Timing operator+(Timing const& other) const {
    return {median + other.median, least + other.least, greatest + other.greatest,
            std::min(samples, other.samples)};
  }
  /// Of each figure by itself.
  Timing operator-(Timing const& other) const {
    return {median - other.median, least - other.least, greatest - other.greatest,
            std::min(samples, other.samples)};
  }
  Timing operator/(double parts) const {
    return {median / parts, least / parts, greatest / parts, samples};
  }
};

/// `seconds` is not empty.
inline Timing summarize(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  std::size_t const middle = seconds.size() / 2;
  double const median =
      seconds.size() % 2 == 1 ? seconds[middle] : 0.5 * (seconds[middle - 1] + seconds[middle]);
  return {median, seconds.front(), seconds.back(), std::ssize(seconds)};
}

template <class Work>
double seconds_of(Work&& work) {
  auto const start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Times work() `samples` times, after one call that does not count; prepare() runs before each,
/// outside the clock.
template <class Work, class Prepare>
Timing measure(Index samples, Work&& work, Prepare&& prepare) {
  prepare();
  work();
  std::vector<double> seconds;
  for (Index i = 0; i < samples; ++i) {
    prepare();
    seconds.push_back(seconds_of(work));
  }
  return summarize(std::move(seconds));
}

template <class Work>
Timing measure(Index samples, Work&& work) {
  return measure(samples, work, [] {});
}

}  // namespace brink::bench
