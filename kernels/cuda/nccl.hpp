#pragma once

#include <string>

#include "kernels/cuda/device.hpp"

// The thin host functions through which the backend uses NCCL. Native bodies are in
// native_nccl.cpp, or in nccl_absent.cpp where the build found no NCCL; the emulated device has its
// own. Each throws MachineError that names the call and the reason.

namespace brink::cuda {

/// "NCCL" and its version, or why there is none.
std::string nccl_library();

/// Which of the devices of all machines `device` is; empty where there is no NCCL.
std::string nccl_identity(int device);

/// Names processes that are to come together. Made by one of them, for all.
std::string make_nccl_meeting();

/// This process among those that have come together, with its device and stream.
struct Communicator {
  void* handle = nullptr;
};
/// Waits until all `size` processes call it. No two may have one device.
Communicator join(Stream stream, std::string const& meeting, int rank, int size);
/// `in_peace`: all processes do it, with nothing under way; otherwise others may wait in vain.
void leave(Communicator communicator, bool in_peace) noexcept;

// Queued on the communicator's stream. `bytes` are those of one slice.
/// Slice r of `slices` goes to process r; theirs come to `received`, in their order.
void exchange(Communicator communicator, void const* slices, void* received, std::size_t bytes);
/// Each process's own slice of `slices` to all others.
void gather(Communicator communicator, void* slices, std::size_t bytes);

}  // namespace brink::cuda
