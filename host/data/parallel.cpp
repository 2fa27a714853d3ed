#include "host/data/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

namespace brink {

void in_parallel(int threads, std::int64_t count, std::function<void(std::int64_t)> const& body) {
  std::atomic<std::int64_t> next = 0;
  std::exception_ptr failure;
  std::mutex failing;
  auto const work = [&] {
    try {
      for (std::int64_t i = next++; i < count; i = next++) body(i);
    } catch (...) {
      next = count;
      std::lock_guard const lock(failing);
      if (!failure) failure = std::current_exception();
    }
  };
  // The threads that compute, since those spin for a while after they have: others would be in
  // their way.
  auto const team = static_cast<int>(std::clamp<std::int64_t>(count, 1, std::max(threads, 1)));
#pragma omp parallel num_threads(team)
  work();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace brink
