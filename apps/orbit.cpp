#include "host/run/orbit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/commands.hpp"
#include "apps/number.hpp"
#include "apps/rule_options.hpp"
#include "apps/terminal.hpp"
#include "host/scan/names.hpp"

namespace brink {
namespace {

/// Options whose text has to be looked at before it is a value.
struct OrbitArguments {
  OrbitOptions options;
  std::string start;
  std::string learning_rate = "0.1";
  std::string precision = "float64";
  std::string neighbourhood;
  bool quiet = false;
};

OrbitOptions read(OrbitArguments const& arguments, RuleArguments const& rule) {
  OrbitOptions options = arguments.options;
  options.rule = rule.options();
  options.rule.step = parse_number(arguments.learning_rate, "--lr");
  options.start = parse_numbers(arguments.start, "--start");
  options.precision = parse_precision(arguments.precision);
  if (!arguments.neighbourhood.empty()) {
    options.neighbourhood = parse_number(arguments.neighbourhood, "--neighbourhood");
  }
  return options;
}

/// `what` is what every start of the neighbourhood is or does.
void report(std::optional<Neighbourhood> const& found, std::string const& what) {
  if (!found) return;
  if (found->radius > 0) {
    fmt::print("every start within {:.6g} of this one, in each coordinate, {} (proved)\n",
               found->radius, what);
  } else {
    fmt::print("no neighbourhood is proved in which every start {}: {}\n", what, found->reason);
  }
}

void report(OrbitOptions const& options, OrbitResult const& result) {
  fmt::print("{} after {} steps", outcome_names.of(result.outcome), result.steps);
  if (result.minimum >= 0) {
    fmt::print(": reached minimum {} at ({:.6g})", result.minimum,
               fmt::join(result.minimum_at, ", "));
  }
  fmt::print("\n");
  if (result.rises == 0) {
    fmt::print("the loss never rose\n");
  } else {
    fmt::print("the loss rose {}, last at step {}\n",
               result.rises == 1 ? "once" : fmt::format("{} times", result.rises),
               result.last_rise);
  }
  report(result.stable, "is stable");
  report(result.convergent, "converges");
  if (result.recorded_steps < options.steps) {
    fmt::print("recorded {} of {} steps: the next is not finite\n", result.recorded_steps,
               options.steps);
  }
  fmt::print("record: {}\n", options.out);
}

}  // namespace

Action add_orbit(CLI::App& program) {
  CLI::App& command =
      *program.add_subcommand("orbit", "one trajectory of gradient descent on a landscape");
  auto const rule = add_rule_options(command);
  auto const arguments = std::make_shared<OrbitArguments>();
  OrbitArguments& a = *arguments;
  command.add_option("--start", a.start, "a number or fraction per coordinate")
      ->type_name("X,X,...")
      ->required();
  command.add_option("--lr", a.learning_rate, "step size; fractions are welcome")
      ->type_name("ETA")
      ->capture_default_str();
  command.add_option("--steps", a.options.steps, "steps to record")
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--neighbourhood", a.neighbourhood,
                  "find how far around the start all starts are proved to be stable, and to "
                  "converge: so far, or a half, a quarter, ... of it")
      ->type_name("[R]")
      ->expected(0, 1)
      ->default_str("1");
  command.add_option("--precision", a.precision, "float32 | float64")
      ->type_name("NAME")
      ->capture_default_str();
  command.add_option("--out", a.options.out, "the record, a Zarr store")->capture_default_str();
  command.add_flag("--overwrite", a.options.overwrite, "replace the record if it exists");
  command.add_flag("--quiet", a.quiet, "print nothing");
  return [arguments, rule] {
    OrbitOptions const options = read(*arguments, *rule);
    ProgressLine line(arguments->quiet);
    OrbitResult const result = orbit(options, line.hooks());
    line.clear();
    if (!arguments->quiet) report(options, result);
    return 0;
  };
}

}  // namespace brink
