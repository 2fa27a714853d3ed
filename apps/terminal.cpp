#include "apps/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>

#include "apps/launcher.hpp"

namespace brink {
namespace {

constexpr double memory = 10;  // seconds over which the rate is averaged

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

std::string rate(double per_second) {
  if (per_second >= 1e6) return fmt::format("{:.1f}M", 1e-6 * per_second);
  return fmt::format("{:.1f}", per_second);
}

}  // namespace

ProgressLine::ProgressLine(bool quiet)
    : quiet_(quiet || !launched_ranks().is_first()), terminal_(isatty(STDERR_FILENO) == 1) {}

RunHooks ProgressLine::hooks() {
  return {.planned = [this](MemoryPlan const& plan) { show(plan); },
          .progress = [this](Progress const& progress) { show(progress); },
          .interrupted = interrupted,
          .ranks = &launched_ranks()};
}

void ProgressLine::show(Progress const& progress) {
  if (done_ < 0) done_ = progress.done - 1;
  auto const now = Clock::now();
  auto const pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (quiet_ || now - last_ < pause) return;
  // The recent rate, as the work per step changes with the diagnostics that fall due and with the
  // load of the machine.
  double const elapsed = std::chrono::duration<double>(now - last_).count();
  double const latest = static_cast<double>(progress.done - done_) / elapsed;
  double const weight = rate_ > 0 ? 1 - std::exp(-elapsed / memory) : 1;
  rate_ += weight * (latest - rate_);
  last_ = now;
  done_ = progress.done;
  std::string line;
  if (progress.total > 0) {
    double const left = static_cast<double>(progress.total - progress.done) / rate_;
    line = fmt::format("{} {}/{}  {}/s  ETA {}", progress.unit, progress.done, progress.total,
                       rate(rate_), duration(left));
  } else {
    line = fmt::format("{} products  {:.1f}/s", progress.done, rate_);
  }
  if (!std::isnan(progress.loss)) line += fmt::format("  loss {:.5g}", progress.loss);
  if (!std::isnan(progress.accuracy))
    line += fmt::format("  accuracy {:.2f} %", 100 * progress.accuracy);
  if (!std::isnan(progress.sharpness))
    line += fmt::format("  sharpness {:.4g}", progress.sharpness);
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", line, terminal_ ? "\033[K" : "\n");
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::show(MemoryPlan const& plan) const {
  if (quiet_) return;
  fmt::print("memory: at most {}\n", plan.text());
  std::fflush(stdout);
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
  return 128 + (caught_signal != 0 ? caught_signal.load() : SIGTERM);  // another rank's
}

}  // namespace brink
