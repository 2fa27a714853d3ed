#include "apps/commands.hpp"
#include "apps/python.hpp"

namespace brink {

Action add_reproduce(CLI::App& program) {
  CLI::App& command =
      *program.add_subcommand("reproduce", "figures and experiments of the papers, with checks");
  // apps/recipes/reproduce/cli.py reads the rest, --help too.
  command.set_help_flag();
  command.prefix_command();
  return [&command]() -> int { become_python("reproduce", command.remaining()); };
}

}  // namespace brink
