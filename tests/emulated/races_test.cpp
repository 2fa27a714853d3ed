#include "tests/emulated/support.hpp"

// What orders accesses in a kernel, and what does not: pairs of kernels that differ in one thing.
// The kernels with a race are found in every order of the threads, those without one never.

namespace brink::test {
namespace {

class RaceDetector : public InEveryOrder {
 protected:
  void SetUp() override {
    if (!emulated::race_checked) GTEST_SKIP() << "only the race detector sees races";
  }

  /// What the detector says of a kernel on 256 numbers and 4 counters, all 0.
  std::string report(void (*kernel)(int*, unsigned*), unsigned blocks, unsigned threads) {
    DeviceArray<int> const numbers(stream, std::vector<int>(256, 0));
    DeviceArray<unsigned> const counters(stream, std::vector<unsigned>(4, 0));
    return message_of<emulated::EmulationError>([&] {
      cuda::launch(stream, {"tried", {blocks}, {threads}}, kernel, numbers.data(), counters.data());
      cuda::synchronize(stream);
    });
  }
  void expect_race(void (*kernel)(int*, unsigned*), unsigned blocks, unsigned threads) {
    std::string const message = report(kernel, blocks, threads);
    EXPECT_NE(message.find("race: on "), std::string::npos) << "'" << message << "'";
  }
  void expect_none(void (*kernel)(int*, unsigned*), unsigned blocks, unsigned threads) {
    EXPECT_EQ(report(kernel, blocks, threads), "");
  }

  OwnedStream stream;
};
INSTANTIATE_TEST_SUITE_P(Orders, RaceDetector, ::testing::ValuesIn(all_orders()), name_of_order);

__global__ void read_together(int* numbers, unsigned*) {
  numbers[1 + threadIdx.x + 32 * blockIdx.x] = numbers[0];
}

TEST_P(RaceDetector, ReadsDoNotRaceWithReads) {
  expect_none(read_together, 4, 32);
}

__global__ void read_then_overwrite(int* numbers, unsigned*) {
  numbers[1 + threadIdx.x + 64 * blockIdx.x] = numbers[0];
  if (threadIdx.x == 0 && blockIdx.x == 0) numbers[0] = 1;
}

TEST_P(RaceDetector, WritesRaceWithReadsOfOtherThreads) {
  expect_none(read_then_overwrite, 1, 1);
  expect_race(read_then_overwrite, 1, 2);
  expect_race(read_then_overwrite, 1, 33);
  expect_race(read_then_overwrite, 2, 1);
}

/// One lane of a warp hands on to the next, along a chain of pairs.
__global__ void hand_on_in_pairs(int* numbers, unsigned*) {
  for (unsigned turn = 0; turn < 3; ++turn) {
    if (threadIdx.x == turn) numbers[0] += 1;
    if (threadIdx.x == turn || threadIdx.x == turn + 1) __syncwarp(3u << turn);
  }
  if (threadIdx.x == 3) numbers[0] += 1;
}

/// The same, but lane 3 never meets another.
__global__ void leave_the_chain(int* numbers, unsigned*) {
  for (unsigned turn = 0; turn < 2; ++turn) {
    if (threadIdx.x == turn) numbers[0] += 1;
    if (threadIdx.x == turn || threadIdx.x == turn + 1) __syncwarp(3u << turn);
  }
  if (threadIdx.x >= 2) numbers[0] += 1;
}

TEST_P(RaceDetector, WarpOperationsOrderTheirLanesAndThoseThatTheseHaveMet) {
  expect_none(hand_on_in_pairs, 1, 32);
  expect_race(leave_the_chain, 1, 4);
}

template <bool of_block>
__global__ void meet_across_warps(int* numbers, unsigned*) {
  if (threadIdx.x == 0) numbers[0] = 1;
  if (of_block) {
    __syncthreads();
  } else {
    __syncwarp();
  }
  if (threadIdx.x == 32) numbers[0] = 2;
}

TEST_P(RaceDetector, WarpsMeetAtBarriersAlone) {
  expect_none(meet_across_warps<true>, 1, 64);
  expect_race(meet_across_warps<false>, 1, 64);
}

__global__ void write_and_leave(int* numbers, unsigned*) {
  __syncthreads();
  numbers[threadIdx.x] = 1;
}

TEST_P(RaceDetector, BarriersDoNotOrderBlocks) {
  expect_none(write_and_leave, 1, 64);
  expect_race(write_and_leave, 2, 64);
}

/// What one block writes another reads, once a counter says that it may.
template <bool has_fence, bool has_barrier, bool waits>
__global__ void publish(int* numbers, unsigned* counters) {
  BRINK_SHARED(bool, is_last, 1);
  numbers[threadIdx.x + blockDim.x * blockIdx.x] = 1;
  if (has_barrier) __syncthreads();
  if (threadIdx.x == 0) {
    if (has_fence) __threadfence();
    is_last[0] = atomicAdd(counters, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (waits && !is_last[0]) return;
  int sum = 0;
  for (unsigned i = 0; i < blockDim.x * gridDim.x; ++i) sum += numbers[i];
  if (is_last[0]) numbers[255 - threadIdx.x] = sum;
}

TEST_P(RaceDetector, FencesAndAtomicsOrderBlocks) {
  expect_none(publish<true, true, true>, 3, 40);
  expect_race(publish<false, true, true>, 3, 40);  // nothing is handed on
  expect_race(publish<true, false, true>, 3, 40);  // only what thread 0 has written
  expect_race(publish<true, true, false>, 3, 40);  // read too early
}

/// A block hands on through one counter to a second, which hands on through another to a third.
template <bool all_fences>
__global__ void relay(int* numbers, unsigned* counters) {
  unsigned const turn = atomicAdd(counters + 3, 1u);  // blocks in the order in which they run
  if (turn == 0) {
    numbers[0] = 7;
    __threadfence();
    atomicAdd(counters, 1u);
  } else if (turn == 1) {
    atomicAdd(counters, 1u);
    if (all_fences) __threadfence();
    atomicAdd(counters + 1, 1u);
  } else {
    atomicAdd(counters + 1, 1u);
    numbers[1] = numbers[0];
  }
}

TEST_P(RaceDetector, OrderIsHandedOnFromBlockToBlock) {
  expect_none(relay<true>, 3, 1);
  expect_race(relay<false>, 3, 1);
}

template <bool behind>
__global__ void write_around_a_fence(int* numbers, unsigned* counters) {
  if (!behind) numbers[blockIdx.x] = 1;
  __threadfence();
  if (behind) numbers[blockIdx.x] = 1;
  if (atomicAdd(counters, 1u) == gridDim.x - 1) {
    for (unsigned b = 0; b < gridDim.x; ++b) numbers[100] += numbers[b];
  }
}

TEST_P(RaceDetector, WhatComesBehindAFenceIsNotHandedOn) {
  expect_none(write_around_a_fence<false>, 4, 1);
  expect_race(write_around_a_fence<true>, 4, 1);
}

template <bool has_barrier>
__global__ void count_in_block(int* numbers, unsigned*) {
  BRINK_SHARED(int, count, 1);
  if (threadIdx.x == 0) count[0] = 0;
  __syncthreads();
  atomicAdd(count, 1);
  if (has_barrier) __syncthreads();
  numbers[threadIdx.x] = count[0];
}

TEST_P(RaceDetector, AtomicsDoNotRaceWithEachOtherButWithPlainReads) {
  expect_none(count_in_block<true>, 1, 64);
  expect_race(count_in_block<false>, 1, 64);
}

__global__ void reset_counter(int* numbers, unsigned* counters) {
  __threadfence();
  if (atomicAdd(counters, 1u) == gridDim.x - 1) counters[0] = 0;
  numbers[blockIdx.x] = 1;
}

TEST_P(RaceDetector, TheLastBlockMayResetTheCounter) {
  expect_none(reset_counter, 5, 1);
}

__global__ void write_bytes(int* numbers, unsigned*) {
  auto* const bytes = reinterpret_cast<unsigned char*>(numbers);
  bytes[threadIdx.x] = 1;
}

__global__ void write_word_over_bytes(int* numbers, unsigned*) {
  auto* const bytes = reinterpret_cast<unsigned char*>(numbers);
  if (threadIdx.x == 0) {
    bytes[3] = 1;
  } else {
    numbers[0] = 1;
  }
}

TEST_P(RaceDetector, BytesAreToldApart) {
  expect_none(write_bytes, 1, 64);
  expect_race(write_word_over_bytes, 1, 2);
}

/// Sixteen bytes as one access, of which threads next to each other share four.
template <int step>
__global__ void write_packs(int* numbers, unsigned*) {
  if (step < 4 && threadIdx.x % 4 != 0) {
    numbers[step * threadIdx.x] = 1;
  } else {
    *reinterpret_cast<float4*>(numbers + step * threadIdx.x) = make_float4(1, 2, 3, 4);
  }
}

TEST_P(RaceDetector, VectorsAreSeenWhole) {
  expect_none(write_packs<4>, 1, 32);
  expect_race(write_packs<1>, 1, 32);
}

__global__ void use_block_memory(int* numbers, unsigned*) {
  BRINK_SHARED(int, mine, 32);
  mine[threadIdx.x] = 1;
  numbers[threadIdx.x + 32 * blockIdx.x] = mine[threadIdx.x];
}

TEST_P(RaceDetector, SharedMemoryOfBlocksIsNotTheSame) {
  expect_none(use_block_memory, 4, 32);
}

__global__ void write_all(int* numbers, unsigned*) {
  numbers[threadIdx.x + 64 * blockIdx.x] = 1;
}

TEST_P(RaceDetector, LaunchesAreOrdered) {
  DeviceArray<int> const numbers(256);
  for (unsigned const threads : {64u, 32u}) {
    cuda::launch(stream, {"write_all", {2}, {threads}}, write_all, numbers.data(),
                 static_cast<unsigned*>(nullptr));
  }
  cuda::synchronize(stream);
}

}  // namespace
}  // namespace brink::test
