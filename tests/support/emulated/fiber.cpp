#include "tests/support/emulated/fiber.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#include "kernels/error.hpp"
#include "tests/support/emulated/poison.hpp"

extern "C" {
void __sanitizer_start_switch_fiber(void** fake_stack, void const* stack, std::size_t size);
void __sanitizer_finish_switch_fiber(void* fake_stack, void const** old_stack,
                                     std::size_t* old_size);
}

#ifndef BRINK_EMULATED_UCONTEXT
// Stores the stack pointer in *from and takes up that of `to`, where the same function left off:
// the registers that calls preserve lie on the stack.
extern "C" void brink_emulated_switch(void** from, void* to);
asm(R"(
.text
.globl brink_emulated_switch
.type brink_emulated_switch, @function
brink_emulated_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size brink_emulated_switch, .-brink_emulated_switch
)");
#endif

namespace brink::emulated {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t stack_bytes = (sanitized ? 512 : 128) * 1024;

// The switch under way: a fiber that starts has no other way to know.
Fiber* leaving = nullptr;
Fiber* entering = nullptr;

}  // namespace

Fiber::Fiber(void (*entry)()) : entry_(entry), stack_size_(stack_bytes) {
  void* const mapping = mmap(nullptr, page + stack_bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw MachineError("no memory for the stack of an emulated thread");
  mapping_ = static_cast<std::byte*>(mapping);
  stack_ = mapping_ + page;
  mprotect(mapping, page, PROT_NONE);
  restart();
}

Fiber::~Fiber() {
  if (mapping_ == nullptr) return;
  unpoison(stack_, stack_size_);
  munmap(mapping_, page + stack_size_);
}

void Fiber::restart() {
  unpoison(stack_, stack_size_);
  fake_stack_ = nullptr;
#ifdef BRINK_EMULATED_UCONTEXT
  getcontext(&context_);
  context_.uc_stack.ss_sp = mapping_ + page;
  context_.uc_stack.ss_size = stack_size_;
  context_.uc_link = nullptr;
  makecontext(&context_, start, 0);
#else
  // As the switch leaves it: six registers, the address to go on at, and above it, where a caller's
  // would be, an address at which unwinding ends.
  auto* const top = reinterpret_cast<std::uintptr_t*>(mapping_ + page + stack_size_);
  std::uintptr_t* const frame = top - 10;
  for (std::uintptr_t* word = frame; word != top; ++word) *word = 0;
  frame[6] = reinterpret_cast<std::uintptr_t>(&start);
  stack_pointer_ = frame;
#endif
}

void Fiber::switch_to(Fiber& from, Fiber& to) {
  leaving = &from;
  entering = &to;
  if constexpr (sanitized) {
    __sanitizer_start_switch_fiber(&from.fake_stack_, to.stack_, to.stack_size_);
  }
#ifdef BRINK_EMULATED_UCONTEXT
  swapcontext(&from.context_, &to.context_);
#else
  brink_emulated_switch(&from.stack_pointer_, to.stack_pointer_);
#endif
  arrive(from);
}

void Fiber::arrive(Fiber& to) {
  if constexpr (sanitized) {
    __sanitizer_finish_switch_fiber(to.fake_stack_, &leaving->stack_, &leaving->stack_size_);
  } else {
    static_cast<void>(to);
  }
}

void Fiber::start() {
  Fiber& self = *entering;
  arrive(self);
  self.entry_();
  std::abort();
}

}  // namespace brink::emulated
