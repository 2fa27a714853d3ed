#include "apps/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>

namespace brink {
namespace {

std::atomic<int> caught_signal = 0;

void on_signal(int signal) {
  caught_signal = signal;
  std::signal(signal, SIG_DFL);
}

std::string duration(double seconds) {
  auto const whole = static_cast<long>(seconds);
  if (whole >= 3600) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

}  // namespace

ProgressLine::ProgressLine(bool quiet)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1), last_(start_) {}

void ProgressLine::show(Progress const& progress) {
  if (first_ < 0) first_ = progress.done - 1;
  auto const now = Clock::now();
  auto const pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (quiet_ || now - last_ < pause) return;
  last_ = now;
  double const elapsed = std::chrono::duration<double>(now - start_).count();
  double const rate = static_cast<double>(progress.done - first_) / elapsed;
  std::string line;
  if (progress.total > 0) {
    double const left = static_cast<double>(progress.total - progress.done) / rate;
    line = fmt::format("step {}/{}  {:.1f}/s  ETA {}", progress.done, progress.total, rate,
                       duration(left));
  } else {
    line = fmt::format("{} products  {:.1f}/s", progress.done, rate);
  }
  line += fmt::format("  loss {:.5g}", progress.loss);
  if (!std::isnan(progress.accuracy))
    line += fmt::format("  accuracy {:.2f} %", 100 * progress.accuracy);
  if (!std::isnan(progress.sharpness))
    line += fmt::format("  sharpness {:.4g}", progress.sharpness);
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", line, terminal_ ? "\033[K" : "\n");
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::clear() {
  if (terminal_ && shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

void install_signal_handlers() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool interrupted() {
  return caught_signal != 0;
}
int interrupted_exit_code() {
  return 128 + caught_signal;
}

}  // namespace brink
