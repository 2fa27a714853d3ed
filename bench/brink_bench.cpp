// brink_bench: times parts of brink's work at given parameters, one subcommand per part, for
// comparison with other tools on the same work (bench/peers).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <exception>

#include "apps/commands.hpp"
#include "apps/number.hpp"
#include "bench/jobs/job.hpp"
#include "kernels/error.hpp"

namespace brink::bench {
namespace {

struct Job {
  char const* name;
  char const* help;
  void (*measure)(JobOptions const&, Report const&);
};
constexpr std::array jobs{
    Job{"step", "a step of gradient descent as `brink train` makes it", measure_step},
    Job{"gemm", "the matrix products of a step, as fast as the BLAS does them", measure_gemm},
    Job{"hvp", "Hessian-vector products in batches, per direction", measure_hvp},
    Job{"sharpness", "the Hessian's top eigenvalue", measure_sharpness},
    Job{"line", "directional smoothness at 100 points of a step", measure_line},
    Job{"memory", "peak memory of a training with its diagnostics", measure_memory},
};

/// The options that every job has.
void add_samples(CLI::App& command, Samples& samples, bool& json) {
  command.add_option("--samples", samples.samples, "how often to measure")
      ->check(CLI::Range(Index{1}, Index{1'000'000}))
      ->capture_default_str();
  command.add_flag("--json", json, "a JSON object per line");
}

/// Text and numbers of one subcommand's command line.
struct Arguments {
  std::shared_ptr<ProblemArguments> problem;
  JobOptions options;
  std::string theta;
  std::string learning_rate = "2/30";
  bool json = false;
};

int run(Job const& job, Arguments const& arguments) {
  JobOptions options = arguments.options;
  options.problem = arguments.problem->options();
  if (!arguments.theta.empty()) options.problem.initialization = "npy:" + arguments.theta;
  options.learning_rate = parse_number(arguments.learning_rate, "--lr");
  job.measure(options, Report(arguments.json));
  return 0;
}

Action add(CLI::App& program, Job const& job) {
  CLI::App& command = *program.add_subcommand(job.name, job.help);
  auto const arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  a.problem = add_problem_options(command);
  command.get_option("--hidden")->default_val("200,200");
  command.add_option("--theta", a.theta, "parameters, as --init npy:FILE.npy")
      ->type_name("FILE.npy")
      ->excludes("--init");
  command.add_option("--lr", a.learning_rate, "step size")->type_name("ETA")->capture_default_str();
  add_samples(command, a.options, a.json);
  if (job.measure == measure_sharpness) {
    command
        .add_option("--theta-before", a.options.theta_before,
                    "parameters some steps earlier: adds the warm start from there")
        ->type_name("FILE.npy");
  }
  if (job.measure == measure_step) {
    command.add_flag("--breakdown", a.options.breakdown, "a row for each operation as well");
  }
  return [&job, arguments] { return run(job, *arguments); };
}

struct BasinArguments {
  BasinJobOptions options;
  std::string precision = "float32";
  std::vector<std::string> learning_rates{"0.1", "0.3", "0.5"};
  bool json = false;
};

int run_basin(BasinArguments const& arguments) {
  BasinJobOptions options = arguments.options;
  options.precision = parse_precision(arguments.precision);
  for (std::string const& rate : arguments.learning_rates) {
    options.steps.push_back(parse_number(rate, "--lr"));
  }
  measure_basin(options, Report(arguments.json));
  return 0;
}

Action add_basin(CLI::App& program) {
  CLI::App& command = *program.add_subcommand(
      "basin", "basin scans of f4 over [-4,4]^2, and the floor under their time");
  auto const arguments = std::make_shared<BasinArguments>();
  BasinArguments& a = *arguments;
  auto const add = [&](char const* name, auto& value, char const* help, char const* type) {
    return command.add_option(name, value, help)->type_name(type)->capture_default_str();
  };
  CLI::Range const sides(Index{2}, Index{1} << 16);
  add("--precision", a.precision, "float32 | float64", "NAME");
  add("--lr", a.learning_rates, "step sizes", "ETA,ETA,...")->delimiter(',');
  add("--grid", a.options.grid, "starts along a side", "N")->check(sides);
  add("--grids", a.options.further_grids, "of further grids, for the labels alone", "N,N,...")
      ->delimiter(',')
      ->check(sides);
  add("--device", a.options.device, "auto | cpu | cuda | cuda:N", "NAME");
  add("--threads", a.options.threads, "CPU threads (0: one per core)", "N");
  add_samples(command, a.options, a.json);
  return [arguments] { return run_basin(*arguments); };
}

constexpr int exit_bad_input = 2;
constexpr int exit_machine_failed = 1;

int fail(std::exception const& error, int code) {
  fmt::print(stderr, "brink_bench: {}\n", error.what());
  return code;
}

}  // namespace
}  // namespace brink::bench

int main(int argc, char** argv) {
  using namespace brink::bench;
  CLI::App program("brink_bench: times parts of brink's work", "brink_bench");
  program.require_subcommand(1);
  std::map<std::string, brink::Action> actions;
  for (Job const& job : jobs) actions[job.name] = add(program, job);
  actions["basin"] = add_basin(program);
  try {
    program.parse(argc, argv);
    return actions.at(program.get_subcommands().front()->get_name())();
  } catch (CLI::ParseError const& error) {
    return error.get_exit_code() == 0 ? program.exit(error) : fail(error, exit_bad_input);
  } catch (brink::InputError const& error) {
    return fail(error, exit_bad_input);
  } catch (std::exception const& error) {
    return fail(error, exit_machine_failed);
  }
}
