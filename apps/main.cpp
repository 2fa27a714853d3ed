// brink: gradient descent at the edge of stability.
#include <fmt/format.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

#include "apps/commands.hpp"
#include "apps/launcher.hpp"
#include "apps/terminal.hpp"
#include "host/run/hooks.hpp"
#include "host/run/version.hpp"
#include "kernels/error.hpp"

namespace {

constexpr int exit_bad_input = 2;
constexpr int exit_machine_failed = 1;

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{3};

/// One line on stderr, whatever the message holds.
int fail(std::string message, int code) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  fmt::print(stderr, "brink: {}\n", message);
  return code;
}

/// Leaves the first rank the time to speak. Where a launcher ends all by a signal because one has
/// ended, this one ends first otherwise, and nobody has spoken. False where no signal came.
bool wait_for_the_first() {
  for (auto const until = Clock::now() + patience; Clock::now() < until;) {
    if (brink::interrupted()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// The same before ranks know of each other, where each finds what is wrong.
int fail_alike(std::string const& message, int code) {
  if (brink::speaks_for_all()) return fail(message, code);
  wait_for_the_first();
  return code;
}

/// The same where ranks may wait for one that cannot go on: ends all. What goes wrong in all alike
/// the first one says, and ends the others, by a signal, before they do.
int fail_for_all(std::string const& message, int code) {
  brink::Ranks& ranks = brink::launched_ranks();
  if (ranks.is_first()) {
    fail(message, code);
  } else {
    if (wait_for_the_first()) return code;
    fail(fmt::format("rank {}: {}", ranks.rank(), message), code);
  }
  ranks.abort(code);
  return code;
}

brink::Copies copies_of(CLI::App const& command) {
  using brink::Copies;
  std::string const name = command.get_name();
  if (name == "info" || name == "plot" || name == "verify" || name == "reproduce") {
    return Copies::are_welcome;
  }
  if (name == "train" || name == "spectrum") return Copies::are_ranks;
  if (name != "basin") return Copies::are_refused;
  bool const joins = command.count("--resume") > 0 || command.count("--shard") > 0;
  return joins ? Copies::know_files : Copies::are_ranks;
}

/// In peace: with all ranks.
int end(int code) {
  brink::launched_ranks().leave();
  return code;
}

/// A scan has the same few megabytes to fill again and again: memory that goes back to the system
/// costs it more than arithmetic does.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  CLI::App program("brink: gradient descent at the edge of stability", "brink");
  program.set_version_flag("--version", fmt::format("brink {}", brink::version));
  program.require_subcommand(1);
  std::map<std::string, brink::Action> const actions{
      {"train", brink::add_train(program)}, {"spectrum", brink::add_spectrum(program)},
      {"basin", brink::add_basin(program)}, {"orbit", brink::add_orbit(program)},
      {"plot", brink::add_plot(program)},   {"reproduce", brink::add_reproduce(program)},
      {"bench", brink::add_bench(program)}, {"verify", brink::add_verify(program)},
      {"info", brink::add_info(program)}};
  try {
    program.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    std::string const command = argc > 1 ? argv[1] : "";
    if (!command.empty() && command.front() != '-' && !actions.contains(command)) {
      return fail_alike(fmt::format("there is no command '{}'; see brink --help", command),
                        exit_bad_input);
    }
    std::string const known = actions.contains(command) ? command + " " : "";
    return fail_alike(fmt::format("{}; see brink {}--help", error.what(), known), exit_bad_input);
  }
  brink::install_signal_handlers();
  CLI::App const& command = *program.get_subcommands().front();
  try {
    brink::join_launched(command.get_name(), copies_of(command));
  } catch (brink::InputError const& error) {
    return fail_alike(error.what(), exit_bad_input);
  }
  try {
    return end(actions.at(command.get_name())());
  } catch (brink::InputError const& error) {
    return fail_for_all(error.what(), exit_bad_input);
  } catch (brink::Interrupted const&) {
    int const code = brink::interrupted_exit_code();
    return end(brink::launched_ranks().is_first() ? fail("interrupted; nothing was written", code)
                                                  : code);
  } catch (std::bad_alloc const&) {
    return fail_for_all("out of memory", exit_machine_failed);
  } catch (std::exception const& error) {
    return fail_for_all(error.what(), exit_machine_failed);
  }
}
