#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "kernels/error.hpp"
#include "kernels/view.hpp"

// What tests ask of the emulated device: in which order its threads run, what is to fail, and what
// it has seen. README.md says what it does.

namespace brink::emulated {

/// Code that uses the device wrongly: a kernel that breaks a rule of CUDA, or host code that breaks
/// one of the runtime. The message names kernel, block, thread, file and line where there are any.
class EmulationError : public MachineError {
 public:
  using MachineError::MachineError;
};

/// In which order blocks, and the threads of a block that can go on, are run. At first it is what
/// BRINK_EMULATED_ORDER says (`forward`, `reverse`, `random` or `random:SEED`), else forward.
enum class Order { forward, reverse, random };
void set_order(Order order, std::uint64_t seed = 0);

/// Memory of the device in bytes; allocations beyond it fail. 1 GiB at first.
void set_memory(std::size_t bytes);
/// 0 for a machine without a device. 1 at first.
void set_device_count(int count);
/// From how many operations on products are made by warp groups. 30000 at first.
void set_warpgroup_operations(double operations);

// What is to fail, counted from the call on: 1 is the next.
void fail_allocation(Index nth);  ///< of device or pinned memory
void fail_launch(Index nth);      ///< of a kernel or a graph
void lose_device(Index nth);      ///< this operation and all after it fail

/// What has happened since the start or the last `reset`.
struct Counts {
  std::map<std::string, Index> kernels;  ///< how often each was run, by name
  Index allocations = 0;                 ///< calls, of device or pinned memory
  Index launches = 0;                    ///< calls, of a kernel or a graph
  Index operations = 0;                  ///< calls that `lose_device` counts
  std::size_t live_bytes = 0;            ///< of device memory, now
  std::size_t peak_bytes = 0;
};
Counts counts();

/// Forgets counts and injected failures, finds a lost device again, and returns to the memory,
/// device count and order of the start. What is allocated or queued stays.
void reset();

/// Throws EmulationError for what could not be reported where it happened (in a destructor), or
/// else for memory, streams, events, graphs, handles of libraries and communicators that still
/// exist.
void check_clean();

/// How this library was built.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

#ifdef BRINK_EMULATED_RACES
inline constexpr bool race_checked = true;
#else
inline constexpr bool race_checked = false;
#endif

}  // namespace brink::emulated
