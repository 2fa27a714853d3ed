#include "tests/support/emulated/runtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/support/emulated/allocations.hpp"
#include "tests/support/emulated/control.hpp"
#include "tests/support/emulated/device.hpp"
#include "tests/support/emulated/order.hpp"
#include "tests/support/emulated/pages.hpp"
#include "tests/support/emulated/poison.hpp"
#include "tests/support/emulated/scheduler.hpp"

namespace brink::emulated {

namespace {

using Clock = std::chrono::steady_clock;
using Lock = std::lock_guard<std::recursive_mutex>;

struct StreamState;

/// Where in a stream an event was recorded.
struct Mark {
  std::weak_ptr<StreamState> stream;
  std::optional<Clock::time_point> passed;
};

using Operations = std::vector<Operation>;

struct StreamState {
  std::deque<Operation> queue;
  std::shared_ptr<Operations> captured;  ///< while it captures
  std::string capture_error;             ///< what was done in between that a capture forbids
};

struct EventState {
  std::shared_ptr<Mark> mark;
};

struct GraphState {
  std::shared_ptr<Operations const> operations;
};

/// Objects by the handles that were given out for them, which are never given out again.
template <class State>
class Registry {
 public:
  explicit Registry(char const* kind) : kind_(kind) {}

  void* add(std::shared_ptr<State> state) {
    void* const handle = reinterpret_cast<void*>(++last_);
    states_.emplace(handle, std::move(state));
    return handle;
  }
  std::shared_ptr<State> const& at(void* handle) const {
    auto const found = states_.find(handle);
    if (found == states_.end()) {
      throw EmulationError(fmt::format("a {} that does not exist, or was destroyed", kind_));
    }
    return found->second;
  }
  void remove(void* handle) {
    at(handle);
    states_.erase(handle);
  }

  char const* kind() const { return kind_; }
  std::size_t size() const { return states_.size(); }
  auto begin() const { return states_.begin(); }
  auto end() const { return states_.end(); }

 private:
  char const* kind_;
  std::uintptr_t last_ = 0;
  std::unordered_map<void*, std::shared_ptr<State>> states_;
};

/// Counts calls down to the one that is to fail.
class Countdown {
 public:
  void set(Index nth) { left_ = nth; }
  bool arrives() { return left_ > 0 && --left_ == 0; }

 private:
  Index left_ = 0;
};

/// What `check_launch` is told.
enum Status : int { success, invalid_configuration, too_much_shared_memory, injected, lost };

char const* reason(int status) {
  switch (status) {
    case invalid_configuration:
      return "the configuration is invalid: a size is 0 or beyond the device's limits";
    case too_much_shared_memory:
      return "more dynamic shared memory than the kernel was allowed";
    case injected:
      return "too many resources requested for launch (injected)";
    default:
      return "the device was lost (injected)";
  }
}

std::string describe(cuda::LaunchShape const& shape) {
  return fmt::format(
      "kernel {} (grid {} x {} x {}, block {} x {} x {}, {} bytes of dynamic shared memory)",
      shape.kernel, shape.grid.x, shape.grid.y, shape.grid.z, shape.block.x, shape.block.y,
      shape.block.z, shape.shared_bytes);
}

bool valid_sizes(cuda::LaunchShape const& shape) {
  auto const within = [](unsigned size, unsigned limit) { return 1 <= size && size <= limit; };
  cuda::Extent const grid = shape.grid;
  cuda::Extent const block = shape.block;
  return within(grid.x, 0x7fffffffu) && within(grid.y, 65535) && within(grid.z, 65535) &&
         within(block.x, 1024) && within(block.y, 1024) && within(block.z, 64) &&
         block.x * block.y * block.z <= block_threads_limit;
}

/// All that the device knows. Its functions are called with the mutex held.
class Runtime {
 public:
  /// Begins a call that `name` stands for in messages. Throws what earlier calls could not.
  void begin(std::string const& name) {
    rethrow_pending();
    if (is_lost()) throw MachineError(name + ": " + reason(lost));
  }
  /// The same for calls that a capture forbids.
  void begin_outside_capture(std::string const& name) {
    begin(name);
    for (auto const& [handle, stream] : streams) forbid_capture(*stream, name);
  }
  void forbid_capture(StreamState& stream, std::string const& name) {
    if (stream.captured == nullptr) return;
    stream.capture_error = name + " while a stream captures";
    throw EmulationError(stream.capture_error);
  }
  /// Counts an operation, and says whether the device has been lost with it or before.
  bool is_lost() {
    ++counts.operations;
    if (losing.arrives()) lost_ = true;
    return lost_;
  }
  void find_again() { lost_ = false; }

  /// Runs `body` in a call that cannot throw.
  template <class Body>
  void without_throwing(Body&& body) noexcept {
    try {
      body();
    } catch (...) {
      if (!pending_) pending_ = std::current_exception();
    }
  }
  void rethrow_pending() {
    if (pending_) std::rethrow_exception(std::exchange(pending_, nullptr));
  }

  std::shared_ptr<StreamState> const& stream_at(cuda::Stream stream) {
    return stream.handle == nullptr ? default_stream_ : streams.at(stream.handle);
  }

  void queue(StreamState& stream, Operation operation) {
    if (stream.captured != nullptr) {
      stream.captured->push_back(std::move(operation));
    } else {
      operation.check();
      stream.queue.push_back(std::move(operation));
    }
  }

  void run(StreamState& stream) {
    run_until(stream, [] { return false; });
  }
  /// Runs the stream that an event was recorded in up to there.
  void run(Mark const& mark) {
    if (auto const stream = mark.stream.lock()) {
      run_until(*stream, [&] { return mark.passed.has_value(); });
    }
  }
  /// Runs everything that is queued, as far as it does not fail.
  void run_all() noexcept {
    without_throwing([&] { run(*default_stream_); });
    for (auto const& entry : streams) without_throwing([&] { run(*entry.second); });
  }

  bool is_pinned(void const* memory, std::size_t bytes) const {
    auto const* const first = static_cast<std::byte const*>(memory);
    auto const behind = pinned.upper_bound(first);
    if (behind == pinned.begin()) return false;
    auto const& [start, size] = *std::prev(behind);
    return first + bytes <= start + size;
  }

  std::recursive_mutex mutex;
  Allocations allocations;
  std::map<std::byte const*, std::size_t> pinned;  ///< bytes by address
  Registry<StreamState> streams{"stream"};
  Registry<EventState> events{"event"};
  Registry<GraphState> graphs{"graph"};
  std::map<std::string, int> handles;  ///< of other libraries, by kind
  std::unordered_map<void const*, std::size_t> allowed_shared_memory;  ///< bytes by kernel
  Counts counts;
  Countdown failing_allocation;
  Countdown failing_launch;
  Countdown losing;
  int device_count = 1;
  double warpgroup_operations = 30'000;

 private:
  template <class Done>
  void run_until(StreamState& stream, Done&& done) {
    Allocations::Access const access(allocations);
    while (!stream.queue.empty() && !done()) {
      Operation const next = std::move(stream.queue.front());
      stream.queue.pop_front();
      try {
        if (!lost_) next.run();
      } catch (...) {
        stream.queue.clear();
        throw;
      }
    }
  }

  std::shared_ptr<StreamState> default_stream_ = std::make_shared<StreamState>();
  bool lost_ = false;
  std::exception_ptr pending_;
};

Runtime& runtime() {
  static Runtime runtime;
  return runtime;
}

void count_allocation(std::size_t bytes, char const* kind) {
  ++runtime().counts.allocations;
  if (!runtime().failing_allocation.arrives()) return;
  throw MachineError(fmt::format("cannot allocate {} bytes of {} memory (injected): {} available",
                                 bytes, kind,
                                 runtime().allocations.capacity() - runtime().allocations.live()));
}

Status launch_status(cuda::LaunchShape const& shape, void const* function) {
  Runtime& r = runtime();
  ++r.counts.launches;
  if (r.is_lost()) return lost;
  if (r.failing_launch.arrives()) return injected;
  if (!valid_sizes(shape)) return invalid_configuration;
  auto const allowed = r.allowed_shared_memory.find(function);
  std::size_t const limit =
      allowed == r.allowed_shared_memory.end() ? static_shared_bytes : allowed->second;
  return shape.shared_bytes > limit ? too_much_shared_memory : success;
}

void check_argument(std::string const& kernel, void const* pointer) {
  Runtime const& r = runtime();
  if (pointer == nullptr || r.allocations.holds(pointer) || r.is_pinned(pointer, 0)) return;
  throw EmulationError(
      fmt::format("kernel {}: its argument {} points to no device memory", kernel, pointer));
}

/// Copies between device and host memory: those of pinned memory wait for the stream.
void copy_host(cuda::Stream stream, std::string const& name, void const* host, std::size_t bytes,
               Operation operation) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin(name);
  StreamState& state = *r.stream_at(stream);
  bool const pinned = r.is_pinned(host, bytes);
  if (!pinned) r.forbid_capture(state, name + " with pageable memory");
  r.queue(state, std::move(operation));
  if (!pinned) r.run(state);
}

}  // namespace

void queue(cuda::Stream stream, std::string const& name, Operation operation) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin(name);
  r.queue(*r.stream_at(stream), std::move(operation));
}

void check_device_memory(std::string const& user, void const* memory, std::size_t bytes) {
  runtime().allocations.check_range(user, memory, bytes);
}

void count_handles(char const* kind, int change) {
  Lock const lock(runtime().mutex);
  runtime().handles[kind] += change;
}

int queue_kernel(cuda::Stream stream, cuda::LaunchShape const& shape, void const* function,
                 std::vector<void const*> pointers, std::function<void()> body) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.rethrow_pending();
  Status const status = launch_status(shape, function);
  if (status != success) return status;
  Kernel kernel{shape.kernel, shape.grid, shape.block, shape.shared_bytes, std::move(body)};
  auto const check = [name = kernel.name, pointers = std::move(pointers)] {
    for (void const* const pointer : pointers) check_argument(name, pointer);
  };
  r.queue(*r.stream_at(stream), {check, [kernel = std::move(kernel)] {
                                   ++runtime().counts.kernels[kernel.name];
                                   emulated::run(kernel);
                                   runtime().allocations.check_guard_zones("kernel " + kernel.name);
                                 }});
  return success;
}

// control.hpp

void set_memory(std::size_t bytes) {
  runtime().allocations.set_capacity(bytes);
}

void set_warpgroup_operations(double operations) {
  runtime().warpgroup_operations = operations;
}

void set_device_count(int count) {
  runtime().device_count = count;
}

void fail_allocation(Index nth) {
  runtime().failing_allocation.set(nth);
}

void fail_launch(Index nth) {
  runtime().failing_launch.set(nth);
}

void lose_device(Index nth) {
  runtime().losing.set(nth);
}

Counts counts() {
  Counts counts = runtime().counts;
  counts.live_bytes = runtime().allocations.live();
  counts.peak_bytes = runtime().allocations.peak();
  return counts;
}

void reset() {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.counts = {};
  r.allocations.reset_peak();
  r.allocations.set_capacity(Allocations::first_capacity);
  r.device_count = 1;
  for (Countdown* const countdown : {&r.failing_allocation, &r.failing_launch, &r.losing}) {
    countdown->set(0);
  }
  r.find_again();
  reset_order();
}

void check_clean() {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.rethrow_pending();
  std::string left;
  auto const add = [&](std::size_t count, std::string const& kind) {
    if (count == 0) return;
    left += fmt::format("{}{} {}{}", left.empty() ? "" : ", ", count, kind, count == 1 ? "" : "s");
  };
  add(r.allocations.count(), "device allocation");
  add(r.pinned.size(), "pinned allocation");
  add(r.streams.size(), r.streams.kind());
  add(r.events.size(), r.events.kind());
  add(r.graphs.size(), r.graphs.kind());
  for (auto const& [kind, count] : r.handles) add(static_cast<std::size_t>(count), kind);
  if (!left.empty()) {
    throw EmulationError(
        fmt::format("leaked: {}; {} bytes of device memory", left, r.allocations.live()));
  }
}

}  // namespace brink::emulated

namespace brink::cuda {

using emulated::check_device_memory;
using emulated::EmulationError;
using emulated::Lock;
using emulated::Operation;
using emulated::Runtime;
using emulated::runtime;

// Devices.

int device_count() {
  return runtime().device_count;
}

DeviceProperties device_properties(int device) {
  use_device(device);
  DeviceProperties properties;
  properties.name = "emulated device";
  properties.capability_major = 9;
  properties.capability_minor = 0;
  properties.multiprocessors = 4;
  properties.memory = runtime().allocations.capacity();
  properties.warpgroup_operations = runtime().warpgroup_operations;
  return properties;
}

void use_device(int device) {
  if (device < 0 || device >= runtime().device_count) {
    throw EmulationError(
        fmt::format("device {} of {} is asked for", device, runtime().device_count));
  }
}

std::string device_libraries() {
  return "emulated runtime, the host's BLAS";
}

// Memory.

void* allocate(std::size_t bytes) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin_outside_capture(fmt::format("allocation of {} bytes", bytes));
  emulated::count_allocation(bytes, "device");
  return r.allocations.allocate(bytes);
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.run_all();
  r.without_throwing([&] { r.allocations.release(memory); });
}

MemoryState memory_state() {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("query of the memory state");
  return {r.allocations.capacity() - std::min(r.allocations.live(), r.allocations.capacity()),
          r.allocations.capacity()};
}

void* allocate_pinned(std::size_t bytes) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin_outside_capture(fmt::format("allocation of {} bytes of pinned memory", bytes));
  emulated::count_allocation(bytes, "pinned");
  void* memory = nullptr;
  if (posix_memalign(&memory, 256, std::max(bytes, std::size_t{1})) != 0) {
    throw MachineError(fmt::format("cannot allocate {} bytes of pinned memory", bytes));
  }
  emulated::make_fresh(static_cast<std::byte*>(memory), bytes);
  r.pinned.emplace(static_cast<std::byte*>(memory), bytes);
  return memory;
}

void release_pinned(void* memory) noexcept {
  if (memory == nullptr) return;
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.run_all();
  r.without_throwing([&] {
    auto const found = r.pinned.find(static_cast<std::byte*>(memory));
    if (found == r.pinned.end()) {
      throw EmulationError(fmt::format("release of {}, which is not pinned memory", memory));
    }
    emulated::unpoison(memory, found->second);
    r.pinned.erase(found);
    std::free(memory);
  });
}

// Streams.

Stream make_stream() {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("making a stream");
  return {r.streams.add(std::make_shared<emulated::StreamState>())};
}

void destroy(Stream stream) noexcept {
  if (stream.handle == nullptr) return;
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.without_throwing([&] { r.run(*r.streams.at(stream.handle)); });
  r.without_throwing([&] { r.streams.remove(stream.handle); });
}

void synchronize(Stream stream) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("synchronisation of a stream");
  auto const& state = r.stream_at(stream);
  r.forbid_capture(*state, "synchronisation of the stream");
  r.run(*state);
  r.rethrow_pending();
}

void upload(Stream stream, void* to, void const* host, std::size_t bytes) {
  if (bytes == 0) return;
  std::string const name = fmt::format("upload of {} bytes", bytes);
  emulated::copy_host(
      stream, name, host, bytes,
      {[=] { check_device_memory(name, to, bytes); }, [=] { std::memcpy(to, host, bytes); }});
}

void download(Stream stream, void* host, void const* from, std::size_t bytes) {
  if (bytes == 0) return;
  std::string const name = fmt::format("download of {} bytes", bytes);
  emulated::copy_host(stream, name, host, bytes,
                      {[=] {
                         check_device_memory(name, from, bytes);
                         emulated::poison(host, bytes);
                       },
                       [=] {
                         emulated::unpoison(host, bytes);
                         std::memcpy(host, from, bytes);
                       }});
}

void copy(Stream stream, void* to, void const* from, std::size_t bytes) {
  if (bytes == 0) return;
  std::string const name = fmt::format("copy of {} bytes", bytes);
  emulated::queue(stream, name,
                  {[=] {
                     check_device_memory(name, to, bytes);
                     check_device_memory(name, from, bytes);
                   },
                   [=] { std::memmove(to, from, bytes); }});
}

void fill_zero(Stream stream, void* memory, std::size_t bytes) {
  if (bytes == 0) return;
  std::string const name = fmt::format("filling of {} bytes", bytes);
  emulated::queue(
      stream, name,
      {[=] { check_device_memory(name, memory, bytes); }, [=] { std::memset(memory, 0, bytes); }});
}

// Events.

Event make_event() {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("making an event");
  return {r.events.add(std::make_shared<emulated::EventState>())};
}

void destroy(Event event) noexcept {
  if (event.handle == nullptr) return;
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.without_throwing([&] { r.events.remove(event.handle); });
}

void record(Event event, Stream stream) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("recording of an event");
  auto const& state = r.stream_at(stream);
  r.forbid_capture(*state, "recording of an event");
  auto const mark = std::make_shared<emulated::Mark>(emulated::Mark{state, {}});
  r.events.at(event.handle)->mark = mark;
  r.queue(*state, {[] {}, [mark] { mark->passed = emulated::Clock::now(); }});
}

void wait(Stream stream, Event event) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("waiting for an event");
  auto const& state = r.stream_at(stream);
  r.forbid_capture(*state, "waiting for an event");
  auto const mark = r.events.at(event.handle)->mark;
  if (mark != nullptr) r.queue(*state, {[] {}, [mark] { runtime().run(*mark); }});
}

void synchronize(Event event) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("synchronisation of an event");
  auto const mark = r.events.at(event.handle)->mark;
  if (mark != nullptr) r.run(*mark);
  r.rethrow_pending();
}

double milliseconds(Event first, Event last) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("time between events");
  auto const passed = [&](Event event) {
    auto const& mark = r.events.at(event.handle)->mark;
    if (mark == nullptr || !mark->passed) {
      throw EmulationError("time between events: one of them has not been waited for");
    }
    return *mark->passed;
  };
  return std::chrono::duration<double, std::milli>(passed(last) - passed(first)).count();
}

// Graphs.

void begin_capture(Stream stream) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("capture");
  auto const& state = r.stream_at(stream);
  r.forbid_capture(*state, "capture");
  state->captured = std::make_shared<emulated::Operations>();
  state->capture_error.clear();
}

Graph end_capture(Stream stream) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  auto const& state = r.stream_at(stream);
  auto const captured = std::exchange(state->captured, nullptr);
  r.begin("end of a capture");
  if (captured == nullptr) throw EmulationError("end of a capture that was not begun");
  if (!state->capture_error.empty()) {
    throw EmulationError("end of a capture that is void: " + state->capture_error);
  }
  return {r.graphs.add(std::make_shared<emulated::GraphState>(emulated::GraphState{captured}))};
}

void abandon_capture(Stream stream) noexcept {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.stream_at(stream)->captured.reset();
}

void launch(Stream stream, Graph graph) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.begin("launch of a graph");
  ++r.counts.launches;
  if (r.failing_launch.arrives()) {
    throw MachineError(std::string("launch of a graph: ") + emulated::reason(emulated::injected));
  }
  auto const& state = r.stream_at(stream);
  for (Operation const& operation : *r.graphs.at(graph.handle)->operations) {
    r.queue(*state, operation);
  }
}

void destroy(Graph graph) noexcept {
  if (graph.handle == nullptr) return;
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  r.without_throwing([&] { r.graphs.remove(graph.handle); });
}

// Kernels.

void allow_shared_memory(LaunchShape const& shape, void const* kernel) {
  Runtime& r = runtime();
  Lock const lock(r.mutex);
  if (shape.shared_bytes <= emulated::static_shared_bytes) return;
  if (shape.shared_bytes > emulated::shared_bytes_limit) {
    throw EmulationError(fmt::format("{}: a block may have {} bytes", emulated::describe(shape),
                                     emulated::shared_bytes_limit));
  }
  std::size_t& allowed = r.allowed_shared_memory[kernel];
  allowed = std::max(allowed, shape.shared_bytes);
}

void check_launch(LaunchShape const& shape, int status) {
  if (status == emulated::success) return;
  std::string const message =
      fmt::format("{}: {}", emulated::describe(shape), emulated::reason(status));
  bool const wrong =
      status == emulated::invalid_configuration || status == emulated::too_much_shared_memory;
  if (wrong) throw EmulationError(message);
  throw MachineError(message);
}

}  // namespace brink::cuda
