// brink: gradient descent at the edge of stability.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>

#include "apps/commands.hpp"
#include "apps/launcher.hpp"
#include "apps/terminal.hpp"
#include "host/run/hooks.hpp"
#include "host/run/version.hpp"
#include "kernels/error.hpp"

namespace {

constexpr int exit_bad_input = 2;
constexpr int exit_machine_failed = 1;

/// One line on stderr, whatever the message holds.
int fail(std::string message, int code) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  fmt::print(stderr, "brink: {}\n", message);
  return code;
}

/// Whether copies of a command would only get in each other's way.
bool is_for_one(CLI::App const& command) {
  std::string const name = command.get_name();
  if (name == "basin") return command.count("--resume") == 0 && command.count("--shard") == 0;
  return name != "info" && name != "plot" && name != "verify";
}

}  // namespace

int main(int argc, char** argv) {
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
      return fail(fmt::format("there is no command '{}'; see brink --help", command),
                  exit_bad_input);
    }
    return fail(fmt::format("{}; see brink {}--help", error.what(), argc > 1 ? "COMMAND " : ""),
                exit_bad_input);
  }
  brink::install_signal_handlers();
  try {
    CLI::App const& command = *program.get_subcommands().front();
    if (is_for_one(command)) brink::refuse_copies();
    return actions.at(command.get_name())();
  } catch (brink::InputError const& error) {
    return fail(error.what(), exit_bad_input);
  } catch (brink::Interrupted const&) {
    return fail("interrupted; nothing was written", brink::interrupted_exit_code());
  } catch (std::bad_alloc const&) {
    return fail("out of memory", exit_machine_failed);
  } catch (std::exception const& error) {
    return fail(error.what(), exit_machine_failed);
  }
}
