#pragma once

#include <functional>
#include <string>

#include "kernels/cuda/device.hpp"

// The runtime as the emulated libraries use it.

namespace brink::emulated {

/// A stream's operation. Graphs run the same one again and again.
struct Operation {
  std::function<void()> check;  ///< called when it is queued; throws where it cannot run
  std::function<void()> run;
};

/// Queues an operation, or captures it. `name` is what messages call it.
void queue(cuda::Stream stream, std::string const& name, Operation operation);

/// Throws EmulationError, which `user` begins, unless the range is device memory.
void check_device_memory(std::string const& user, void const* memory, std::size_t bytes);

/// Keeps count, for leaks, of handles that another library has made.
void count_handles(char const* kind, int change);

}  // namespace brink::emulated
