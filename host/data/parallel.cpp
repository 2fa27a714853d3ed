#include "host/data/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

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
  std::vector<std::jthread> others;
  for (std::int64_t i = 1; i < std::min<std::int64_t>(threads, count); ++i) {
    others.emplace_back(work);
  }
  work();
  others.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace brink
