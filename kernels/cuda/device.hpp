#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "kernels/memory.hpp"

// The thin host functions through which the backend uses the CUDA runtime. Native bodies are in
// native.cpp; the emulated device of the tests has its own. Each throws MachineError that names the
// call, its sizes and the reason.

namespace brink::cuda {

struct Extent {
  unsigned x = 1, y = 1, z = 1;
};

/// Of a grid along y and z.
inline constexpr unsigned most_blocks_across = 65535;

/// A kernel's name, for messages, and the sizes that it is launched with.
struct LaunchShape {
  char const* kernel;
  Extent grid;
  Extent block;
  std::size_t shared_bytes = 0;  ///< dynamic shared memory
};

/// Operations queued on one stream run in their order.
struct Stream {
  void* handle = nullptr;
};
struct Event {
  void* handle = nullptr;
};
/// Operations that were captured from a stream, to be queued again as one.
struct Graph {
  void* handle = nullptr;
};

struct DeviceProperties {
  std::string name;
  int capability_major = 0, capability_minor = 0;
  int multiprocessors = 0;
  std::size_t memory = 0;  ///< bytes, in all
  /// Products of float32 matrices of at least so many operations are faster on warp groups.
  double warpgroup_operations = std::numeric_limits<double>::infinity();
};

/// The same in one line: name, capability, memory.
std::string device_details(DeviceProperties const& properties);

/// 0 where there is no driver.
int device_count();
DeviceProperties device_properties(int device);
/// Makes `device` that of the calling thread.
void use_device(int device);
/// Versions of driver, runtime and libraries, one line.
std::string device_libraries();

/// Device memory, 256-byte aligned.
void* allocate(std::size_t bytes);
void release(void* memory) noexcept;
/// Of the calling thread's device. What is available is less what the driver and libraries may yet
/// take for themselves.
MemoryState memory_state();
/// Host memory that copies to and from the device need not wait for.
void* allocate_pinned(std::size_t bytes);
void release_pinned(void* memory) noexcept;

Stream make_stream();
void destroy(Stream stream) noexcept;
void synchronize(Stream stream);

// Queued on the stream. Host memory is left alone until the stream has been synchronised, unless it
// is pageable: then it may be used again at once.
void upload(Stream stream, void* to, void const* host, std::size_t bytes);
void download(Stream stream, void* host, void const* from, std::size_t bytes);
void copy(Stream stream, void* to, void const* from, std::size_t bytes);
void fill_zero(Stream stream, void* memory, std::size_t bytes);

Event make_event();
void destroy(Event event) noexcept;
void record(Event event, Stream stream);
void wait(Stream stream, Event event);  ///< what is queued afterwards runs after the event
void synchronize(Event event);
double milliseconds(Event first, Event last);

void begin_capture(Stream stream);
Graph end_capture(Stream stream);
void abandon_capture(Stream stream) noexcept;
void launch(Stream stream, Graph graph);
void destroy(Graph graph) noexcept;

// For `launch` of kernels, in portable.hpp.
void allow_shared_memory(LaunchShape const& shape, void const* kernel);
void check_launch(LaunchShape const& shape, int status);

/// ⌈count / size⌉
inline unsigned blocks_for(Index count, Index size) {
  return static_cast<unsigned>((count + size - 1) / size);
}

}  // namespace brink::cuda
