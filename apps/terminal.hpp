#pragma once

#include <chrono>

#include "host/run/hooks.hpp"

namespace brink {

/// Shows the progress of a long run on stderr: one line that is rewritten on a terminal, plain
/// lines every ten seconds elsewhere, nothing when quiet.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);
  ~ProgressLine() { clear(); }
  ProgressLine(ProgressLine const&) = delete;
  ProgressLine& operator=(ProgressLine const&) = delete;

  /// A run's, which lets it show itself here and be interrupted by signals; as long as the line is.
  RunHooks hooks();
  /// Makes room for other output.
  void clear();

 private:
  void show(Progress const& progress);
  /// A line of its own: what memory the run needs.
  void show(MemoryPlan const& plan) const;

  using Clock = std::chrono::steady_clock;
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  Index done_ = -1;  // when last shown; at first what was done before this run began
  double rate_ = 0;  // recent, per second
  Clock::time_point last_ = Clock::now();
};

/// SIGINT and SIGTERM set a flag; a second one ends the program at once.
void install_signal_handlers();
bool interrupted();
/// 130 or 143 after SIGINT or SIGTERM.
int interrupted_exit_code();

}  // namespace brink
