#pragma once

#include <atomic>
#include <barrier>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "host/ranks/ranks.hpp"

namespace brink::test {

/// Ranks that are threads of one process.
class ThreadRanks final : public Ranks {
 public:
  /// What they have in common.
  struct Group {
    explicit Group(int size) : values(static_cast<std::size_t>(size)), everybody(size) {}

    std::vector<void*> values;  // by rank
    std::string text;
    std::atomic<std::int64_t> next = 0;
    std::barrier<> everybody;
  };

  ThreadRanks(int rank, Group& group)
      : Ranks(rank, static_cast<int>(group.values.size()), 1, rank), group_(group) {}

  void meet() override { group_.everybody.arrive_and_wait(); }
  void add_up(std::span<float> values) override { add(values); }
  void add_up(std::span<double> values) override { add(values); }
  void add_up(std::span<std::int64_t> values) override { add(values); }
  std::string from_first(std::string text) override {
    if (is_first()) group_.text = std::move(text);
    meet();
    std::string const first = group_.text;
    meet();
    return first;
  }
  std::int64_t take(std::int64_t count) override { return group_.next.fetch_add(count); }
  void restart() override {
    meet();
    group_.next = 0;
    meet();
  }

 private:
  template <class N>
  void add(std::span<N> values) {
    using Sum = std::conditional_t<std::is_floating_point_v<N>, double, N>;
    group_.values[static_cast<std::size_t>(rank())] = values.data();
    meet();
    std::vector<N> sums;
    for (std::size_t i = 0; i < values.size(); ++i) {
      Sum sum{};
      for (void const* const one : group_.values) sum += static_cast<N const*>(one)[i];
      sums.push_back(static_cast<N>(sum));
    }
    meet();
    std::copy(sums.begin(), sums.end(), values.begin());
    meet();
  }

  Group& group_;
};

/// Runs `work` in so many ranks; throws what the first of them threw.
inline void as_ranks(int count, std::function<void(Ranks&)> const& work) {
  ThreadRanks::Group group(count);
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < count; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadRanks ranks(rank, group);
      try {
        work(ranks);
      } catch (...) {
        failures[static_cast<std::size_t>(rank)] = std::current_exception();
        group.everybody.arrive_and_drop();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::exception_ptr const& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace brink::test
