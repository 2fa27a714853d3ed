#pragma once

#include <cstddef>

#if !defined(__x86_64__) && !defined(BRINK_EMULATED_UCONTEXT)
#define BRINK_EMULATED_UCONTEXT
#endif
#ifdef BRINK_EMULATED_UCONTEXT
#include <ucontext.h>
#endif

namespace brink::emulated {

/// A stack, and where on it to go on. Switches are a dozen instructions on x86-64 and `ucontext`
/// elsewhere; the address sanitizer is told of them.
class Fiber {
 public:
  /// The stack that the caller runs on.
  Fiber() = default;
  /// A stack of its own, on which `entry` starts at the first switch. It must not return.
  explicit Fiber(void (*entry)());
  Fiber(Fiber const&) = delete;
  Fiber& operator=(Fiber const&) = delete;
  ~Fiber();

  /// Forgets what was running here; `entry` starts anew at the next switch.
  void restart();

  /// Leaves `from`, on which the caller runs, for `to`. Returns when something switches to `from`.
  static void switch_to(Fiber& from, Fiber& to);

 private:
  static void start();
  static void arrive(Fiber& to);

  void (*entry_)() = nullptr;
  std::byte* mapping_ = nullptr;  ///< a page that nobody may touch, then the stack
  void const* stack_ = nullptr;
  std::size_t stack_size_ = 0;
  void* fake_stack_ = nullptr;  ///< the address sanitizer's
#ifdef BRINK_EMULATED_UCONTEXT
  ucontext_t context_;
#else
  void* stack_pointer_ = nullptr;
#endif
};

}  // namespace brink::emulated
