// device.hpp on the CUDA runtime.
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>

#include "kernels/cuda/device.hpp"
#include "kernels/error.hpp"

namespace brink::cuda {
namespace {

void check(cudaError_t status, std::string const& call) {
  if (status == cudaSuccess) return;
  throw MachineError(
      fmt::format("CUDA: {}: {} ({})", call, cudaGetErrorString(status), cudaGetErrorName(status)));
}

/// What may be taken beside what is asked for: cuBLAS's workspace (32 MiB on capability 9.0), the
/// code of kernels, which is loaded with their first launch, graphs, and what is lost as memory
/// comes in pieces of 2 MiB. An allowance from their documentation, not measured.
constexpr std::size_t reserve = std::size_t{256} << 20;

/// Measured on an H200: a layer of 200 units on as many inputs takes 5.9 µs and 14 µs for 5,000
/// examples, 4e8 operations, where a tiled product takes 20 µs.
constexpr double warpgroup_operations = 2e8;

MemoryState device_memory() {
  MemoryState state{0, 0};
  check(cudaMemGetInfo(&state.available, &state.total), "ask for the available memory");
  return state;
}

cudaStream_t native(Stream stream) {
  return static_cast<cudaStream_t>(stream.handle);
}
cudaEvent_t native(Event event) {
  return static_cast<cudaEvent_t>(event.handle);
}
cudaGraphExec_t native(Graph graph) {
  return static_cast<cudaGraphExec_t>(graph.handle);
}

std::string version(int number) {
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

}  // namespace

int device_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    cudaGetLastError();  // so that later calls do not find it
    return 0;
  }
  return count;
}

DeviceProperties device_properties(int device) {
  cudaDeviceProp found;
  check(cudaGetDeviceProperties(&found, device), fmt::format("properties of device {}", device));
  DeviceProperties properties;
  properties.name = found.name;
  properties.capability_major = found.major;
  properties.capability_minor = found.minor;
  properties.multiprocessors = found.multiProcessorCount;
  properties.memory = found.totalGlobalMem;
  if (BRINK_HAS_SM_90A && found.major == 9 && found.minor == 0) {
    properties.warpgroup_operations = warpgroup_operations;
  }
  return properties;
}

void use_device(int device) {
  check(cudaSetDevice(device), fmt::format("use device {}", device));
}

std::string device_libraries() {
  int driver = 0;
  int runtime = 0;
  bool const found = cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0;
  check(cudaRuntimeGetVersion(&runtime), "version of the runtime");
  return fmt::format("CUDA runtime {}, {}", version(runtime),
                     found ? "driver for CUDA " + version(driver) : "no driver");
}

void* allocate(std::size_t bytes) {
  void* memory = nullptr;
  cudaError_t const status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw MachineError(fmt::format("CUDA: cannot allocate {} bytes: the device has {} left", bytes,
                                   device_memory().available));
  }
  check(status, fmt::format("allocate {} bytes", bytes));
  return memory;
}

void release(void* memory) noexcept {
  cudaFree(memory);
}

MemoryState memory_state() {
  MemoryState state = device_memory();
  state.available -= std::min(state.available, reserve);
  return state;
}

void* allocate_pinned(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMallocHost(&memory, bytes), fmt::format("allocate {} pinned bytes", bytes));
  return memory;
}

void release_pinned(void* memory) noexcept {
  cudaFreeHost(memory);
}

Stream make_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "make a stream");
  return {stream};
}

void destroy(Stream stream) noexcept {
  cudaStreamDestroy(native(stream));
}

void synchronize(Stream stream) {
  check(cudaStreamSynchronize(native(stream)), "wait for the stream");
}

void upload(Stream stream, void* to, void const* host, std::size_t bytes) {
  check(cudaMemcpyAsync(to, host, bytes, cudaMemcpyHostToDevice, native(stream)),
        fmt::format("copy {} bytes to the device", bytes));
}

void download(Stream stream, void* host, void const* from, std::size_t bytes) {
  check(cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, native(stream)),
        fmt::format("copy {} bytes from the device", bytes));
}

void copy(Stream stream, void* to, void const* from, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, native(stream)),
        fmt::format("copy {} bytes on the device", bytes));
}

void fill_zero(Stream stream, void* memory, std::size_t bytes) {
  check(cudaMemsetAsync(memory, 0, bytes, native(stream)),
        fmt::format("zero {} bytes on the device", bytes));
}

Event make_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event), "make an event");
  return {event};
}

void destroy(Event event) noexcept {
  cudaEventDestroy(native(event));
}

void record(Event event, Stream stream) {
  check(cudaEventRecord(native(event), native(stream)), "record an event");
}

void wait(Stream stream, Event event) {
  check(cudaStreamWaitEvent(native(stream), native(event)), "let a stream wait for an event");
}

void synchronize(Event event) {
  check(cudaEventSynchronize(native(event)), "wait for an event");
}

double milliseconds(Event first, Event last) {
  float elapsed = 0;
  check(cudaEventElapsedTime(&elapsed, native(first), native(last)), "time between two events");
  return elapsed;
}

void begin_capture(Stream stream) {
  check(cudaStreamBeginCapture(native(stream), cudaStreamCaptureModeThreadLocal),
        "begin to capture a graph");
}

Graph end_capture(Stream stream) {
  cudaGraph_t captured = nullptr;
  check(cudaStreamEndCapture(native(stream), &captured), "capture a graph");
  cudaGraphExec_t graph = nullptr;
  cudaError_t const status = cudaGraphInstantiate(&graph, captured, 0);
  cudaGraphDestroy(captured);
  check(status, "make a graph from what was captured");
  return {graph};
}

void abandon_capture(Stream stream) noexcept {
  cudaGraph_t captured = nullptr;
  cudaStreamEndCapture(native(stream), &captured);
  if (captured != nullptr) cudaGraphDestroy(captured);
}

void launch(Stream stream, Graph graph) {
  check(cudaGraphLaunch(native(graph), native(stream)), "launch a graph");
}

void destroy(Graph graph) noexcept {
  cudaGraphExecDestroy(native(graph));
}

void allow_shared_memory(LaunchShape const& shape, void const* kernel) {
  constexpr std::size_t without_asking = 48 * 1024;
  if (shape.shared_bytes <= without_asking) return;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(shape.shared_bytes)),
        fmt::format("{}: {} bytes of shared memory", shape.kernel, shape.shared_bytes));
}

void check_launch(LaunchShape const& shape, int status) {
  if (status == cudaSuccess) return;
  check(static_cast<cudaError_t>(status),
        fmt::format("kernel {} (grid {} x {} x {}, block {} x {} x {}, {} bytes of dynamic shared "
                    "memory)",
                    shape.kernel, shape.grid.x, shape.grid.y, shape.grid.z, shape.block.x,
                    shape.block.y, shape.block.z, shape.shared_bytes));
}

}  // namespace brink::cuda
