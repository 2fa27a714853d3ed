#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "tests/emulated/support.hpp"
#include "tests/support/emulated/device.hpp"

// Bugs planted in small kernels and in host code. Each is caught by a check that its test names;
// where a kernel has a twin without the bug, that one passes. What only the address and
// undefined-behaviour sanitizers or only the race detector can see is tested in their builds, and
// skipped in others.

namespace brink::test {
namespace {

using emulated::EmulationError;
using emulated::race_checked;
using emulated::sanitized;
using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

constexpr char const* only_races = "only the race detector sees it";
constexpr char const* only_sanitizers = "only the sanitizers see it";

class PlantedBug : public OnEmulatedDevice<::testing::Test> {
 protected:
  OwnedStream stream;

  std::string error_of_synchronization() {
    return message_of<EmulationError>([&] { cuda::synchronize(stream); });
  }
};

/// Whether a message holds all of these.
AssertionResult says(std::string const& message, std::vector<std::string> const& parts) {
  for (std::string const& part : parts) {
    if (message.find(part) == std::string::npos) {
      return AssertionFailure() << "no '" << part << "' in: '" << message << "'";
    }
  }
  return AssertionSuccess();
}

/// That a message names two accesses, in this file or, of a copy past the registers, in device.hpp.
AssertionResult names_two_lines(std::string const& message) {
  std::size_t count = 0;
  for (std::string const file : {"planted_bugs_test.cpp:", "emulated/device.hpp:"}) {
    for (std::size_t at = message.find(file); at != std::string::npos;
         at = message.find(file, at + 1)) {
      ++count;
    }
  }
  if (count == 2) return AssertionSuccess();
  return AssertionFailure() << count << " lines of the source in: '" << message << "'";
}

/// Runs a kernel and says what it has computed.
using Results = std::function<std::vector<float>()>;

/// The race detector finds a bug in every order.
void expect_race(Results const& with_bug, std::string const& memory) {
  for (emulated::Order const order : all_orders()) {
    SCOPED_TRACE(order_name(order));
    emulated::set_order(order, 3);
    std::string const message = message_of<EmulationError>(with_bug);
    EXPECT_TRUE(says(message, {"race: on " + memory, "thread ("}));
    EXPECT_TRUE(names_two_lines(message));
  }
}

void expect_correct(Results const& without_bug, std::vector<float> const& expected) {
  for (emulated::Order const order : all_orders()) {
    SCOPED_TRACE(order_name(order));
    emulated::set_order(order, 3);
    EXPECT_EQ(without_bug(), expected);
  }
}

/// The race detector finds a bug in every order; without it the result is wrong in one of them.
void expect_race_or_wrong_result(Results const& with_bug, Results const& without_bug,
                                 std::vector<float> const& expected) {
  expect_correct(without_bug, expected);
  if (race_checked) {
    expect_race(with_bug, "shared memory");
    return;
  }
  int wrong = 0;
  for (emulated::Order const order : all_orders()) {
    emulated::set_order(order, 3);
    wrong += with_bug() != expected;
  }
  EXPECT_GT(wrong, 0);
}

// Order between threads.

template <bool has_barrier>
__global__ void reverse_block(float const* in, float* out) {
  BRINK_SHARED(float, tile, 64);
  tile[threadIdx.x] = in[threadIdx.x];
  if (has_barrier) __syncthreads();
  out[threadIdx.x] = tile[63 - threadIdx.x];
}

TEST_F(PlantedBug, MissingBarrier) {
  auto expected = counting<float>(64);
  DeviceArray<float> const in(stream, expected);
  DeviceArray<float> const out(64);
  auto const run = [&](auto kernel) -> Results {
    return [&, kernel] {
      cuda::launch(stream, {"reverse_block", {1}, {64}}, kernel, in.data(), out.data());
      return out.values(stream);
    };
  };
  std::reverse(expected.begin(), expected.end());
  expect_race_or_wrong_result(run(reverse_block<false>), run(reverse_block<true>), expected);
}

/// A tile that is filled again while others may still read it.
template <bool has_barrier>
__global__ void sum_tiles(float const* in, float* out) {
  BRINK_SHARED(float, tile, 64);
  float sum = 0;
  for (int round = 0; round < 3; ++round) {
    tile[threadIdx.x] = in[64 * round + threadIdx.x];
    __syncthreads();
    sum += tile[63 - threadIdx.x];
    if (has_barrier) __syncthreads();
  }
  out[threadIdx.x] = sum;
}

TEST_F(PlantedBug, MissingBarrierBeforeMemoryIsUsedAgain) {
  DeviceArray<float> const in(stream, counting<float>(3 * 64));
  DeviceArray<float> const out(64);
  auto const run = [&](auto kernel) -> Results {
    return [&, kernel] {
      cuda::launch(stream, {"sum_tiles", {1}, {64}}, kernel, in.data(), out.data());
      return out.values(stream);
    };
  };
  std::vector<float> expected(64);
  for (int i = 0; i < 64; ++i) expected[i] = static_cast<float>(3 * (63 - i) + 3 * 64);
  expect_race_or_wrong_result(run(sum_tiles<false>), run(sum_tiles<true>), expected);
}

template <bool has_sync>
__global__ void rotate_in_warp(float* out) {
  BRINK_SHARED(float, values, 32);
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
  if (has_sync) __syncwarp();
  out[threadIdx.x] = values[(threadIdx.x + 16) % 32];
}

TEST_F(PlantedBug, MissingSyncwarp) {
  DeviceArray<float> const out(32);
  auto const run = [&](auto kernel) -> Results {
    return [&, kernel] {
      cuda::launch(stream, {"rotate_in_warp", {1}, {32}}, kernel, out.data());
      return out.values(stream);
    };
  };
  auto expected = counting<float>(32);
  std::rotate(expected.begin(), expected.begin() + 16, expected.end());
  expect_race_or_wrong_result(run(rotate_in_warp<false>), run(rotate_in_warp<true>), expected);
}

/// Two halves of a warp that hand values over, but meet only with themselves.
template <unsigned low_mask, unsigned high_mask>
__global__ void hand_over(float* out) {
  BRINK_SHARED(float, values, 32);
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
  __syncwarp(threadIdx.x < 16 ? low_mask : high_mask);
  out[threadIdx.x] = values[(threadIdx.x + 16) % 32];
}

TEST_F(PlantedBug, SyncwarpOfTooFewLanes) {
  DeviceArray<float> const out(32);
  auto const run = [&](auto kernel) -> Results {
    return [&, kernel] {
      cuda::launch(stream, {"hand_over", {1}, {32}}, kernel, out.data());
      return out.values(stream);
    };
  };
  auto expected = counting<float>(32);
  std::rotate(expected.begin(), expected.begin() + 16, expected.end());
  expect_race_or_wrong_result(run(hand_over<0xffffu, 0xffff0000u>), run(hand_over<~0u, ~0u>),
                              expected);
}

template <bool is_atomic>
__global__ void sum_blocks(float* sum) {
  if (threadIdx.x != 0) return;
  if (is_atomic) {
    atomicAdd(sum, 1.0f);
  } else {
    *sum += 1.0f;
  }
}

TEST_F(PlantedBug, NonAtomicSumBetweenBlocks) {
  DeviceArray<float> const sum(1);
  auto const run = [&](auto kernel) -> Results {
    return [&, kernel] {
      cuda::fill_zero(stream, sum.data(), sum.bytes());
      cuda::launch(stream, {"sum_blocks", {8}, {32}}, kernel, sum.data());
      return sum.values(stream);
    };
  };
  expect_correct(run(sum_blocks<true>), {8});
  if (!race_checked) GTEST_SKIP() << only_races;
  expect_race(run(sum_blocks<false>), "device memory");
}

template <bool is_atomic>
__global__ void count_down(float* left, float* seen) {
  atomicAdd(left, -1.0f);
  seen[threadIdx.x] = is_atomic ? atomicAdd(left, 0.0f) : *left;
}

TEST_F(PlantedBug, AtomicMixedWithPlainAccess) {
  DeviceArray<float> const left(1);
  DeviceArray<float> const seen(64);
  auto const run = [&](auto kernel) -> Results {
    return [&, kernel] {
      cuda::fill_zero(stream, left.data(), left.bytes());
      cuda::launch(stream, {"count_down", {1}, {64}}, kernel, left.data(), seen.data());
      return left.values(stream);
    };
  };
  expect_correct(run(count_down<true>), {-64});
  if (!race_checked) GTEST_SKIP() << only_races;
  expect_race(run(count_down<false>), "device memory");
}

/// Neighbours write different bytes of the same word, which is allowed, or the same byte.
template <unsigned threads_per_byte>
__global__ void label(unsigned char* labels) {
  labels[threadIdx.x / threads_per_byte] = 1;
}

TEST_F(PlantedBug, TwoThreadsWriteOneByte) {
  DeviceArray<unsigned char> const labels(64);
  auto const run = [&](auto kernel) -> Results {
    return [&, kernel] {
      cuda::launch(stream, {"label", {1}, {64}}, kernel, labels.data());
      auto const values = labels.values(stream);
      return std::vector<float>(values.begin(), values.end());
    };
  };
  expect_correct(run(label<1>), std::vector<float>(64, 1));
  if (!race_checked) GTEST_SKIP() << only_races;
  expect_race(run(label<2>), "device memory");
}

/// The block that comes last reads what the others have written.
template <bool has_fence>
__global__ void collect(float* of_block, unsigned* arrivals, float* sum) {
  BRINK_SHARED(bool, is_last, 1);
  if (threadIdx.x == 0) {
    of_block[blockIdx.x] = static_cast<float>(blockIdx.x);
    if (has_fence) __threadfence();
    is_last[0] = atomicAdd(arrivals, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last[0]) return;
  if (threadIdx.x == 1) {
    *sum = 0;
    for (unsigned b = 0; b < gridDim.x; ++b) *sum += of_block[b];
  }
}

TEST_F(PlantedBug, MissingFenceBeforeTheLastBlockReads) {
  DeviceArray<float> const of_block(8);
  DeviceArray<unsigned> const arrivals(1);
  DeviceArray<float> const sum(1);
  auto const run = [&](auto kernel) -> Results {
    return [&, kernel] {
      cuda::fill_zero(stream, arrivals.data(), arrivals.bytes());
      cuda::launch(stream, {"collect", {8}, {32}}, kernel, of_block.data(), arrivals.data(),
                   sum.data());
      return sum.values(stream);
    };
  };
  expect_correct(run(collect<true>), {28});
  if (!race_checked) GTEST_SKIP() << only_races;
  expect_race(run(collect<false>), "device memory");
}

// Memory.

/// One element beyond a block's arrays is written or read.
template <bool writes, bool dynamic>
__global__ void overrun_shared(float* out, unsigned index) {
  BRINK_SHARED(float, declared, 32);
  BRINK_DYNAMIC_SHARED(float, launched);
  float* const tile = dynamic ? launched : static_cast<float*>(declared);
  tile[threadIdx.x] = 1;
  __syncthreads();
  if (threadIdx.x != 0) return;
  if (writes) {
    tile[index] = 2;
  } else {
    out[0] = tile[index];
  }
}

TEST_F(PlantedBug, SharedMemoryWrittenPastItsEnd) {
  DeviceArray<float> const out(1);
  auto const run = [&](auto kernel) {
    cuda::launch(stream, {"overrun_shared", {1}, {32}, 32 * sizeof(float)}, kernel, out.data(), 32);
    cuda::synchronize(stream);
  };
  if (sanitized) {
    EXPECT_DEATH(run(overrun_shared<true, false>), "use-after-poison");
    EXPECT_DEATH(run(overrun_shared<true, true>), "use-after-poison");
    return;
  }
  auto const error_of = [&](auto kernel) {
    return message_of<EmulationError>([&] { run(kernel); });
  };
  std::string const what = race_checked ? "writes at " : "has written behind shared memory ";
  EXPECT_TRUE(says(error_of(overrun_shared<true, false>), {"overrun_shared", what}));
  EXPECT_TRUE(says(error_of(overrun_shared<true, true>), {"overrun_shared", what}));
}

TEST_F(PlantedBug, SharedMemoryReadPastItsEnd) {
  DeviceArray<float> const out(1);
  auto const run = [&](auto kernel) {
    cuda::launch(stream, {"overrun_shared", {1}, {32}, 32 * sizeof(float)}, kernel, out.data(), 32);
    return out.values(stream)[0];
  };
  if (sanitized) {
    EXPECT_DEATH(run(overrun_shared<false, false>), "use-after-poison");
    EXPECT_DEATH(run(overrun_shared<false, true>), "use-after-poison");
  } else if (race_checked) {
    auto const error_of = [&](auto kernel) {
      return message_of<EmulationError>([&] { run(kernel); });
    };
    std::vector<std::string> const parts{"thread (0, 0, 0)", "reads", "not allocated"};
    EXPECT_TRUE(says(error_of(overrun_shared<false, false>), parts));
    EXPECT_TRUE(says(error_of(overrun_shared<false, true>), parts));
  } else {
    EXPECT_TRUE(std::isnan(run(overrun_shared<false, false>)));
    EXPECT_TRUE(std::isnan(run(overrun_shared<false, true>)));
  }
}

__global__ void use_index_beyond(unsigned index, float* out) {
  BRINK_SHARED(float, tile, 32);
  tile[index] = 1;
  out[0] = tile[index];
}

TEST_F(PlantedBug, IndexBeyondADeclaredArray) {
  if (!sanitized) GTEST_SKIP() << only_sanitizers;
  DeviceArray<float> const out(1);
  auto const run = [&] {
    cuda::launch(stream, {"use_index_beyond", {1}, {1}}, use_index_beyond, 1000u, out.data());
    cuda::synchronize(stream);
  };
  EXPECT_DEATH(run(), "index 1000 out of bounds");
}

__global__ void write_at(float* out, Index index) {
  out[index] = 1;
}

TEST_F(PlantedBug, GlobalMemoryWrittenPastItsEnd) {
  DeviceArray<float> const out(33);
  for (Index const index : {33, -1}) {
    auto const run = [&] {
      cuda::launch(stream, {"write_at", {1}, {1}}, write_at, out.data(), index);
      cuda::synchronize(stream);
    };
    if (sanitized) {
      EXPECT_DEATH(run(), "use-after-poison");
      continue;
    }
    std::string const place = index < 0 ? "before" : "behind";
    std::string const what = race_checked ? "writes at" : "has written " + place + " 132 bytes";
    EXPECT_TRUE(says(message_of<EmulationError>(run), {"kernel write_at", what}));
  }
}

__global__ void read_at(float const* in, float* out, Index index) {
  *out = in[index];
}

TEST_F(PlantedBug, GlobalMemoryReadPastItsEnd) {
  DeviceArray<float> const in(stream, counting<float>(33));
  DeviceArray<float> const out(1);
  auto const run = [&] {
    cuda::launch(stream, {"read_at", {1}, {1}}, read_at, in.data(), out.data(), 33);
    return out.values(stream)[0];
  };
  if (sanitized) {
    EXPECT_DEATH(run(), "use-after-poison");
  } else if (race_checked) {
    EXPECT_TRUE(says(message_of<EmulationError>(run), {"reads at", "not allocated"}));
  } else {
    EXPECT_TRUE(std::isnan(run()));
  }
}

TEST_F(PlantedBug, WildPointer) {
  DeviceArray<float> const out(1);
  auto const run = [&] {
    cuda::launch(stream, {"write_at", {1}, {1}}, write_at, out.data(), 1 << 20);
    cuda::synchronize(stream);
  };
  if (race_checked) {
    EXPECT_TRUE(says(message_of<EmulationError>(run), {"writes at", "not allocated"}));
  } else {
    EXPECT_DEATH(run(), sanitized ? "AddressSanitizer" : "kernel write_at, block .*not mapped");
  }
}

__global__ void average_neighbours(float* out) {
  BRINK_SHARED(float, tile, 34);  // whose ends nobody writes
  tile[threadIdx.x + 1] = 1;
  __syncthreads();
  out[threadIdx.x] = (tile[threadIdx.x] + tile[threadIdx.x + 2]) / 2;
}

TEST_F(PlantedBug, UninitialisedSharedMemory) {
  DeviceArray<float> const out(32);
  cuda::launch(stream, {"average_neighbours", {1}, {32}}, average_neighbours, out.data());
  auto const result = out.values(stream);
  EXPECT_TRUE(std::isnan(result.front()));
  EXPECT_TRUE(std::isnan(result.back()));
  EXPECT_EQ(result[1], 1);
}

__global__ void leave_a_value(float* out) {
  BRINK_SHARED(float, tile, 1);
  if (blockIdx.x == 0) tile[0] = 1;
  out[blockIdx.x] = tile[0];
}

TEST_F(PlantedBug, SharedMemoryOfABlockBefore) {
  DeviceArray<float> const out(2);
  cuda::launch(stream, {"leave_a_value", {2}, {1}}, leave_a_value, out.data());
  auto const result = out.values(stream);
  EXPECT_EQ(result[0], 1);
  EXPECT_TRUE(std::isnan(result[1]));
}

TEST_F(PlantedBug, UninitialisedDeviceMemory) {
  DeviceArray<double> const reused(1);
  EXPECT_TRUE(std::isnan(reused.values(stream)[0]));
}

__global__ void read_four(float const* in, float* out) {
  auto const* const four = reinterpret_cast<float4 const*>(in + threadIdx.x);
  out[threadIdx.x] = four->x + four->y + four->z + four->w;
}

TEST_F(PlantedBug, MisalignedVectorAccess) {
  if (!sanitized) GTEST_SKIP() << only_sanitizers;
  DeviceArray<float> const in(stream, counting<float>(8));
  DeviceArray<float> const out(2);
  cuda::launch(stream, {"read_four", {1}, {1}}, read_four, in.data(), out.data());
  EXPECT_EQ(out.values(stream)[0], 6);
  auto const run = [&] {
    cuda::launch(stream, {"read_four", {1}, {2}}, read_four, in.data(), out.data());
    cuda::synchronize(stream);
  };
  EXPECT_DEATH(run(), "misaligned address");
}

__global__ void add_one(float* value) {
  *value += 1;
}

TEST_F(PlantedBug, ReleasedMemoryAsAnArgument) {
  auto* const memory = static_cast<float*>(cuda::allocate(sizeof(float)));
  cuda::release(memory);
  EXPECT_TRUE(says(message_of<EmulationError>([&] {
                     cuda::launch(stream, {"add_one", {1}, {1}}, add_one, memory);
                   }),
                   {"kernel add_one", "no device memory"}));
}

struct Hidden {
  int unused;
  float* value;
};
__global__ void write_hidden(Hidden hidden) {
  *hidden.value = 1;
}

TEST_F(PlantedBug, ReleasedMemoryInsideAnArgument) {
  auto* const memory = static_cast<float*>(cuda::allocate(sizeof(float)));
  cuda::release(memory);
  auto const run = [&] {
    cuda::launch(stream, {"write_hidden", {1}, {1}}, write_hidden, Hidden{0, memory});
    cuda::synchronize(stream);
  };
  if (race_checked) {
    EXPECT_TRUE(says(message_of<EmulationError>(run), {"writes at", "not allocated"}));
  } else {
    EXPECT_DEATH(run(), sanitized ? "use-after-poison" : "kernel write_hidden.*not mapped");
  }
}

TEST_F(PlantedBug, HostMemoryAsAnArgument) {
  float host = 0;
  EXPECT_TRUE(says(message_of<EmulationError>([&] {
                     cuda::launch(stream, {"add_one", {1}, {1}}, add_one, &host);
                   }),
                   {"kernel add_one", "no device memory"}));
}

TEST_F(PlantedBug, CopyBeyondAnAllocation) {
  DeviceArray<float> const from(4);
  DeviceArray<float> const to(3);
  EXPECT_TRUE(says(
      message_of<EmulationError>([&] { cuda::copy(stream, to.data(), from.data(), from.bytes()); }),
      {"copy of 16 bytes", "not device memory"}));
}

TEST_F(PlantedBug, DoubleFree) {
  void* const memory = cuda::allocate(8);
  cuda::release(memory);
  cuda::release(memory);
  EXPECT_TRUE(
      says(message_of<EmulationError>([] { emulated::check_clean(); }), {"released twice"}));
}

TEST_F(PlantedBug, Leak) {
  void* const memory = cuda::allocate(24);
  EXPECT_TRUE(says(message_of<EmulationError>([] { emulated::check_clean(); }),
                   {"leaked", "1 device allocation", "24 bytes"}));
  cuda::release(memory);
}

// Copies past the registers, and products of warp groups.

enum class Wait { for_all, for_all_but_one, for_none };

/// Each thread copies four numbers in each of two groups; what a neighbour has copied is read.
template <Wait wait, bool has_barrier>
__global__ void copy_to_neighbours(float const* in, float* out) {
  BRINK_SHARED(float4, tile, 64);
  auto* const numbers = reinterpret_cast<float*>(tile);
  for (unsigned group = 0; group < 2; ++group) {
    cuda::copy_pack(numbers + 128 * group + 4 * threadIdx.x, in + 128 * group + 4 * threadIdx.x);
    cuda::end_copy_group();
  }
  if (wait == Wait::for_all) cuda::wait_for_copies<0>();
  if (wait == Wait::for_all_but_one) cuda::wait_for_copies<1>();
  if (has_barrier) __syncthreads();
  for (unsigned i = threadIdx.x; i < 256; i += 32) out[i] = numbers[255 - i];
}

class PlantedCopyBug : public PlantedBug {
 protected:
  Results run(void (*kernel)(float const*, float*)) {
    return [this, kernel] {
      DeviceArray<float> const in(stream, counting<float>(256));
      DeviceArray<float> const out(256);
      cuda::launch(stream, {"copy_to_neighbours", {1}, {32}}, kernel, in.data(), out.data());
      return out.values(stream);
    };
  }
};

TEST_F(PlantedCopyBug, MissingWaitForCopies) {
  for (float const number : run(copy_to_neighbours<Wait::for_none, true>)()) {
    EXPECT_TRUE(std::isnan(number));
  }
}

TEST_F(PlantedCopyBug, WaitForTooFewGroupsOfCopies) {
  auto const numbers = run(copy_to_neighbours<Wait::for_all_but_one, true>)();
  EXPECT_TRUE(std::isnan(numbers.front())) << "of the last group";
  EXPECT_EQ(numbers.back(), counting<float>(1).front());
}

TEST_F(PlantedCopyBug, MissingBarrierBehindCopies) {
  auto expected = counting<float>(256);
  std::reverse(expected.begin(), expected.end());
  expect_race_or_wrong_result(run(copy_to_neighbours<Wait::for_all, false>),
                              run(copy_to_neighbours<Wait::for_all, true>), expected);
}

__global__ void copy_from_next_number(float const* in, float* out) {
  BRINK_SHARED(float4, tile, 64);
  cuda::copy_pack(reinterpret_cast<float*>(tile), in + 1);
  out[threadIdx.x] = 0;
}

TEST_F(PlantedCopyBug, CopyOfAPackThatIsNotAligned) {
  EXPECT_TRUE(says(message_of<EmulationError>([&] { run(copy_from_next_number)(); }),
                   {"copy_pack at an address that is no multiple of 16", "planted_bugs_test.cpp"}));
}

/// A = 1 everywhere, by B_kc = c.
template <bool whole_group>
__global__ void multiply_ones(float const* b, float* sums_of_lanes) {
  BRINK_SHARED(float, shared, 13 * 64);
  for (unsigned i = threadIdx.x; i < 13 * 64; i += 128) shared[i] = b[i];
  __syncthreads();
  if (!whole_group && threadIdx.x == 5) return;
  float const ones[4] = {1, 1, 1, 1};
  float sums[13][4];
  cuda::begin_products();
  cuda::multiply_warpgroup<13>(ones, shared, true, sums);
  cuda::wait_for_products();
  for (int j = 0; j < 13; ++j) {
    for (int e = 0; e < 4; ++e) sums_of_lanes[(threadIdx.x * 13 + j) * 4 + e] = sums[j][e];
  }
}

TEST_F(PlantedBug, ProductThatALaneIsMissingFrom) {
  std::vector<float> columns;
  for (int i = 0; i < 13 * 64; ++i) {
    columns.push_back(static_cast<float>(i / 64 * 8 + i % 32 / 4));
  }
  DeviceArray<float> const b(stream, columns);
  DeviceArray<float> const sums(128 * 13 * 4);
  auto const launch = [&](auto kernel) {
    cuda::launch(stream, {"multiply_ones", {1}, {128}}, kernel, b.data(), sums.data());
  };
  launch(multiply_ones<true>);
  std::vector<float> const found = sums.values(stream);
  for (int i = 0; i < 128 * 13 * 4; ++i) {
    int const column = i / 4 % 13 * 8 + i / 4 / 13 % 4 * 2 + i % 2;
    ASSERT_EQ(found[i], static_cast<float>(8 * column)) << i;
  }
  launch(multiply_ones<false>);
  EXPECT_TRUE(says(error_of_synchronization(), {"multiply_warpgroup", "planted_bugs_test.cpp"}));
}

// Threads that do not meet.

__global__ void meet_with_mask(unsigned mask, int* out) {
  if (threadIdx.x < 4) out[threadIdx.x] = __shfl_sync(mask, static_cast<int>(threadIdx.x), 0);
}

TEST_F(PlantedBug, MaskHasALaneTooMany) {
  DeviceArray<int> const out(4);
  cuda::launch(stream, {"meet_with_mask", {1}, {8}}, meet_with_mask, 0x1fu, out.data());
  EXPECT_TRUE(says(error_of_synchronization(),
                   {"left the kernel", "__shfl_sync", "0x0000001f", "planted_bugs_test.cpp:"}));
}

TEST_F(PlantedBug, MaskHasALaneThatTheBlockLacks) {
  DeviceArray<int> const out(4);
  cuda::launch(stream, {"meet_with_mask", {1}, {4}}, meet_with_mask, ~0u, out.data());
  EXPECT_TRUE(says(error_of_synchronization(), {"a warp of 4 threads lacks"}));
}

TEST_F(PlantedBug, MaskLacksALane) {
  DeviceArray<int> const out(4);
  cuda::launch(stream, {"meet_with_mask", {1}, {8}}, meet_with_mask, 0x7u, out.data());
  EXPECT_TRUE(says(error_of_synchronization(),
                   {"thread (3, 0, 0)", "is called by a lane outside the mask"}));
}

__global__ void meet_with_masks_of_halves() {
  __syncwarp(threadIdx.x < 2 ? 0x7u : 0xfu);
}

TEST_F(PlantedBug, OverlappingMasks) {
  cuda::launch(stream, {"meet_with_masks_of_halves", {1}, {4}}, meet_with_masks_of_halves);
  EXPECT_TRUE(says(error_of_synchronization(),
                   {"__syncwarp with mask 0x000000", " overlaps __syncwarp with mask 0x000000"}));
}

/// Lane l wants to meet lane l + 1, of three.
__global__ void meet_in_a_ring() {
  if (threadIdx.x == 3) return;
  __syncwarp(1u << threadIdx.x | 1u << (threadIdx.x + 1) % 3);
}

TEST_F(PlantedBug, MasksThatWaitForEachOtherInARing) {
  for (emulated::Order const order : all_orders()) {
    emulated::set_order(order, 3);
    cuda::launch(stream, {"meet_in_a_ring", {1}, {4}}, meet_in_a_ring);
    EXPECT_TRUE(says(error_of_synchronization(), {"deadlock: __syncwarp", "planted_bugs_test"}));
  }
}

__global__ void meet_in_two_places(int* out) {
  if (threadIdx.x < 2) {
    out[threadIdx.x] = __any_sync(0xfu, 1);
  } else {
    out[threadIdx.x] = __any_sync(0xfu, 0);
  }
}

TEST_F(PlantedBug, OneMaskInTwoPlaces) {
  DeviceArray<int> const out(4);
  cuda::launch(stream, {"meet_in_two_places", {1}, {4}}, meet_in_two_places, out.data());
  EXPECT_TRUE(says(error_of_synchronization(), {"overlaps __any_sync"}));
}

__global__ void take_from_outside(int* out) {
  if (threadIdx.x < 16) out[threadIdx.x] = __shfl_sync(0xffffu, 1, 20);
}

TEST_F(PlantedBug, ShuffleFromALaneOutsideTheMask) {
  DeviceArray<int> const out(16);
  cuda::launch(stream, {"take_from_outside", {1}, {32}}, take_from_outside, out.data());
  EXPECT_TRUE(says(error_of_synchronization(), {"takes the value of lane 20", "outside the mask"}));
}

__global__ void take_after_leaving(int* out) {
  if (threadIdx.x == 5) return;
  out[threadIdx.x] = __shfl_sync(~0u, 1, 5);
}

TEST_F(PlantedBug, ShuffleFromALaneThatHasLeft) {
  DeviceArray<int> const out(32);
  for (emulated::Order const order : all_orders()) {
    emulated::set_order(order, 3);
    cuda::launch(stream, {"take_after_leaving", {1}, {32}}, take_after_leaving, out.data());
    EXPECT_TRUE(says(error_of_synchronization(), {"left the kernel", "__shfl_sync"}));
  }
}

__global__ void shuffle_with_width(int* out, int width) {
  out[threadIdx.x] = __shfl_sync(~0u, 1, 0, width);
}

TEST_F(PlantedBug, ShuffleOfAWidthThatIsNoPowerOfTwo) {
  DeviceArray<int> const out(32);
  cuda::launch(stream, {"shuffle_with_width", {1}, {32}}, shuffle_with_width, out.data(), 12);
  EXPECT_TRUE(says(error_of_synchronization(), {"__shfl_sync", "no power of two"}));
}

__global__ void take_two_branches() {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

TEST_F(PlantedBug, DivergentBarrier) {
  cuda::launch(stream, {"take_two_branches", {1}, {64}}, take_two_branches);
  EXPECT_TRUE(
      says(error_of_synchronization(), {"kernel take_two_branches, block (0, 0, 0), thread (",
                                        "waits at this barrier, and thread (", " at that of "}));
}

__global__ void return_early(unsigned count) {
  if (threadIdx.x >= count) return;
  __syncthreads();
}

TEST_F(PlantedBug, EarlyReturnBeforeABarrier) {
  for (emulated::Order const order : all_orders()) {
    emulated::set_order(order, 3);
    cuda::launch(stream, {"return_early", {1}, {64}}, return_early, 60u);
    EXPECT_TRUE(says(error_of_synchronization(), {"barrier", "left the kernel"}));
  }
}

__global__ void meet_in_barrier_or_warp() {
  if (threadIdx.x < 16) {
    __syncthreads();
  } else {
    __syncwarp();
  }
}

TEST_F(PlantedBug, BarrierAgainstWarpOperation) {
  for (emulated::Order const order : all_orders()) {
    emulated::set_order(order, 3);
    cuda::launch(stream, {"meet_in_barrier_or_warp", {1}, {32}}, meet_in_barrier_or_warp);
    EXPECT_TRUE(says(error_of_synchronization(), {"barrier", "__syncwarp"}));
  }
}

__global__ void wait_for_others(unsigned* arrived) {
  atomicAdd(arrived, 1);
  while (atomicAdd(arrived, 0) < gridDim.x) {
  }
}

TEST_F(PlantedBug, SpinningForAnotherBlock) {
  DeviceArray<unsigned> const arrived(stream, {0});
  cuda::launch(stream, {"wait_for_others", {2}, {1}}, wait_for_others, arrived.data());
  EXPECT_TRUE(says(error_of_synchronization(), {"deadlock", "planted_bugs_test.cpp:"}));
}

// Launches.

__global__ void do_nothing() {}

TEST_F(PlantedBug, BadBlockOrGridSize) {
  struct Sizes {
    cuda::Extent grid, block;
  };
  for (Sizes const& sizes :
       {Sizes{{1}, {0}}, Sizes{{1}, {1025}}, Sizes{{1}, {32, 33}}, Sizes{{1}, {1, 1, 65}},
        Sizes{{0}, {32}}, Sizes{{1, 65536}, {32}}, Sizes{{1, 1, 65536}, {32}}}) {
    auto const launch = [&] {
      cuda::launch(stream, {"do_nothing", sizes.grid, sizes.block}, do_nothing);
    };
    EXPECT_TRUE(says(message_of<EmulationError>(launch),
                     {"kernel do_nothing (grid ", "the configuration is invalid"}));
  }
  cuda::launch(stream, {"do_nothing", {65536}, {2}}, do_nothing);
}

TEST_F(PlantedBug, TooMuchDynamicSharedMemory) {
  auto const launch = [&](std::size_t bytes) {
    return message_of<EmulationError>([&] {
      cuda::launch(stream, {"do_nothing", {1}, {1}, bytes}, do_nothing);
    });
  };
  EXPECT_EQ(launch(227 * 1024), "");
  EXPECT_TRUE(says(launch(227 * 1024 + 1), {"a block may have 232448 bytes"}));
}

__global__ void another_that_does_nothing() {}

TEST_F(PlantedBug, SharedMemoryThatWasNotAllowed) {
  cuda::LaunchShape const shape{"another_that_does_nothing", {1}, {1}, 48 * 1024 + 1};
  void const* const kernel = reinterpret_cast<void const*>(another_that_does_nothing);
  auto const launch = [&] {
    return message_of<EmulationError>([&] {
      cuda::check_launch(
          shape, emulated::queue_kernel(stream, shape, kernel, {}, another_that_does_nothing));
    });
  };
  EXPECT_TRUE(says(launch(), {"more dynamic shared memory than the kernel was allowed"}));
  cuda::allow_shared_memory(shape, kernel);
  EXPECT_EQ(launch(), "");
}

__global__ void declare_much(float* out) {
  BRINK_SHARED(float, tile, 12 * 1024 + 1);
  out[0] = tile[0];
}

TEST_F(PlantedBug, TooMuchDeclaredSharedMemory) {
  DeviceArray<float> const out(1);
  cuda::launch(stream, {"declare_much", {1}, {1}}, declare_much, out.data());
  EXPECT_TRUE(says(error_of_synchronization(), {"`tile` makes 49156 bytes"}));
}

TEST_F(PlantedBug, FailingLaunchThatNobodyChecks) {
  emulated::fail_launch(1);
  auto const careless = [&] {
    cuda::launch(stream, {"do_nothing", {3}, {64}, 128}, do_nothing);
    cuda::synchronize(stream);
  };
  EXPECT_TRUE(says(message_of<MachineError>(careless),
                   {"kernel do_nothing", "grid 3 x 1 x 1", "block 64 x 1 x 1", "128 bytes",
                    "too many resources"}));
  EXPECT_EQ(emulated::counts().kernels.count("do_nothing"), 0u);
}

// Host code.

float read(float const volatile* memory) {
  return *memory;
}

TEST_F(PlantedBug, UnsynchronisedHostRead) {
  DeviceArray<float> const value(stream, {41});
  Pinned<float> const host;
  cuda::launch(stream, {"add_one", {1}, {1}}, add_one, value.data());
  cuda::download(stream, host.data(), value.data(), value.bytes());
  if (sanitized) {
    EXPECT_DEATH(read(host.data()), "use-after-poison");
  } else {
    EXPECT_TRUE(std::isnan(*host)) << "what was there before";
  }
  cuda::synchronize(stream);
  EXPECT_EQ(*host, 42);
}

TEST_F(PlantedBug, HostReadOfDeviceMemory) {
  if (!sanitized && !race_checked) GTEST_SKIP() << only_sanitizers << ", or the race detector";
  DeviceArray<float> const value(stream, {41});
  EXPECT_DEATH(read(value.data()),
               sanitized ? "use-after-poison" : "host code touches device memory at .*_test.cpp");
}

TEST_F(PlantedBug, MissingWaitBetweenStreams) {
  OwnedStream const other;
  DeviceArray<float> const value(stream, {41});
  cuda::launch(stream, {"add_one", {1}, {1}}, add_one, value.data());
  EXPECT_EQ(value.values(other)[0], 41) << "before the other stream's kernel";
  OwnedEvent const event;
  cuda::record(event, stream);
  cuda::wait(other, event);
  EXPECT_EQ(value.values(other)[0], 42);
}

TEST_F(PlantedBug, SynchronisationOfACapture) {
  cuda::begin_capture(stream);
  EXPECT_TRUE(says(error_of_synchronization(), {"while a stream captures"}));
  EXPECT_TRUE(says(message_of<EmulationError>([&] { cuda::end_capture(stream); }),
                   {"a capture that is void", "synchronisation of the stream"}));
}

TEST_F(PlantedBug, AllocationInACapture) {
  cuda::begin_capture(stream);
  EXPECT_TRUE(says(message_of<EmulationError>([] { cuda::allocate(8); }),
                   {"allocation of 8 bytes while a stream captures"}));
  EXPECT_THROW(cuda::end_capture(stream), EmulationError);
}

}  // namespace
}  // namespace brink::test
