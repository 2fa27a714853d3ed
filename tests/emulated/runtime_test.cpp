#include <cstdint>
#include <memory>

#include "kernels/cuda/blas.hpp"
#include "kernels/cuda/device_wide.hpp"
#include "tests/emulated/support.hpp"

// Streams, events, graphs, BLAS, device-wide counts, and failures on demand.

namespace brink::test {
namespace {

class EmulatedRuntime : public OnEmulatedDevice<::testing::Test> {
 protected:
  OwnedStream stream;
};

__global__ void scale_and_shift(float* x, float factor, float shift) {
  *x = *x * factor + shift;
}

void queue_update(cuda::Stream stream, float* x, float factor, float shift) {
  cuda::launch(stream, {"scale_and_shift", {1}, {1}}, scale_and_shift, x, factor, shift);
}

// What is queued runs when somebody waits for it, and no earlier.

TEST_F(EmulatedRuntime, OperationsOfAStreamRunInTheirOrder) {
  DeviceArray<float> const x(stream, {1});
  DeviceArray<float> const y(1);
  queue_update(stream, x.data(), 2, 1);
  cuda::copy(stream, y.data(), x.data(), x.bytes());
  cuda::fill_zero(stream, x.data(), x.bytes());
  queue_update(stream, x.data(), 1, 5);
  EXPECT_EQ(x.values(stream)[0], 5);
  EXPECT_EQ(y.values(stream)[0], 3);
}

TEST_F(EmulatedRuntime, KernelsWaitForASynchronisation) {
  DeviceArray<float> const x(stream, {1});
  queue_update(stream, x.data(), 2, 1);
  EXPECT_TRUE(emulated::counts().kernels.empty());
  cuda::synchronize(stream);
  EXPECT_EQ(emulated::counts().kernels.at("scale_and_shift"), 1);
}

TEST_F(EmulatedRuntime, ArgumentsAreThoseOfTheLaunch) {
  DeviceArray<float> const x(stream, {1});
  float shift = 1;
  queue_update(stream, x.data(), 1, shift);
  shift = 100;
  EXPECT_EQ(x.values(stream)[0], 2);
}

TEST_F(EmulatedRuntime, PinnedMemoryIsReadWhenItsTurnComes) {
  DeviceArray<float> const x(1);
  Pinned<float> const host;
  *host = 1;
  cuda::upload(stream, x.data(), host.data(), x.bytes());
  *host = 2;
  EXPECT_EQ(x.values(stream)[0], 2) << "it was changed before the stream came to it";
}

TEST_F(EmulatedRuntime, PageableMemoryMayBeUsedAgainAtOnce) {
  DeviceArray<float> const x(1);
  float host = 1;
  cuda::upload(stream, x.data(), &host, x.bytes());
  host = 2;
  EXPECT_EQ(x.values(stream)[0], 1);
}

TEST_F(EmulatedRuntime, ReleaseWaitsForEverything) {
  auto x = std::make_unique<DeviceArray<float>>(stream, std::vector<float>{1});
  Pinned<float> const host;
  queue_update(stream, x->data(), 2, 1);
  cuda::download(stream, host.data(), x->data(), x->bytes());
  x.reset();
  EXPECT_EQ(*host, 3);
}

TEST_F(EmulatedRuntime, DestroyedStreamsRunToTheirEnd) {
  DeviceArray<float> const x(stream, {1});
  {
    OwnedStream const other;
    queue_update(other, x.data(), 2, 1);
  }
  EXPECT_EQ(x.values(stream)[0], 3);
}

TEST_F(EmulatedRuntime, EventsOrderStreams) {
  OwnedStream const other;
  OwnedEvent const event;
  DeviceArray<float> const x(stream, {1});
  queue_update(stream, x.data(), 1, 1);
  cuda::record(event, stream);
  queue_update(stream, x.data(), 1, 100);
  cuda::wait(other, event);
  queue_update(other, x.data(), 10, 0);
  cuda::synchronize(other);
  EXPECT_EQ(x.values(other)[0], 20) << "what is queued behind the event has not run";
  EXPECT_EQ(x.values(stream)[0], 120);
}

TEST_F(EmulatedRuntime, AnEventThatWasNotRecordedHoldsNothingUp) {
  OwnedEvent const event;
  DeviceArray<float> const x(stream, {1});
  cuda::wait(stream, event);
  cuda::synchronize(event);
  EXPECT_EQ(x.values(stream)[0], 1);
}

TEST_F(EmulatedRuntime, SynchronisationOfAnEventStopsThere) {
  OwnedEvent const event;
  DeviceArray<float> const x(stream, {1});
  queue_update(stream, x.data(), 1, 1);
  cuda::record(event, stream);
  queue_update(stream, x.data(), 1, 1);
  cuda::synchronize(event);
  EXPECT_EQ(emulated::counts().kernels.at("scale_and_shift"), 1);
}

TEST_F(EmulatedRuntime, EventsTellTime) {
  OwnedEvent const first;
  OwnedEvent const last;
  cuda::record(first, stream);
  cuda::record(last, stream);
  EXPECT_THROW(cuda::milliseconds(first, last), emulated::EmulationError) << "not yet passed";
  cuda::synchronize(last);
  EXPECT_GE(cuda::milliseconds(first, last), 0);
  EXPECT_LE(cuda::milliseconds(last, first), 0);
}

TEST_F(EmulatedRuntime, GraphsRunWhatWasCaptured) {
  DeviceArray<float> const x(stream, {1});
  Pinned<float> const host;
  cuda::begin_capture(stream);
  queue_update(stream, x.data(), 2, 0);
  queue_update(stream, x.data(), 1, 1);
  cuda::download(stream, host.data(), x.data(), x.bytes());
  cuda::Graph const graph = cuda::end_capture(stream);
  EXPECT_EQ(x.values(stream)[0], 1) << "captured, not run";
  for (float const expected : {3.0f, 7.0f, 15.0f}) {
    cuda::launch(stream, graph);
    cuda::synchronize(stream);
    EXPECT_EQ(*host, expected);
  }
  EXPECT_EQ(emulated::counts().kernels.at("scale_and_shift"), 6);
  cuda::launch(stream, graph);
  cuda::destroy(graph);
  EXPECT_EQ(x.values(stream)[0], 31) << "what was queued outlives the graph";
}

TEST_F(EmulatedRuntime, PageableMemoryCannotBeCaptured) {
  DeviceArray<float> const x(stream, {1});
  cuda::begin_capture(stream);
  float host = 0;
  EXPECT_THROW(cuda::download(stream, &host, x.data(), x.bytes()), emulated::EmulationError);
  EXPECT_THROW(cuda::end_capture(stream), emulated::EmulationError);
}

TEST_F(EmulatedRuntime, AbandonedCapturesLeaveTheStreamAsItWas) {
  DeviceArray<float> const x(stream, {1});
  cuda::begin_capture(stream);
  queue_update(stream, x.data(), 2, 0);
  cuda::abandon_capture(stream);
  EXPECT_EQ(x.values(stream)[0], 1) << "forgotten, not run";
}

TEST_F(EmulatedRuntime, DestroyedHandlesAreErrors) {
  cuda::Event const event = cuda::make_event();
  cuda::destroy(event);
  EXPECT_THROW(cuda::record(event, stream), emulated::EmulationError);
  cuda::destroy(event);
  EXPECT_THROW(emulated::check_clean(), emulated::EmulationError);
}

TEST_F(EmulatedRuntime, WhatIsLeftIsNamed) {
  cuda::Event const event = cuda::make_event();
  cuda::Blas const blas = cuda::make_blas(stream);
  void* const pinned = cuda::allocate_pinned(8);
  EXPECT_EQ(message_of<emulated::EmulationError>([] { emulated::check_clean(); }),
            "leaked: 1 pinned allocation, 1 stream, 1 event, 1 BLAS handle; 0 bytes of device "
            "memory");
  cuda::release_pinned(pinned);
  cuda::destroy(blas);
  cuda::destroy(event);
}

// Memory.

TEST_F(EmulatedRuntime, MemoryIsLimited) {
  emulated::set_memory(1000);
  DeviceArray<char> const x(600);
  EXPECT_EQ(cuda::memory_state().available, 400u);
  EXPECT_EQ(message_of<MachineError>([] { cuda::allocate(401); }),
            "cannot allocate 401 bytes of device memory: 400 of 1000 bytes are available");
  DeviceArray<char> const y(400);
  EXPECT_EQ(emulated::counts().live_bytes, 1000u);
}

TEST_F(EmulatedRuntime, MemoryIsAlignedAndCounted) {
  {
    DeviceArray<char> const x(3);
    DeviceArray<char> const y(5);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(x.data()) % 256, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(y.data()) % 256, 0u);
  }
  DeviceArray<char> const none(0);
  EXPECT_EQ(emulated::counts().peak_bytes, 8u);
  EXPECT_EQ(emulated::counts().live_bytes, 0u);
  EXPECT_EQ(emulated::counts().allocations, 3);
}

TEST_F(EmulatedRuntime, Devices) {
  EXPECT_EQ(cuda::device_count(), 1);
  cuda::DeviceProperties const properties = cuda::device_properties(0);
  EXPECT_EQ(properties.name, "emulated device");
  EXPECT_EQ(properties.capability_major, 9);
  EXPECT_THROW(cuda::use_device(1), MachineError);
  emulated::set_device_count(0);
  EXPECT_THROW(cuda::use_device(0), MachineError);
}

// Failures on demand.

TEST_F(EmulatedRuntime, AnAllocationFails) {
  emulated::fail_allocation(2);
  DeviceArray<float> const x(4);
  EXPECT_EQ(message_of<MachineError>([] { cuda::allocate(16); }),
            "cannot allocate 16 bytes of device memory (injected): 1073741808 available");
  DeviceArray<float> const y(4);
  emulated::fail_allocation(1);
  EXPECT_THROW(cuda::allocate_pinned(16), MachineError);
}

TEST_F(EmulatedRuntime, ALaunchFailsAtItsCall) {
  DeviceArray<float> const x(stream, {1});
  emulated::fail_launch(2);
  queue_update(stream, x.data(), 2, 0);
  EXPECT_THROW(queue_update(stream, x.data(), 2, 0), MachineError);
  queue_update(stream, x.data(), 2, 0);
  EXPECT_EQ(x.values(stream)[0], 4);
  EXPECT_EQ(emulated::counts().launches, 3);
}

TEST_F(EmulatedRuntime, ALaunchOfAGraphFails) {
  cuda::begin_capture(stream);
  cuda::Graph const graph = cuda::end_capture(stream);
  emulated::fail_launch(1);
  EXPECT_THROW(cuda::launch(stream, graph), MachineError);
  cuda::launch(stream, graph);
  cuda::destroy(graph);
}

TEST_F(EmulatedRuntime, ALostDeviceStaysLost) {
  DeviceArray<float> const x(stream, {1});
  queue_update(stream, x.data(), 2, 0);
  emulated::lose_device(3);
  OwnedEvent const event;
  cuda::record(event, stream);
  EXPECT_EQ(message_of<MachineError>([&] { queue_update(stream, x.data(), 2, 0); }),
            "kernel scale_and_shift (grid 1 x 1 x 1, block 1 x 1 x 1, 0 bytes of dynamic shared "
            "memory): the device was lost (injected)");
  EXPECT_THROW(cuda::synchronize(stream), MachineError);
  EXPECT_THROW(cuda::synchronize(event), MachineError);
  EXPECT_THROW(cuda::allocate(8), MachineError);
  EXPECT_THROW(x.values(stream), MachineError);
  EXPECT_TRUE(emulated::counts().kernels.empty());
}

__global__ void wait_without_thread_0() {
  if (threadIdx.x > 0) __syncthreads();
}

TEST_F(EmulatedRuntime, ErrorsInKernelsComeWithTheNextSynchronisation) {
  DeviceArray<float> const x(stream, {1});
  cuda::launch(stream, {"wait_without_thread_0", {1}, {2}}, wait_without_thread_0);
  queue_update(stream, x.data(), 2, 0);
  EXPECT_THROW(cuda::synchronize(stream), emulated::EmulationError);
  EXPECT_EQ(x.values(stream)[0], 1) << "what was queued behind is dropped";
}

TEST_F(EmulatedRuntime, ErrorsInDestructorsAreKept) {
  cuda::launch(stream, {"wait_without_thread_0", {1}, {2}}, wait_without_thread_0);
  { DeviceArray<float> const x(1); }
  EXPECT_THROW(cuda::make_event(), emulated::EmulationError);
}

// BLAS.

template <class T>
std::vector<T> product(cuda::Stream stream, cuda::Blas blas, Transpose transpose_a,
                       std::vector<T> const& a, Transpose transpose_b, std::vector<T> const& b,
                       T beta, std::vector<T> const& out) {
  DeviceArray<T> const on_device_a(stream, a);
  DeviceArray<T> const on_device_b(stream, b);
  DeviceArray<T> const on_device_out(stream, out);
  Matrix<T const> const matrix_a = transpose_a == Transpose::no
                                       ? Matrix<T const>{on_device_a.data(), 2, 3}
                                       : Matrix<T const>{on_device_a.data(), 3, 2};
  Matrix<T const> const matrix_b = transpose_b == Transpose::no
                                       ? Matrix<T const>{on_device_b.data(), 3, 2}
                                       : Matrix<T const>{on_device_b.data(), 2, 3};
  // Rows of the result have a gap of one.
  cuda::gemm<T>(blas, Products::exact, transpose_a, matrix_a, transpose_b, matrix_b, beta,
                Matrix<T>{on_device_out.data(), 2, 2, 3});
  return on_device_out.values(stream);
}

template <class T>
void check_products(cuda::Stream stream, cuda::Blas blas) {
  std::vector<T> const a{1, 2, 3, 4, 5, 6};
  std::vector<T> const a_transposed{1, 4, 2, 5, 3, 6};
  std::vector<T> const b{1, 0, 2, 1, 0, 3};
  std::vector<T> const b_transposed{1, 2, 0, 0, 1, 3};
  std::vector<T> const out{10, 20, -1, 30, 40};
  std::vector<T> const expected{5, 11, -1, 14, 23};
  std::vector<T> const added{15, 31, -1, 44, 63};
  auto const no = Transpose::no;
  auto const yes = Transpose::yes;
  EXPECT_EQ(product<T>(stream, blas, no, a, no, b, 0, out), expected);
  EXPECT_EQ(product<T>(stream, blas, yes, a_transposed, no, b, 1, out), added);
  EXPECT_EQ(product<T>(stream, blas, no, a, yes, b_transposed, 1, out), added);
  EXPECT_EQ(product<T>(stream, blas, yes, a_transposed, yes, b_transposed, 0, out), expected);
}

TEST_F(EmulatedRuntime, Products) {
  cuda::Blas const blas = cuda::make_blas(stream);
  check_products<float>(stream, blas);
  check_products<double>(stream, blas);
  cuda::destroy(blas);
}

TEST_F(EmulatedRuntime, BatchedProducts) {
  cuda::Blas const blas = cuda::make_blas(stream);
  DeviceArray<double> const a(stream, {1, 2, 3, 4});
  DeviceArray<double> const b(stream, {10, 100});
  DeviceArray<double> const out(stream, {0, 0, 5, 0, 0});
  cuda::gemm_batched<double>(blas, Products::exact, 2, Transpose::no, {{a.data(), 2, 1}, 2},
                             Transpose::no, {{b.data(), 1, 1}, 1}, 0, {{out.data(), 2, 1}, 3});
  EXPECT_EQ(out.values(stream), (std::vector<double>{10, 20, 5, 300, 400}));
  EXPECT_THROW(
      cuda::gemm_batched<double>(blas, Products::exact, 3, Transpose::no, {{a.data(), 2, 1}, 2},
                                 Transpose::no, {{b.data(), 1, 1}, 0}, 0, {{out.data(), 2, 1}, 0}),
      emulated::EmulationError)
      << "the third A lies behind the memory";
  cuda::destroy(blas);
}

TEST_F(EmulatedRuntime, FactorsRoundToTf32WhereThatIsAllowed) {
  cuda::Blas const blas = cuda::make_blas(stream);
  // 1 + 2⁻¹¹ is a tie between 1 and 1 + 2⁻¹⁰, and 1 + 2⁻¹² rounds to 1.
  DeviceArray<float> const a(stream, {1 + 0x1p-11f, -1 - 0x1p-11f, 1 + 0x1p-12f, 1});
  DeviceArray<float> const b(stream, {1});
  DeviceArray<float> const out(4);
  auto const multiply = [&](Products products) {
    cuda::gemm<float>(blas, products, Transpose::no, {a.data(), 4, 1}, Transpose::no,
                      {b.data(), 1, 1}, 0, Matrix<float>{out.data(), 4, 1});
    return out.values(stream);
  };
  EXPECT_EQ(multiply(Products::exact), a.values(stream));
  EXPECT_EQ(multiply(Products::tf32), (std::vector<float>{1 + 0x1p-10f, -1 - 0x1p-10f, 1, 1}));
  EXPECT_EQ(multiply(Products::exact), a.values(stream));
  cuda::destroy(blas);
}

// Device-wide counts.

TEST_F(EmulatedRuntime, HistogramsLeaveOutWhatHasNoPlace) {
  cuda::Workspace room;
  DeviceArray<std::int16_t> const codes(stream, {2, -1, 0, 2, 3, 32767, -32768});
  DeviceArray<unsigned> const counts(stream, {7, 7, 7, 7});
  cuda::histogram<std::int16_t>(stream, room, {codes.data(), 7}, {counts.data(), 3});
  EXPECT_EQ(counts.values(stream), (std::vector<unsigned>{1, 0, 2, 7}));
  EXPECT_THROW(cuda::histogram<std::int16_t>(stream, room, {codes.data(), 8}, {counts.data(), 3}),
               emulated::EmulationError);
  EXPECT_THROW(cuda::histogram<std::int16_t>(stream, room, {codes.data(), 7}, {counts.data(), 5}),
               emulated::EmulationError);
}

TEST_F(EmulatedRuntime, SumsHave64Bits) {
  cuda::Workspace room;
  DeviceArray<std::uint32_t> const values(stream, {4'294'967'295u, 4'294'967'295u, 2});
  DeviceArray<unsigned long long> const total(1);
  cuda::sum(stream, room, {values.data(), 3}, total.data());
  EXPECT_EQ(total.values(stream), (std::vector<unsigned long long>{8'589'934'592ull}));
  EXPECT_THROW(cuda::sum(stream, room, {values.data(), 4}, total.data()), emulated::EmulationError);
}

}  // namespace
}  // namespace brink::test
