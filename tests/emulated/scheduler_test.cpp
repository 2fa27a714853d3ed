#include "tests/support/emulated/scheduler.hpp"

#include <cstdint>
#include <numeric>

#include "tests/emulated/support.hpp"

// Threads of correct kernels: what they compute does not depend on the order in which they run.

namespace brink::test {
namespace {

using emulated::Order;

class Scheduler : public InEveryOrder {
 protected:
  OwnedStream stream;
};
INSTANTIATE_TEST_SUITE_P(Orders, Scheduler, ::testing::ValuesIn(all_orders()), name_of_order);

__global__ void write_coordinates(unsigned* out) {
  unsigned const thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  unsigned const block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] += 1;
}

TEST_P(Scheduler, RunsEveryThreadOfEveryBlockOnce) {
  std::size_t const threads = 2 * 3 * 4 * 5 * 6 * 7;
  DeviceArray<unsigned> const out(stream, std::vector<unsigned>(threads, 0));
  cuda::launch(stream, {"write_coordinates", {2, 3, 4}, {5, 6, 7}}, write_coordinates, out.data());
  EXPECT_EQ(out.values(stream), std::vector<unsigned>(threads, 1));
}

__global__ void reverse_in_blocks(float const* in, float* out) {
  BRINK_DYNAMIC_SHARED(float, tile);
  unsigned const first = blockIdx.x * blockDim.x;
  tile[threadIdx.x] = in[first + threadIdx.x];
  __syncthreads();
  out[first + threadIdx.x] = tile[blockDim.x - 1 - threadIdx.x];
}

TEST_P(Scheduler, BarriersOrderSharedMemory) {
  unsigned const threads = 100;  // no multiple of a warp
  unsigned const blocks = 3;
  DeviceArray<float> const in(stream, counting<float>(blocks * threads));
  DeviceArray<float> const out(blocks * threads);
  cuda::launch(stream, {"reverse_in_blocks", {blocks}, {threads}, threads * sizeof(float)},
               reverse_in_blocks, in.data(), out.data());
  auto const result = out.values(stream);
  for (unsigned b = 0; b < blocks; ++b) {
    for (unsigned t = 0; t < threads; ++t) {
      EXPECT_EQ(result[b * threads + t], static_cast<float>((b + 1) * threads - 1 - t));
    }
  }
}

/// Prefix sums of a block, with two barriers in every round.
__global__ void scan_block(int* values) {
  BRINK_SHARED(int, sums, 256);
  unsigned const t = threadIdx.x;
  sums[t] = values[t];
  __syncthreads();
  for (unsigned distance = 1; distance < blockDim.x; distance *= 2) {
    int const other = t >= distance ? sums[t - distance] : 0;
    __syncthreads();
    sums[t] += other;
    __syncthreads();
  }
  values[t] = sums[t];
}

TEST_P(Scheduler, BarriersInLoops) {
  auto expected = counting<int>(200);
  DeviceArray<int> const values(stream, expected);
  cuda::launch(stream, {"scan_block", {1}, {200}}, scan_block, values.data());
  std::partial_sum(expected.begin(), expected.end(), expected.begin());
  EXPECT_EQ(values.values(stream), expected);
}

template <class T>
__device__ T* own_array() {
  BRINK_SHARED(T, of_type, 32);
  return of_type;
}

__global__ void place_arrays(int* differences) {
  BRINK_SHARED(float, first, 4);
  BRINK_SHARED(float, second, 4);
  BRINK_DYNAMIC_SHARED(double, dynamic);
  float* const of_float = own_array<float>();
  int* const of_int = own_array<int>();
  if (threadIdx.x != 0) return;
  void const* const places[] = {first, second, dynamic, of_float, of_int};
  int different = 0;
  for (void const* a : places) {
    for (void const* b : places) different += a != b;
  }
  differences[blockIdx.x] = own_array<float>() == of_float ? different : -1;
}

TEST_P(Scheduler, EveryDeclarationOfSharedMemoryIsAnArrayOfItsOwn) {
  DeviceArray<int> const differences(2);
  cuda::launch(stream, {"place_arrays", {2}, {33}, 64}, place_arrays, differences.data());
  EXPECT_EQ(differences.values(stream), (std::vector<int>{20, 20}));
}

__global__ void shuffle_all(double* out) {
  unsigned const all = ~0u;
  int const lane = static_cast<int>(threadIdx.x);
  double const value = 100.0 + lane;
  double* const mine = out + 6 * threadIdx.x;
  mine[0] = __shfl_sync(all, value, 5);
  mine[1] = __shfl_sync(all, value, lane + 3, 8);
  mine[2] = __shfl_up_sync(all, value, 2, 16);
  mine[3] = __shfl_down_sync(all, value, 7);
  mine[4] = __shfl_xor_sync(all, value, 9);
  mine[5] = static_cast<double>(__shfl_xor_sync(all, static_cast<float>(value), 4, 4));
}

TEST_P(Scheduler, ShufflesTakeTheValueOfTheirLane) {
  DeviceArray<double> const out(6 * 32);
  cuda::launch(stream, {"shuffle_all", {1}, {32}}, shuffle_all, out.data());
  auto const result = out.values(stream);
  for (int lane = 0; lane < 32; ++lane) {
    SCOPED_TRACE(lane);
    int const in_segment = lane / 8 * 8 + (lane + 3) % 8;
    EXPECT_EQ(result[6 * lane], 105);
    EXPECT_EQ(result[6 * lane + 1], 100 + in_segment);
    EXPECT_EQ(result[6 * lane + 2], 100 + (lane % 16 < 2 ? lane : lane - 2));
    EXPECT_EQ(result[6 * lane + 3], 100 + (lane + 7 < 32 ? lane + 7 : lane));
    EXPECT_EQ(result[6 * lane + 4], 100 + (lane ^ 9));
    // Bit 4 leads into the next segment of 4, which is out of reach, or into an earlier one.
    EXPECT_EQ(result[6 * lane + 5], 100 + ((lane & 4) != 0 ? lane - 4 : lane));
  }
}

/// The lower and the upper lanes of a warp do different work.
__global__ void vote_in_parts(unsigned* out) {
  unsigned const lane = threadIdx.x % 32;
  unsigned* const mine = out + 4 * threadIdx.x;
  if (lane < 12) {
    unsigned const mask = 0xfffu;
    mine[0] = __ballot_sync(mask, lane % 3 == 0);
    mine[1] = static_cast<unsigned>(__any_sync(mask, lane == 7));
    mine[2] = static_cast<unsigned>(__all_sync(mask, lane < 12));
    mine[3] = __shfl_sync(mask, lane, 11);
  } else {
    unsigned const mask = 0xfffff000u;
    mine[0] = __ballot_sync(mask, lane % 2 == 0);
    mine[1] = static_cast<unsigned>(__any_sync(mask, lane == 7));
    mine[2] = static_cast<unsigned>(__all_sync(mask, lane != 20));
    mine[3] = __shfl_down_sync(mask, lane, 1);
  }
}

TEST_P(Scheduler, WarpOperationsWorkOnPartsOfAWarp) {
  DeviceArray<unsigned> const out(4 * 64);
  cuda::launch(stream, {"vote_in_parts", {1}, {64}}, vote_in_parts, out.data());
  auto const result = out.values(stream);
  for (unsigned thread = 0; thread < 64; ++thread) {
    unsigned const lane = thread % 32;
    bool const low = lane < 12;
    std::vector<unsigned> const mine(result.begin() + 4 * thread, result.begin() + 4 * thread + 4);
    std::vector<unsigned> const expected =
        low ? std::vector<unsigned>{0x249, 1, 1, 11}
            : std::vector<unsigned>{0x55555000, 0, 0, lane == 31 ? 31 : lane + 1};
    EXPECT_EQ(mine, expected) << thread;
  }
}

__global__ void exchange_in_warp(int* out) {
  BRINK_SHARED(int, values, 64);
  unsigned const warp_first = threadIdx.x / 32 * 32;
  values[threadIdx.x] = static_cast<int>(threadIdx.x);
  __syncwarp();
  out[threadIdx.x] = values[warp_first + (threadIdx.x + 1) % 32];
}

TEST_P(Scheduler, SyncwarpOrdersSharedMemoryOfAWarp) {
  DeviceArray<int> const out(64);
  cuda::launch(stream, {"exchange_in_warp", {1}, {64}}, exchange_in_warp, out.data());
  auto const result = out.values(stream);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(result[i], i / 32 * 32 + (i + 1) % 32);
}

template <class T>
struct AtomicResults {
  T sum, largest, smallest;
};

__global__ void update_atomically(AtomicResults<int>* ints,
                                  AtomicResults<unsigned long long>* longs, float* float_sum,
                                  double* double_sum, unsigned* exchanged, unsigned* swapped) {
  int const i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  atomicAdd(&ints->sum, -i);
  atomicMax(&ints->largest, i - 10);
  atomicMin(&ints->smallest, i - 10);
  atomicAdd(&longs->sum, (1ull << 40) + i);
  atomicMax(&longs->largest, (1ull << 40) + i);
  atomicMin(&longs->smallest, (1ull << 40) + i);
  atomicAdd(float_sum, 0.5f);
  atomicAdd(double_sum, 0.25);
  // Every value of the chain 1, 2, …, n is handed on once.
  atomicAdd(exchanged + 1, atomicExch(exchanged, i + 1));
  unsigned seen = swapped[1 + i];
  while (true) {
    unsigned const found = atomicCAS(swapped, seen, seen + 2);
    if (found == seen) break;
    seen = found;
  }
}

TEST_P(Scheduler, AtomicOperations) {
  unsigned const n = 128;
  DeviceArray<AtomicResults<int>> const ints(stream, {{0, -1000, 1000}});
  DeviceArray<AtomicResults<unsigned long long>> const longs(stream, {{0, 0, ~0ull}});
  DeviceArray<float> const float_sum(stream, {0});
  DeviceArray<double> const double_sum(stream, {0});
  DeviceArray<unsigned> const exchanged(stream, {0, 0});
  DeviceArray<unsigned> const swapped(stream, std::vector<unsigned>(1 + n, 0));
  cuda::launch(stream, {"update_atomically", {2}, {64}}, update_atomically, ints.data(),
               longs.data(), float_sum.data(), double_sum.data(), exchanged.data(), swapped.data());
  auto const of_ints = ints.values(stream)[0];
  EXPECT_EQ(of_ints.sum, -8128);
  EXPECT_EQ(of_ints.largest, 117);
  EXPECT_EQ(of_ints.smallest, -10);
  auto const of_longs = longs.values(stream)[0];
  EXPECT_EQ(of_longs.sum, (128ull << 40) + 8128);
  EXPECT_EQ(of_longs.largest, (1ull << 40) + 127);
  EXPECT_EQ(of_longs.smallest, 1ull << 40);
  EXPECT_EQ(float_sum.values(stream)[0], 64);
  EXPECT_EQ(double_sum.values(stream)[0], 32);
  auto const chain = exchanged.values(stream);
  EXPECT_EQ(chain[0] + chain[1], n * (n + 1) / 2);
  EXPECT_EQ(swapped.values(stream)[0], 2 * n);
}

/// The block that comes last adds up what all have left.
__global__ void sum_by_last_block(double const* x, unsigned count, double* of_block,
                                  unsigned* arrivals, double* sum) {
  BRINK_SHARED(double, of_warp, 32);
  BRINK_SHARED(bool, is_last, 1);
  auto const sum_block = [&](double value) {
    for (unsigned distance = 16; distance > 0; distance /= 2) {
      value += __shfl_down_sync(~0u, value, distance);
    }
    if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = value;
    __syncthreads();
    double total = 0;
    for (unsigned w = 0; w < blockDim.x / 32; ++w) total += of_warp[w];
    __syncthreads();
    return total;
  };
  unsigned const i = blockIdx.x * blockDim.x + threadIdx.x;
  double const total = sum_block(i < count ? x[i] : 0);
  if (threadIdx.x == 0) {
    of_block[blockIdx.x] = total;
    __threadfence();
    is_last[0] = atomicAdd(arrivals, 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last[0]) return;
  double const all = sum_block(threadIdx.x < gridDim.x ? of_block[threadIdx.x] : 0);
  if (threadIdx.x == 0) {
    *sum = all;
    *arrivals = 0;
  }
}

TEST_P(Scheduler, LastBlockReduction) {
  unsigned const count = 1000;
  unsigned const blocks = cuda::blocks_for(count, 64);
  DeviceArray<double> const x(stream, counting<double>(count));
  DeviceArray<double> const of_block(blocks);
  DeviceArray<unsigned> const arrivals(stream, {0});
  DeviceArray<double> const sum(1);
  for (int repeat = 0; repeat < 2; ++repeat) {
    cuda::launch(stream, {"sum_by_last_block", {blocks}, {64}}, sum_by_last_block, x.data(), count,
                 of_block.data(), arrivals.data(), sum.data());
    EXPECT_EQ(sum.values(stream)[0], 499500);
  }
}

__global__ void note_order(unsigned* next, unsigned* order) {
  order[atomicAdd(next, 1)] = blockIdx.x * blockDim.x + threadIdx.x;
}

std::vector<unsigned> order_of_threads() {
  OwnedStream const stream;
  DeviceArray<unsigned> const next(stream, {0});
  DeviceArray<unsigned> const order(4 * 40);
  cuda::launch(stream, {"note_order", {4}, {40}}, note_order, next.data(), order.data());
  return order.values(stream);
}

TEST_P(Scheduler, OrderIsAsAskedFor) {
  auto const noted = order_of_threads();
  auto expected = counting<unsigned>(160);
  if (GetParam() == Order::reverse) std::reverse(expected.begin(), expected.end());
  if (GetParam() != Order::random) {
    EXPECT_EQ(noted, expected);
    return;
  }
  EXPECT_NE(noted, expected);
  EXPECT_TRUE(std::is_permutation(noted.begin(), noted.end(), expected.begin()));
  emulated::set_order(Order::random, 1);
  EXPECT_EQ(order_of_threads(), noted) << "the seed decides";
  emulated::set_order(Order::random, 2);
  EXPECT_NE(order_of_threads(), noted);
}

__global__ void count_bits(unsigned const* x, int* out) {
  out[3 * threadIdx.x] = __popc(x[threadIdx.x]);
  out[3 * threadIdx.x + 1] = __ffs(static_cast<int>(x[threadIdx.x]));
  out[3 * threadIdx.x + 2] = __clz(static_cast<int>(x[threadIdx.x]));
}

TEST_P(Scheduler, BitCounts) {
  DeviceArray<unsigned> const x(stream, {0, 1, 0x80000000u, 0xf0});
  DeviceArray<int> const out(12);
  cuda::launch(stream, {"count_bits", {1}, {4}}, count_bits, x.data(), out.data());
  EXPECT_EQ(out.values(stream), (std::vector<int>{0, 0, 32, 1, 1, 31, 1, 32, 0, 4, 5, 24}));
}

__global__ void swap_halves(float4* x) {
  float2 const low = make_float2(x[threadIdx.x].x, x[threadIdx.x].y);
  x[threadIdx.x] = make_float4(x[threadIdx.x].z, x[threadIdx.x].w, low.x, low.y);
}

TEST_P(Scheduler, VectorTypesHaveTheAlignmentOfCuda) {
  static_assert(alignof(float2) == 8 && alignof(int2) == 8);
  static_assert(alignof(float4) == 16 && alignof(double2) == 16);
  DeviceArray<float> const x(stream, counting<float>(8));
  cuda::launch(stream, {"swap_halves", {1}, {2}}, swap_halves, reinterpret_cast<float4*>(x.data()));
  EXPECT_EQ(x.values(stream), (std::vector<float>{2, 3, 0, 1, 6, 7, 4, 5}));
}

__global__ void throw_in_thread(int* out) {
  __syncthreads();
  if (threadIdx.x == 40 && blockIdx.x == 1) throw std::runtime_error("thread 40");
  __syncthreads();
  out[threadIdx.x] = 1;
}

TEST_P(Scheduler, IsUsableAfterAnException) {
  DeviceArray<int> const out(64);
  for (int repeat = 0; repeat < 3; ++repeat) {
    cuda::launch(stream, {"throw_in_thread", {2}, {64}}, throw_in_thread, out.data());
    EXPECT_EQ(message_of<std::runtime_error>([&] { cuda::synchronize(stream); }), "thread 40");
    auto expected = counting<int>(64);
    DeviceArray<int> const values(stream, expected);
    cuda::launch(stream, {"scan_block", {1}, {64}}, scan_block, values.data());
    std::partial_sum(expected.begin(), expected.end(), expected.begin());
    EXPECT_EQ(values.values(stream), expected);
  }
}

__global__ void add_index(int* values, Index size, int factor) {
  for (Index i = blockIdx.x * Index(blockDim.x) + threadIdx.x; i < size;
       i += Index(gridDim.x) * blockDim.x) {
    factor *= 1;  // a parameter is the thread's own
    values[i] += factor * static_cast<int>(i);
  }
}

TEST_P(Scheduler, ManyThreadsThatNeverWait) {
  Index const size = 100'000;
  DeviceArray<int> const values(stream, std::vector<int>(size, 7));
  cuda::launch(stream, {"add_index", {64}, {1024}}, add_index, values.data(), size, 3);
  auto const result = values.values(stream);
  for (Index i = 0; i < size; ++i) ASSERT_EQ(result[i], 7 + 3 * i);
}

}  // namespace
}  // namespace brink::test
