#include "host/data/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace brink::test {
namespace {

/// By the number of threads.
class InParallel : public ::testing::TestWithParam<int> {};

TEST_P(InParallel, CallsEveryIndexOnce) {
  for (std::int64_t const count : {0, 1, 2, 6, 7, 8, 1000}) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
    in_parallel(GetParam(), count, [&](std::int64_t i) { ++calls.at(i); });
    for (std::int64_t i = 0; i < count; ++i) EXPECT_EQ(calls[i], 1) << i << " of " << count;
  }
}

TEST_P(InParallel, UsesSoManyThreadsAndNoMore) {
  std::mutex guard;
  std::condition_variable all_here;
  std::set<std::thread::id> threads;
  // Nobody gets a second index before everybody has one.
  in_parallel(GetParam(), 100, [&](std::int64_t) {
    std::unique_lock lock(guard);
    threads.insert(std::this_thread::get_id());
    all_here.notify_all();
    all_here.wait(lock, [&] { return std::ssize(threads) >= GetParam(); });
  });
  EXPECT_EQ(std::ssize(threads), GetParam());
  EXPECT_TRUE(threads.contains(std::this_thread::get_id()));
}

TEST_P(InParallel, ThrowsOnWhatACallThrows) {
  for (std::int64_t const bad : {0, 13, 99}) {
    std::vector<std::atomic<int>> calls(100);
    try {
      in_parallel(GetParam(), 100, [&](std::int64_t i) {
        ++calls.at(i);
        if (i == bad) throw std::runtime_error(std::to_string(i));
      });
      ADD_FAILURE() << "nothing was thrown";
    } catch (std::runtime_error const& error) {
      EXPECT_EQ(error.what(), std::to_string(bad));
    }
    for (auto const& count : calls) EXPECT_LE(count, 1);
    EXPECT_EQ(calls[bad], 1);
  }
}

TEST_P(InParallel, EndsTheRestAfterAnException) {
  std::atomic<int> calls = 0;
  auto const body = [&](std::int64_t) {
    ++calls;
    throw std::runtime_error("no");
  };
  EXPECT_THROW(in_parallel(GetParam(), 1'000'000, body), std::runtime_error);
  EXPECT_LE(calls, GetParam());  // each thread ends with its first
}

INSTANTIATE_TEST_SUITE_P(Threads, InParallel, ::testing::Values(1, 2, 7));

TEST(InParallelWithoutThreads, WorksInTheCallers) {
  std::vector<std::int64_t> called;
  in_parallel(0, 3, [&](std::int64_t i) { called.push_back(i); });
  EXPECT_EQ(called, (std::vector<std::int64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace brink::test
