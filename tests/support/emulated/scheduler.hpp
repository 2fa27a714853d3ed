#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/cuda/device.hpp"
#include "tests/support/emulated/site.hpp"

namespace brink::emulated {

struct Coordinates {
  unsigned x, y, z;
};

// Of the thread that runs, for threadIdx and its like.
extern Coordinates thread_index;
extern Coordinates block_index;
extern Coordinates block_size;
extern Coordinates grid_size;

/// A kernel with its arguments, and the sizes that it is run with.
struct Kernel {
  std::string name;
  cuda::Extent grid;
  cuda::Extent block;
  std::size_t shared_bytes;
  std::function<void()> body;  ///< what each thread runs
};

/// Runs a kernel to its end: one block after the other, and in each the threads, one until it
/// waits, then the next. Throws EmulationError for the first rule that a thread breaks, after which
/// the rest of the kernel is abandoned; so it is with whatever else a thread throws.
void run(Kernel const& kernel);

/// The kernel, block and thread that run, for messages; empty outside of kernels.
std::string running_thread();
/// A thread of it, by number of its block and in its block.
std::string describe_thread(std::uint32_t block, unsigned thread);
/// Throws EmulationError that says so of the thread that runs.
[[noreturn]] void fail_thread(Site site, std::string const& what);
/// The same from where nothing can be thrown: the thread never goes on.
[[noreturn]] void stop_thread(std::string const& what);

// What a thread calls, through device.hpp.

void barrier(Site site);

struct WarpResult {
  std::uint64_t value;  ///< of the source lane
  unsigned ballot;      ///< the lanes whose value is not 0
};
/// Waits for the other lanes of `mask` to make the same call, then gives each the value of its
/// `source` lane.
WarpResult warp_operation(char const* name, unsigned mask, std::uint64_t value, unsigned source,
                          Site site);
/// The caller's place in its warp.
unsigned lane();
/// A row of a matrix whose fragments the lanes of a warp have: `fragment` of lane 4g + t are its
/// entries (g, t), (g + 8, t), (g, t + 4) and (g + 8, t + 4), and the caller gets rows g and g + 8.
void gather_rows(char const* name, float const (&fragment)[4], float (&rows)[2][8], Site site);

/// A copy from global to shared memory that has begun.
struct PendingCopy {
  float* to;
  float const* from;
  int numbers;  ///< from, or 0 if there is no `from`
};
/// Those of the thread that runs, by their groups; the last one is still open.
std::vector<std::vector<PendingCopy>>& pending_copies();

void fence();

/// Reads what an atomic operation is to change.
void begin_atomic(void* value, void const* address, std::size_t bytes, Site site);
/// Writes what it has become.
void end_atomic(void* address, void const* value, std::size_t bytes);

/// The block's array for one declaration, which `declaration` stands for.
void* shared_array(void const* declaration, char const* name, std::size_t bytes, Site site);
void* dynamic_shared_memory();

/// Limits of the device.
inline constexpr std::size_t static_shared_bytes = 48 * 1024;
inline constexpr std::size_t shared_bytes_limit = 227 * 1024;
inline constexpr unsigned block_threads_limit = 1024;
inline constexpr unsigned warp_size = 32;

}  // namespace brink::emulated
