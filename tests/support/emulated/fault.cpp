#include "tests/support/emulated/fault.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <vector>

#include "tests/support/emulated/control.hpp"
#include "tests/support/emulated/scheduler.hpp"

namespace brink::emulated {

namespace {

void report(int, siginfo_t* info, void*) {
  std::string const thread = running_thread();
  if (!thread.empty()) {
    fmt::print(stderr, "{}: access to {}, which is not mapped\n", thread, info->si_addr);
  }
  // The access is made again, now to the usual end.
  std::signal(SIGSEGV, SIG_DFL);
}

/// A stack for the handler: the thread's own may be what has overflowed.
void use_signal_stack() {
  thread_local std::vector<char> memory(64 * 1024);
  stack_t stack{};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  sigaltstack(&stack, nullptr);
}

}  // namespace

void report_faults() {
  if constexpr (sanitized) return;
  thread_local bool const stack_is_set = (use_signal_stack(), true);
  static bool const handler_is_set = [] {
    struct sigaction action {};
    action.sa_sigaction = report;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    return sigaction(SIGSEGV, &action, nullptr) == 0;
  }();
  static_cast<void>(stack_is_set && handler_is_set);
}

}  // namespace brink::emulated
