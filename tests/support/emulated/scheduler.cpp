#include "tests/support/emulated/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/emulated/control.hpp"
#include "tests/support/emulated/fault.hpp"
#include "tests/support/emulated/fiber.hpp"
#include "tests/support/emulated/order.hpp"
#include "tests/support/emulated/pages.hpp"
#include "tests/support/emulated/races.hpp"

namespace brink::emulated {

Coordinates thread_index;
Coordinates block_index;
Coordinates block_size;
Coordinates grid_size;

namespace {

/// A thread that does so many atomic operations without a pause waits for one that cannot run.
constexpr std::size_t spin_limit = std::size_t{1} << 24;

enum class State {
  fresh,              ///< has not begun
  ready,              ///< can go on
  running,            ///< the one that runs
  at_barrier,         ///< waits for the block
  in_warp_operation,  ///< waits for lanes of its warp
  left                ///< has come to the end of the kernel
};

struct Thread {
  State state;
  Fiber* fiber;  ///< where it waits
  Site site;     ///< of the barrier or warp operation
  char const* operation;
  unsigned mask;
  std::uint64_t value;
  unsigned source;
  WarpResult result;
  std::vector<std::vector<PendingCopy>> copies;
};

/// One array of a kernel's shared memory, or the dynamic part.
struct SharedArray {
  void const* declaration;
  std::string name;
  std::size_t bytes;
  Site site;
  std::byte* memory;
  bool in_use;  ///< by the block that runs
};

std::string triple(Coordinates c) {
  return fmt::format("({}, {}, {})", c.x, c.y, c.z);
}

Coordinates coordinates(std::size_t index, Coordinates size) {
  return {static_cast<unsigned>(index % size.x), static_cast<unsigned>(index / size.x % size.y),
          static_cast<unsigned>(index / size.x / size.y)};
}

std::size_t volume(Coordinates size) {
  return std::size_t{size.x} * size.y * size.z;
}

std::string place(Site site) {
  return fmt::format("{}:{}", site.file, site.line);
}

bool same(char const* a, char const* b) {
  return a == b || std::string_view(a) == b;
}

bool same(Site a, Site b) {
  return a.line == b.line && same(a.file, b.file);
}

bool same_operation(Thread const& a, Thread const& b) {
  return a.mask == b.mask && same(a.operation, b.operation) && same(a.site, b.site);
}

unsigned first_lanes(unsigned count) {
  return count == warp_size ? ~0u : (1u << count) - 1;
}

class Scheduler {
 public:
  static Scheduler& instance() {
    static Scheduler scheduler;
    return scheduler;
  }

  void run(Kernel const& kernel);
  bool runs() const { return kernel_ != nullptr; }
  unsigned lane() const { return current_ % warp_size; }
  std::string describe(unsigned thread) const;
  [[noreturn]] void fail(unsigned thread, Site site, std::string const& what) const;
  [[noreturn]] void stop(std::string const& what);
  unsigned current() const { return current_; }

  void barrier(Site site);
  WarpResult warp_operation(char const* name, unsigned mask, std::uint64_t value, unsigned source,
                            Site site);
  /// What a lane has brought to the operation that it made last.
  std::uint64_t brought_by(unsigned of_lane) const {
    return threads_[warp_start() + of_lane].value;
  }
  std::vector<std::vector<PendingCopy>>& pending_copies() { return at(current_).copies; }
  void count_atomic(Site site);
  void* shared_array(void const* declaration, char const* name, std::size_t bytes, Site site);
  void* dynamic_shared_memory() { return arrays_.front().memory; }

 private:
  static void work();

  void run_block(std::size_t block);
  void begin_block(std::size_t block);
  void check_shared_memory();
  void abandon_waiting_threads();
  void end_kernel();

  void run_fresh_thread();
  void leave();
  unsigned next_thread();
  void make_ready(unsigned first, unsigned mask);
  void make_all_ready();
  void check_progress() const;
  void wait();
  void go_on(unsigned thread);
  void enter(unsigned thread);
  Fiber& take_fiber();

  Thread const* waits_for_current() const;
  bool all_have_come(Thread const& self) const;
  void perform(unsigned mask);
  Thread& at(unsigned index) { return threads_[index]; }
  unsigned warp_start() const { return current_ / warp_size * warp_size; }
  unsigned lanes_of_warp() const { return std::min(warp_size, count_ - warp_start()); }

  void add_array(void const* declaration, char const* name, std::size_t bytes, Site site);

  static std::string operation_of(Thread const& thread);
  std::string name_of(Thread const& thread) const;

  Kernel const* kernel_ = nullptr;
  unsigned count_ = 0;  ///< threads of a block
  std::vector<Thread> threads_;
  std::vector<Coordinates> thread_indices_;
  std::vector<unsigned> ready_;  ///< fresh or ready; the last is next unless the order is random
  unsigned current_ = 0;
  unsigned starting_ = 0;  ///< the fresh thread that a fiber is to begin
  unsigned at_barrier_ = 0;
  unsigned first_at_barrier_ = 0;
  unsigned left_ = 0;
  unsigned in_warp_operations_ = 0;
  std::size_t atomics_ = 0;  ///< of the current thread since it last went on
  std::exception_ptr error_;
  std::vector<SharedArray> arrays_;  ///< the first is the dynamic one

  Fiber caller_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> free_;
  Fiber* running_ = nullptr;
};

// Kernels and blocks.

void Scheduler::run(Kernel const& kernel) {
  report_faults();
  kernel_ = &kernel;
  auto const sizes = [](cuda::Extent e) { return Coordinates{e.x, e.y, e.z}; };
  block_size = sizes(kernel.block);
  grid_size = sizes(kernel.grid);
  count_ = static_cast<unsigned>(volume(block_size));
  thread_indices_.resize(count_);
  for (unsigned i = 0; i < count_; ++i) thread_indices_[i] = coordinates(i, block_size);
  races::begin_launch();
  try {
    add_array(nullptr, "dynamic shared memory", kernel.shared_bytes, Site{});
    for (std::size_t const block : order_of_blocks(volume(grid_size))) run_block(block);
  } catch (...) {
    end_kernel();
    throw;
  }
  end_kernel();
}

void Scheduler::end_kernel() {
  for (SharedArray const& array : arrays_) unmap_pages(array.memory, array.bytes);
  arrays_.clear();
  kernel_ = nullptr;
}

void Scheduler::run_block(std::size_t block) {
  begin_block(block);
  starting_ = next_thread();
  running_ = &take_fiber();
  Fiber::switch_to(caller_, *running_);
  races::leave_kernel();
  if (error_) {
    abandon_waiting_threads();
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
  check_shared_memory();
}

void Scheduler::begin_block(std::size_t block) {
  block_index = coordinates(block, grid_size);
  threads_.assign(count_, Thread{State::fresh, nullptr, {}, "", 0, 0, 0, {}, {}});
  ready_.clear();
  make_all_ready();
  at_barrier_ = 0;
  left_ = 0;
  in_warp_operations_ = 0;
  for (SharedArray& array : arrays_) array.in_use = false;
  make_fresh(arrays_.front().memory, arrays_.front().bytes);
  arrays_.front().in_use = true;
  races::begin_block(static_cast<std::uint32_t>(block), count_);
}

void Scheduler::check_shared_memory() {
  for (SharedArray const& array : arrays_) {
    if (!array.in_use) continue;
    GuardZone const zone = check_guard_zones(array.memory, array.bytes);
    if (zone == GuardZone::intact) continue;
    repair_guard_zones(array.memory, array.bytes);
    throw EmulationError(
        fmt::format("kernel {}, block {}: a thread has written {} shared memory `{}` of {} bytes{}",
                    kernel_->name, triple(block_index),
                    zone == GuardZone::before ? "before" : "behind", array.name, array.bytes,
                    array.site.line == 0 ? "" : fmt::format(" ({})", place(array.site))));
  }
}

void Scheduler::abandon_waiting_threads() {
  for (Thread const& thread : threads_) {
    bool const has_begun = thread.state != State::fresh && thread.state != State::left;
    if (!has_begun || thread.fiber == nullptr) continue;
    thread.fiber->restart();
    free_.push_back(thread.fiber);
  }
}

// Threads and fibers. A fiber runs thread after thread, until one of them has to wait; then the
// next thread that can go on does so on its own fiber, or begins on another.

void Scheduler::work() {
  Scheduler& self = instance();
  while (true) {
    self.run_fresh_thread();
    Fiber& mine = *self.running_;
    if (self.error_ || self.left_ == self.count_) {
      self.free_.push_back(&mine);
      Fiber::switch_to(mine, self.caller_);
      continue;
    }
    unsigned const next = self.next_thread();
    if (self.at(next).state == State::fresh) {
      self.starting_ = next;
    } else {
      self.free_.push_back(&mine);
      self.go_on(next);
    }
  }
}

void Scheduler::run_fresh_thread() {
  enter(starting_);
  try {
    kernel_->body();
    leave();
    check_progress();
  } catch (...) {
    error_ = std::current_exception();
    at(current_).state = State::left;
  }
}

void Scheduler::leave() {
  if (at_barrier_ > 0) {
    fail(current_, at(first_at_barrier_).site,
         fmt::format("left the kernel while thread {} waits at this barrier",
                     triple(thread_indices_[first_at_barrier_])));
  }
  if (Thread const* const other = waits_for_current()) {
    fail(current_, other->site,
         fmt::format("left the kernel while thread {} waits for it in {}", name_of(*other),
                     operation_of(*other)));
  }
  at(current_).state = State::left;
  ++left_;
}

unsigned Scheduler::next_thread() {
  std::swap(ready_[place_of_next(ready_.size())], ready_.back());
  unsigned const next = ready_.back();
  ready_.pop_back();
  return next;
}

/// Threads first + l for the bits l of `mask`, so that they are next in their order.
void Scheduler::make_ready(unsigned first, unsigned mask) {
  for (unsigned i = 0; i < warp_size; ++i) {
    unsigned const l = in_forward_order() ? warp_size - 1 - i : i;
    if ((mask >> l & 1) != 0) ready_.push_back(first + l);
  }
}

/// All threads of the block.
void Scheduler::make_all_ready() {
  unsigned const warps = (count_ + warp_size - 1) / warp_size;
  for (unsigned i = 0; i < warps; ++i) {
    unsigned const first = (in_forward_order() ? warps - 1 - i : i) * warp_size;
    make_ready(first, first_lanes(std::min(warp_size, count_ - first)));
  }
}

/// That some thread can go on, unless all have left.
void Scheduler::check_progress() const {
  if (!ready_.empty() || left_ == count_) return;
  auto const waiting = std::find_if(threads_.begin(), threads_.end(), [](Thread const& thread) {
    return thread.state == State::in_warp_operation;
  });
  fail(static_cast<unsigned>(waiting - threads_.begin()), waiting->site,
       fmt::format("deadlock: {} waits for lanes that wait for others", operation_of(*waiting)));
}

/// Runs others until the current thread, which may be among those that are ready, is chosen.
void Scheduler::wait() {
  unsigned const self = current_;
  check_progress();
  unsigned const next = next_thread();
  if (next != self) {
    at(self).fiber = running_;
    go_on(next);
    at(self).fiber = nullptr;
  }
  enter(self);
}

/// Leaves the fiber that runs for that of `thread`.
void Scheduler::go_on(unsigned thread) {
  Fiber& from = *running_;
  if (at(thread).state == State::fresh) {
    starting_ = thread;
    running_ = &take_fiber();
  } else {
    running_ = at(thread).fiber;
  }
  Fiber::switch_to(from, *running_);
}

void Scheduler::enter(unsigned thread) {
  current_ = thread;
  at(thread).state = State::running;
  thread_index = thread_indices_[thread];
  atomics_ = 0;
  races::run_thread(thread);
}

Fiber& Scheduler::take_fiber() {
  if (free_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>(work));
    return *fibers_.back();
  }
  Fiber& taken = *free_.back();
  free_.pop_back();
  return taken;
}

/// Leaves the current thread as if it waited, for good.
void Scheduler::stop(std::string const& what) {
  error_ =
      std::make_exception_ptr(EmulationError(fmt::format("kernel {}: {}", kernel_->name, what)));
  at(current_).fiber = running_;
  Fiber::switch_to(*running_, caller_);
  std::abort();
}

// Where threads meet.

void Scheduler::barrier(Site site) {
  if (left_ > 0) {
    fail(current_, site,
         fmt::format("waits at a barrier, but {} of the block's threads left the kernel", left_));
  }
  if (at_barrier_ > 0 && !same(at(first_at_barrier_).site, site)) {
    fail(
        current_, site,
        fmt::format("waits at this barrier, and thread {} at that of {}",
                    triple(thread_indices_[first_at_barrier_]), place(at(first_at_barrier_).site)));
  }
  if (Thread const* const other = waits_for_current()) {
    fail(current_, site,
         fmt::format("waits at a barrier, and thread {} waits for it in {}, {}", name_of(*other),
                     operation_of(*other), place(other->site)));
  }
  if (at_barrier_ == 0) first_at_barrier_ = current_;
  at(current_).state = State::at_barrier;
  at(current_).site = site;
  if (++at_barrier_ == count_) {
    at_barrier_ = 0;
    races::barrier();
    for (Thread& thread : threads_) thread.state = State::ready;
    make_all_ready();
  }
  wait();
}

/// A thread that waits in a warp operation for the one that runs.
Thread const* Scheduler::waits_for_current() const {
  if (in_warp_operations_ == 0) return nullptr;
  for (unsigned i = warp_start(); i < warp_start() + lanes_of_warp(); ++i) {
    Thread const& other = threads_[i];
    if (other.state == State::in_warp_operation && (other.mask >> lane() & 1) != 0) return &other;
  }
  return nullptr;
}

WarpResult Scheduler::warp_operation(char const* name, unsigned mask, std::uint64_t value,
                                     unsigned source, Site site) {
  Thread& self = at(current_);
  self.site = site;
  self.operation = name;
  self.mask = mask;
  self.value = value;
  self.source = source;
  bool const is_last = all_have_come(self);
  self.state = State::in_warp_operation;
  ++in_warp_operations_;
  if (is_last) {
    perform(mask);
    races::meet(current_ / warp_size, mask);
    for (unsigned l = 0; l < warp_size; ++l) {
      if ((mask >> l & 1) != 0) at(warp_start() + l).state = State::ready;
    }
    make_ready(warp_start(), mask);
    in_warp_operations_ -= static_cast<unsigned>(std::popcount(mask));
  }
  wait();
  return self.result;
}

/// Whether all lanes of the mask have come to the operation which the current thread has come to;
/// an error if they cannot.
bool Scheduler::all_have_come(Thread const& self) const {
  auto const fail_here = [&](std::string const& what) {
    fail(current_, self.site, operation_of(self) + " " + what);
  };
  if ((self.mask >> lane() & 1) == 0) fail_here("is called by a lane outside the mask");
  if ((self.mask & ~first_lanes(lanes_of_warp())) != 0) {
    fail_here(
        fmt::format("has lanes in its mask that a warp of {} threads lacks", lanes_of_warp()));
  }
  bool all = true;
  for (unsigned l = 0; l < lanes_of_warp(); ++l) {
    Thread const& other = threads_[warp_start() + l];
    if ((self.mask >> l & 1) == 0 || &other == &self) continue;
    if (other.state == State::left) {
      fail_here(fmt::format("has lane {} in its mask, which left the kernel", l));
    }
    if (other.state == State::at_barrier) {
      fail_here(fmt::format("has lane {} in its mask, which waits at the barrier of {}", l,
                            place(other.site)));
    }
    bool const has_come = other.state == State::in_warp_operation && same_operation(self, other);
    bool const waits = other.state == State::in_warp_operation && (other.mask >> lane() & 1) != 0;
    if (waits && !has_come) {
      fail_here(
          fmt::format("overlaps {} of lane {}, {}", operation_of(other), l, place(other.site)));
    }
    all = all && has_come;
  }
  return all;
}

/// The operation, for all lanes of the mask.
void Scheduler::perform(unsigned mask) {
  unsigned ballot = 0;
  for (unsigned l = 0; l < lanes_of_warp(); ++l) {
    bool const set = (mask >> l & 1) != 0 && at(warp_start() + l).value != 0;
    ballot |= static_cast<unsigned>(set) << l;
  }
  for (unsigned l = 0; l < lanes_of_warp(); ++l) {
    if ((mask >> l & 1) == 0) continue;
    Thread& thread = at(warp_start() + l);
    if (thread.source >= warp_size || (mask >> thread.source & 1) == 0) {
      fail(warp_start() + l, thread.site,
           fmt::format("{} takes the value of lane {}, which is outside the mask",
                       operation_of(thread), thread.source));
    }
    thread.result = {at(warp_start() + thread.source).value, ballot};
  }
}

void Scheduler::count_atomic(Site site) {
  if (++atomics_ < spin_limit) return;
  fail(current_, site,
       fmt::format("deadlock: {} atomic operations without a pause, as of a thread that waits for "
                   "another",
                   atomics_));
}

// Shared memory.

void* Scheduler::shared_array(void const* declaration, char const* name, std::size_t bytes,
                              Site site) {
  auto const is_it = [&](SharedArray const& array) { return array.declaration == declaration; };
  if (std::none_of(arrays_.begin(), arrays_.end(), is_it)) {
    add_array(declaration, name, bytes, site);
  }
  SharedArray& array = *std::find_if(arrays_.begin(), arrays_.end(), is_it);
  if (!array.in_use) {
    array.in_use = true;
    make_fresh(array.memory, array.bytes);
  }
  return array.memory;
}

void Scheduler::add_array(void const* declaration, char const* name, std::size_t bytes, Site site) {
  std::size_t const in_all =
      std::accumulate(arrays_.begin(), arrays_.end(), bytes,
                      [](std::size_t sum, SharedArray const& array) { return sum + array.bytes; });
  std::size_t const declared = in_all - kernel_->shared_bytes;
  if (declared > static_shared_bytes || in_all > shared_bytes_limit) {
    fail(current_, site,
         fmt::format("shared memory `{}` makes {} bytes of declared and {} of dynamic shared "
                     "memory; the limits are {}, and {} in all",
                     name, declared, kernel_->shared_bytes, static_shared_bytes,
                     shared_bytes_limit));
  }
  arrays_.push_back({declaration, name, bytes, site, map_pages(bytes, Space::shared), false});
}

// Messages.

std::string Scheduler::operation_of(Thread const& thread) {
  return fmt::format("{} with mask {:#010x}", thread.operation, thread.mask);
}

std::string Scheduler::name_of(Thread const& thread) const {
  return triple(thread_indices_[&thread - threads_.data()]);
}

std::string Scheduler::describe(unsigned thread) const {
  return fmt::format("kernel {}, block {}, thread {}", kernel_->name, triple(block_index),
                     triple(thread_indices_[thread]));
}

void Scheduler::fail(unsigned thread, Site site, std::string const& what) const {
  throw EmulationError(fmt::format("{}, {}: {}", describe(thread), place(site), what));
}

}  // namespace

void run(Kernel const& kernel) {
  Scheduler::instance().run(kernel);
}

std::string running_thread() {
  Scheduler const& scheduler = Scheduler::instance();
  return scheduler.runs() ? scheduler.describe(scheduler.current()) : "";
}

std::string describe_thread(std::uint32_t block, unsigned thread) {
  return fmt::format("block {}, thread {}", triple(coordinates(block, grid_size)),
                     triple(coordinates(thread, block_size)));
}

void fail_thread(Site site, std::string const& what) {
  Scheduler::instance().fail(Scheduler::instance().current(), site, what);
}

void stop_thread(std::string const& what) {
  Scheduler::instance().stop(what);
}

void barrier(Site site) {
  Scheduler::instance().barrier(site);
}

WarpResult warp_operation(char const* name, unsigned mask, std::uint64_t value, unsigned source,
                          Site site) {
  return Scheduler::instance().warp_operation(name, mask, value, source, site);
}

unsigned lane() {
  return Scheduler::instance().lane();
}

void gather_rows(char const* name, float const (&fragment)[4], float (&rows)[2][8], Site site) {
  // Each lane brings the address of its fragment, and leaves only when all have read it.
  auto const mine = reinterpret_cast<std::uintptr_t>(&fragment);
  warp_operation(name, ~0u, mine, lane(), site);
  for (unsigned t = 0; t < 4; ++t) {
    std::uintptr_t const theirs = Scheduler::instance().brought_by(lane() / 4 * 4 + t);
    auto const& of_lane = *reinterpret_cast<float const(*)[4]>(theirs);
    for (int e = 0; e < 4; ++e) rows[e % 2][t + e / 2 * 4] = of_lane[e];
  }
  warp_operation(name, ~0u, mine, lane(), site);
}

std::vector<std::vector<PendingCopy>>& pending_copies() {
  return Scheduler::instance().pending_copies();
}

void fence() {
  races::fence();
}

void begin_atomic(void* value, void const* address, std::size_t bytes, Site site) {
  if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0) {
    fail_thread(
        site, fmt::format("atomic operation on {} bytes at an address that is no multiple", bytes));
  }
  Scheduler::instance().count_atomic(site);
  races::atomic(address, bytes, site);
  std::memcpy(value, address, bytes);
}

void end_atomic(void* address, void const* value, std::size_t bytes) {
  std::memcpy(address, value, bytes);
}

void* shared_array(void const* declaration, char const* name, std::size_t bytes, Site site) {
  return Scheduler::instance().shared_array(declaration, name, bytes, site);
}

void* dynamic_shared_memory() {
  return Scheduler::instance().dynamic_shared_memory();
}

}  // namespace brink::emulated
