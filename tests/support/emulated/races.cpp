#ifdef BRINK_EMULATED_RACES

#include "tests/support/emulated/races.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/support/emulated/scheduler.hpp"
#include "tests/support/emulated/symbol.hpp"

// Two accesses to a byte by different threads, at least one of them a write and not both atomic,
// must be ordered. What orders accesses of one launch:
//   - in a thread, the program;
//   - in a warp, its operations: every lane has a vector clock over the 32 lanes; those that meet
//   in
//     an operation take the maximum of theirs, then each advances its own entry;
//   - in a block, its barriers: they are counted, and an access is ordered before all those that
//     come after a later barrier;
//   - between any threads, fences and atomic operations: a thread's atomic operation hands on what
//     was ordered before its last fence to those that work on the same address later. Those keep it
//     for themselves until they meet others.
// Blocks run one after the other, so that a later access is never ordered before an earlier one.

namespace brink::emulated::races {

namespace {

using Clock = std::uint32_t;
using LaneClocks = std::array<Clock, warp_size>;

/// When an access was made, and where: a return address, or the number of an atomic operation's
/// site.
struct Access {
  std::uint32_t block;
  std::uint32_t thread;
  Clock epoch;  ///< barriers before it
  Clock clock;  ///< the thread's entry in its own lane clocks
  std::uintptr_t place;

  unsigned warp() const { return thread / warp_size; }
  unsigned lane() const { return thread % warp_size; }
};

/// Accesses of lanes of one warp at the same time.
struct WarpAccess {
  std::uint32_t block;
  std::uint32_t warp;
  Clock epoch;
  Clock clock;
  unsigned lanes;
  std::uintptr_t place;  ///< of the last
};

/// The latest access of each thread, as far as no access of its block after a later barrier stands
/// for it.
class AccessSet {
 public:
  void clear() { groups_.clear(); }
  bool empty() const { return groups_.empty(); }

  void add(Access const& access) {
    unsigned const bit = 1u << access.lane();
    if (!groups_.empty() && groups_.back().block != access.block) forget_a_block();
    while (!groups_.empty() && groups_.back().block == access.block &&
           groups_.back().epoch < access.epoch) {
      groups_.pop_back();
    }
    for (std::size_t i = groups_.size(); i-- > 0 && groups_[i].block == access.block;) {
      WarpAccess& group = groups_[i];
      if (group.warp != access.warp()) continue;
      if (group.clock == access.clock) {
        group.lanes |= bit;
        group.place = access.place;
        return;
      }
      group.lanes &= ~bit;
      if (group.lanes == 0) groups_.erase(groups_.begin() + i);
    }
    groups_.push_back({access.block, access.warp(), access.epoch, access.clock, bit, access.place});
  }

  /// The first access for which `is_wrong` holds, or null.
  template <class IsWrong>
  bool find(IsWrong&& is_wrong, Access& found) const {
    for (WarpAccess const& group : groups_) {
      for (unsigned lane = 0; lane < warp_size; ++lane) {
        if ((group.lanes >> lane & 1) == 0) continue;
        found = {group.block, group.warp * warp_size + lane, group.epoch, group.clock, group.place};
        if (is_wrong(found)) return true;
      }
    }
    return false;
  }

 private:
  /// Bounds what is kept of accesses that many blocks make: the others remain to be compared with.
  void forget_a_block() {
    if (groups_.size() < limit) return;
    std::erase_if(groups_, [first = groups_.front().block](WarpAccess const& group) {
      return group.block == first;
    });
  }

  static constexpr std::size_t limit = 512;
  std::vector<WarpAccess> groups_;  ///< those of one block together, the latest block's at the end
};

/// What is known of one piece of memory, of 4 bytes or one.
struct Cell {
  std::uint32_t serial = 0;  ///< of the block that accessed it last
  bool written = false;
  Access write{};
  AccessSet reads;    ///< since the last write
  AccessSet atomics;  ///< since the last write

  void clear() {
    written = false;
    reads.clear();
    atomics.clear();
  }
};

struct Page {
  Space space;
  std::size_t bytes;  ///< of it that are in use, from its start
  std::size_t bytes_per_cell = 4;
  std::vector<Cell> cells;  ///< none before the first access

  Cell& at(std::size_t offset) { return cells[offset / bytes_per_cell]; }

  /// Cells for an access of `count` bytes at `offset`, byte by byte where it takes parts of four.
  void prepare(std::size_t offset, std::size_t count) {
    if (cells.empty()) cells.resize(page_bytes / bytes_per_cell);
    if (bytes_per_cell == 1 || (offset % 4 == 0 && count % 4 == 0)) return;
    std::vector<Cell> of_bytes(page_bytes);
    for (std::size_t i = 0; i < page_bytes; ++i) of_bytes[i] = cells[i / 4];
    cells = std::move(of_bytes);
    bytes_per_cell = 1;
  }
};

Page*& page_at(void const* address) {
  // Memory for the entries comes as they are used.
  static auto* const pages =
      static_cast<Page**>(std::calloc(range_bytes / page_bytes, sizeof(Page*)));
  return pages[page_number(address)];
}

struct History;

/// The first `count` entries of a history.
struct Prefix {
  History const* history;
  std::size_t count;
};
using Knowledge = std::vector<Prefix>;

void add(Knowledge& knowledge, Knowledge const& other) {
  for (Prefix const& prefix : other) {
    auto const known = std::find_if(knowledge.begin(), knowledge.end(), [&](Prefix const& mine) {
      return mine.history == prefix.history;
    });
    if (known == knowledge.end()) {
      knowledge.push_back(prefix);
    } else {
      known->count = std::max(known->count, prefix.count);
    }
  }
}

/// What was ordered before a thread's fence.
struct View {
  std::uint32_t block;
  unsigned thread;
  Clock epoch;
  LaneClocks clocks;
  Knowledge knowledge;

  bool holds(Access const& access) const {
    if (access.block != block) return false;
    return access.epoch < epoch ||
           (access.warp() == thread / warp_size && access.clock <= clocks[access.lane()]);
  }
};

/// What atomic operations on one address have handed on, in their order.
struct History {
  std::vector<std::shared_ptr<View const>> views;
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> of_block;  ///< places in `views`
  std::vector<std::size_t> with_knowledge;                               ///< places in `views`

  void add(std::shared_ptr<View const> view) {
    of_block[view->block].push_back(views.size());
    if (!view->knowledge.empty()) with_knowledge.push_back(views.size());
    views.push_back(std::move(view));
  }
};

bool holds(Knowledge const& knowledge, Access const& access);

bool holds(Prefix const& prefix, Access const& access) {
  History const& history = *prefix.history;
  if (auto const found = history.of_block.find(access.block); found != history.of_block.end()) {
    for (std::size_t const i : found->second) {
      if (i < prefix.count && history.views[i]->holds(access)) return true;
    }
  }
  return std::any_of(history.with_knowledge.begin(), history.with_knowledge.end(),
                     [&](std::size_t i) {
                       return i < prefix.count && holds(history.views[i]->knowledge, access);
                     });
}

bool holds(Knowledge const& knowledge, Access const& access) {
  return std::any_of(knowledge.begin(), knowledge.end(),
                     [&](Prefix const& prefix) { return holds(prefix, access); });
}

struct Thread {
  LaneClocks clocks{};
  std::shared_ptr<View const> fence;
  Knowledge knowledge;
};

enum class Kind { read, write, atomic };

class Detector {
 public:
  static Detector& instance() {
    static Detector detector;
    return detector;
  }

  void begin_launch() {
    histories_.clear();
    first_serial_ = serial_ + 1;
  }

  void begin_block(std::uint32_t block, unsigned threads) {
    block_ = block;
    epoch_ = 1;
    ++serial_;
    threads_.assign(threads, Thread{});
    for (unsigned i = 0; i < threads; ++i) threads_[i].clocks[i % warp_size] = 1;
  }

  void run_thread(unsigned thread) {
    thread_ = thread;
    runs_ = true;
  }
  void leave_kernel() { runs_ = false; }

  void barrier() {
    ++epoch_;
    Knowledge all;
    for (Thread const& thread : threads_) add(all, thread.knowledge);
    if (all.empty()) return;
    for (Thread& thread : threads_) thread.knowledge = all;
  }

  void meet(unsigned warp, unsigned mask) {
    Thread* const lanes = threads_.data() + warp * warp_size;
    LaneClocks latest{};
    Knowledge all;
    for (unsigned l = 0; l < warp_size; ++l) {
      if ((mask >> l & 1) == 0) continue;
      for (unsigned i = 0; i < warp_size; ++i) latest[i] = std::max(latest[i], lanes[l].clocks[i]);
      add(all, lanes[l].knowledge);
    }
    for (unsigned l = 0; l < warp_size; ++l) {
      if ((mask >> l & 1) == 0) continue;
      lanes[l].clocks = latest;
      ++lanes[l].clocks[l];
      lanes[l].knowledge = all;
    }
  }

  void fence() {
    Thread& self = threads_[thread_];
    self.fence =
        std::make_shared<View const>(View{block_, thread_, epoch_, self.clocks, self.knowledge});
    ++self.clocks[thread_ % warp_size];
  }

  void atomic(void const* address, std::size_t bytes, std::uintptr_t place) {
    access(address, bytes, Kind::atomic, place);
    Thread& self = threads_[thread_];
    History& history = histories_[address];
    if (self.fence != nullptr) history.add(self.fence);
    if (!history.views.empty()) add(self.knowledge, {{&history, history.views.size()}});
  }

  void access(void const* address, std::size_t bytes, Kind kind, std::uintptr_t place) {
    auto const* first = static_cast<std::byte const*>(address);
    auto const* const end = first + bytes;
    while (first != end) {
      std::size_t const offset = reinterpret_cast<std::uintptr_t>(first) % page_bytes;
      std::size_t const count = std::min<std::size_t>(end - first, page_bytes - offset);
      access_page(first, offset, count, kind, place);
      first += count;
    }
  }

  std::uintptr_t number_of(Site site) {
    auto const found = std::find_if(sites_.begin(), sites_.end(), [&](Site const& known) {
      return known.file == site.file && known.line == site.line;
    });
    if (found != sites_.end()) return found - sites_.begin();
    sites_.push_back(site);
    return sites_.size() - 1;
  }

 private:
  void access_page(std::byte const* address, std::size_t offset, std::size_t count, Kind kind,
                   std::uintptr_t place) {
    Page* const page = page_at(address);
    if (!runs_) report_host_access(place);
    if (page == nullptr || offset + count > page->bytes) {
      report_outside(address, count, kind, place);
    }
    page->prepare(offset, count);
    Access const now{block_, thread_, epoch_, clock_of(thread_, thread_ % warp_size), place};
    std::uint32_t const oldest = page->space == Space::shared ? serial_ : first_serial_;
    for (std::size_t at = offset; at < offset + count; at += page->bytes_per_cell) {
      Cell& cell = page->at(at);
      if (cell.serial < oldest) cell.clear();
      cell.serial = serial_;
      check(cell, now, kind, address + (at - offset));
      note(cell, now, kind);
    }
  }

  void check(Cell const& cell, Access const& now, Kind kind, std::byte const* address) {
    auto const is_wrong = [&](Access const& earlier) { return !is_ordered(earlier); };
    if (cell.written && is_wrong(cell.write)) {
      report_race(address, kind, now, Kind::write, cell.write);
    }
    Access found{};
    if (kind != Kind::atomic && cell.atomics.find(is_wrong, found)) {
      report_race(address, kind, now, Kind::atomic, found);
    }
    if (kind != Kind::read && cell.reads.find(is_wrong, found)) {
      report_race(address, kind, now, Kind::read, found);
    }
  }

  void note(Cell& cell, Access const& now, Kind kind) {
    switch (kind) {
      case Kind::read:
        cell.reads.add(now);
        return;
      case Kind::write:
        cell.clear();
        cell.written = true;
        cell.write = now;
        return;
      case Kind::atomic:
        cell.atomics.add(as_handed_on(now));
        return;
    }
  }

  /// An atomic operation right behind a fence is handed on by itself.
  Access as_handed_on(Access access) const {
    View const* const fence = threads_[thread_].fence.get();
    unsigned const lane = thread_ % warp_size;
    bool const is_behind = fence != nullptr && fence->epoch == epoch_ &&
                           fence->clocks[lane] + 1 == clock_of(thread_, lane);
    if (is_behind) access.clock = fence->clocks[lane];
    return access;
  }

  /// Whether the current thread comes after an access.
  bool is_ordered(Access const& earlier) const {
    if (earlier.block == block_) {
      if (earlier.thread == thread_ || earlier.epoch < epoch_) return true;
      bool const same_warp = earlier.warp() == thread_ / warp_size;
      if (same_warp && earlier.clock <= clock_of(thread_, earlier.lane())) return true;
    }
    return holds(threads_[thread_].knowledge, earlier);
  }

  Clock clock_of(unsigned thread, unsigned lane) const { return threads_[thread].clocks[lane]; }

  // Reports. The compiler takes its calls for such as never throw, so that the thread is stopped.

  std::string describe(Access const& access, Kind kind) const {
    char const* const verb = kind == Kind::read    ? "reads"
                             : kind == Kind::write ? "writes"
                                                   : "updates atomically";
    std::string const place =
        access.place < sites_.size()
            ? fmt::format("{}:{}", sites_[access.place].file, sites_[access.place].line)
            : source_of(access.place);
    return fmt::format("{} {} at {}", describe_thread(access.block, access.thread), verb, place);
  }

  [[noreturn]] void report_race(std::byte const* address, Kind kind, Access const& now,
                                Kind earlier_kind, Access const& earlier) const {
    char const* const memory =
        page_at(address)->space == Space::shared ? "shared memory" : "device memory";
    stop_thread(fmt::format("race: on {} at {}, {}, {}, and nothing orders the two", memory,
                            static_cast<void const*>(address), describe(earlier, earlier_kind),
                            describe(now, kind)));
  }

  [[noreturn]] void report_outside(std::byte const* address, std::size_t bytes, Kind kind,
                                   std::uintptr_t place) const {
    Access const now{block_, thread_, epoch_, 0, place};
    stop_thread(fmt::format("{}: {} bytes at {}, which are not allocated", describe(now, kind),
                            bytes, static_cast<void const*>(address)));
  }

  [[noreturn]] static void report_host_access(std::uintptr_t place) {
    fmt::print(stderr, "host code touches device memory at {}\n", source_of(place));
    std::abort();
  }

  std::uint32_t block_ = 0;
  unsigned thread_ = 0;
  bool runs_ = false;  ///< whether a thread of a kernel does
  Clock epoch_ = 0;
  std::uint32_t serial_ = 0;  ///< of the block, among all that were run
  std::uint32_t first_serial_ = 0;
  std::vector<Thread> threads_;
  std::unordered_map<void const*, History> histories_;
  std::vector<Site> sites_;
};

}  // namespace

void add_memory(std::byte const* piece, std::size_t bytes, Space space) {
  for (std::size_t first = 0; first < bytes; first += page_bytes) {
    page_at(piece + first) = new Page{space, std::min(bytes - first, page_bytes), 4, {}};
  }
}

void remove_memory(std::byte const* piece, std::size_t bytes) {
  for (std::size_t first = 0; first < bytes; first += page_bytes) {
    delete std::exchange(page_at(piece + first), nullptr);
  }
}

void begin_launch() {
  Detector::instance().begin_launch();
}

void begin_block(std::uint32_t block, unsigned threads) {
  Detector::instance().begin_block(block, threads);
}

void run_thread(unsigned thread) {
  Detector::instance().run_thread(thread);
}

void leave_kernel() {
  Detector::instance().leave_kernel();
}

void barrier() {
  Detector::instance().barrier();
}

void meet(unsigned warp, unsigned mask) {
  Detector::instance().meet(warp, mask);
}

void fence() {
  Detector::instance().fence();
}

void atomic(void const* address, std::size_t bytes, Site site) {
  if (!in_pages(address)) return;
  Detector& detector = Detector::instance();
  detector.atomic(address, bytes, detector.number_of(site));
}

namespace {

std::uintptr_t number(void const* return_address) {
  return reinterpret_cast<std::uintptr_t>(return_address);
}

void access(void const* address, std::size_t bytes, Kind kind, void const* return_address) {
  if (!in_pages(address)) return;
  Detector::instance().access(address, bytes, kind, number(return_address));
}

void atomic_access(void const volatile* address, std::size_t bytes, void const* return_address) {
  auto* const memory = const_cast<void const*>(address);
  if (in_pages(memory)) Detector::instance().atomic(memory, bytes, number(return_address));
}

}  // namespace

}  // namespace brink::emulated::races

// The compiler's calls.

using brink::emulated::races::access;
using brink::emulated::races::atomic_access;
using brink::emulated::races::Kind;

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

#define BRINK_ACCESSES(bytes)                                         \
  void __tsan_read##bytes(void* address) {                            \
    access(address, bytes, Kind::read, __builtin_return_address(0));  \
  }                                                                   \
  void __tsan_write##bytes(void* address) {                           \
    access(address, bytes, Kind::write, __builtin_return_address(0)); \
  }
#define BRINK_UNALIGNED_ACCESSES(bytes)                               \
  void __tsan_unaligned_read##bytes(void* address) {                  \
    access(address, bytes, Kind::read, __builtin_return_address(0));  \
  }                                                                   \
  void __tsan_unaligned_write##bytes(void* address) {                 \
    access(address, bytes, Kind::write, __builtin_return_address(0)); \
  }
BRINK_ACCESSES(1)
BRINK_ACCESSES(2)
BRINK_ACCESSES(4)
BRINK_ACCESSES(8)
BRINK_ACCESSES(16)
BRINK_UNALIGNED_ACCESSES(2)
BRINK_UNALIGNED_ACCESSES(4)
BRINK_UNALIGNED_ACCESSES(8)
BRINK_UNALIGNED_ACCESSES(16)
#undef BRINK_ACCESSES
#undef BRINK_UNALIGNED_ACCESSES

void __tsan_read_range(void* address, std::size_t bytes) {
  access(address, bytes, Kind::read, __builtin_return_address(0));
}
void __tsan_write_range(void* address, std::size_t bytes) {
  access(address, bytes, Kind::write, __builtin_return_address(0));
}
void __tsan_vptr_read(void** address) {
  access(address, sizeof(void*), Kind::read, __builtin_return_address(0));
}
void __tsan_vptr_update(void** address, void*) {
  access(address, sizeof(void*), Kind::write, __builtin_return_address(0));
}

void* __tsan_memcpy(void* to, void const* from, std::size_t bytes) {
  access(from, bytes, Kind::read, __builtin_return_address(0));
  access(to, bytes, Kind::write, __builtin_return_address(0));
  return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, void const* from, std::size_t bytes) {
  access(from, bytes, Kind::read, __builtin_return_address(0));
  access(to, bytes, Kind::write, __builtin_return_address(0));
  return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, std::size_t bytes) {
  access(to, bytes, Kind::write, __builtin_return_address(0));
  return std::memset(to, value, bytes);
}

// Atomic operations of C++, which kernels do without: those of host code in the same sources.

#define BRINK_ATOMIC_UPDATE(bits, type, name)                                  \
  type __tsan_atomic##bits##_##name(type volatile* address, type value, int) { \
    atomic_access(address, sizeof(type), __builtin_return_address(0));         \
    return __atomic_##name(address, value, __ATOMIC_SEQ_CST);                  \
  }
#define BRINK_ATOMIC_EXCHANGE(bits, type, strength, is_weak)                                    \
  int __tsan_atomic##bits##_compare_exchange_##strength(type volatile* address, type* expected, \
                                                        type value, int, int) {                 \
    atomic_access(address, sizeof(type), __builtin_return_address(0));                          \
    return __atomic_compare_exchange_n(address, expected, value, is_weak, __ATOMIC_SEQ_CST,     \
                                       __ATOMIC_SEQ_CST);                                       \
  }
#define BRINK_ATOMICS(bits, type)                                                        \
  type __tsan_atomic##bits##_load(type const volatile* address, int) {                   \
    atomic_access(address, sizeof(type), __builtin_return_address(0));                   \
    return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                   \
  }                                                                                      \
  void __tsan_atomic##bits##_store(type volatile* address, type value, int) {            \
    atomic_access(address, sizeof(type), __builtin_return_address(0));                   \
    __atomic_store_n(address, value, __ATOMIC_SEQ_CST);                                  \
  }                                                                                      \
  type __tsan_atomic##bits##_exchange(type volatile* address, type value, int) {         \
    atomic_access(address, sizeof(type), __builtin_return_address(0));                   \
    return __atomic_exchange_n(address, value, __ATOMIC_SEQ_CST);                        \
  }                                                                                      \
  type __tsan_atomic##bits##_compare_exchange_val(type volatile* address, type expected, \
                                                  type value, int, int) {                \
    atomic_access(address, sizeof(type), __builtin_return_address(0));                   \
    __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_SEQ_CST,      \
                                __ATOMIC_SEQ_CST);                                       \
    return expected;                                                                     \
  }                                                                                      \
  BRINK_ATOMIC_UPDATE(bits, type, fetch_add)                                             \
  BRINK_ATOMIC_UPDATE(bits, type, fetch_sub)                                             \
  BRINK_ATOMIC_UPDATE(bits, type, fetch_and)                                             \
  BRINK_ATOMIC_UPDATE(bits, type, fetch_or)                                              \
  BRINK_ATOMIC_UPDATE(bits, type, fetch_xor)                                             \
  BRINK_ATOMIC_UPDATE(bits, type, fetch_nand)                                            \
  BRINK_ATOMIC_EXCHANGE(bits, type, strong, false)                                       \
  BRINK_ATOMIC_EXCHANGE(bits, type, weak, true)
BRINK_ATOMICS(8, std::uint8_t)
BRINK_ATOMICS(16, std::uint16_t)
BRINK_ATOMICS(32, std::uint32_t)
BRINK_ATOMICS(64, std::uint64_t)
#undef BRINK_ATOMICS
#undef BRINK_ATOMIC_EXCHANGE
#undef BRINK_ATOMIC_UPDATE

void __tsan_atomic_thread_fence(int) {}
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"

#endif
