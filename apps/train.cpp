#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "apps/commands.hpp"
#include "apps/launcher.hpp"
#include "apps/number.hpp"
#include "apps/terminal.hpp"
#include "host/dynamics/optimizer.hpp"
#include "host/run/train.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

/// Options whose text has to be looked at before it is a value.
struct TrainArguments {
  TrainOptions options;
  std::string method = "gd";
  std::string objective = "loss";
  std::string learning_rate = "2/20";
  std::string until_accuracy, until_loss;
  bool quiet = false;
};

TrainOptions read(TrainArguments const& arguments, ProblemArguments const& problem) {
  TrainOptions options = arguments.options;
  options.problem = problem.options();
  options.method = parse_method(arguments.method);
  options.learning_rate = parse_number(arguments.learning_rate, "--lr");
  if (arguments.objective != "loss" && arguments.objective != "sqrt") {
    throw InputError(
        fmt::format("--objective '{}' is unknown; there are: loss, sqrt", arguments.objective));
  }
  options.on_square_root = arguments.objective == "sqrt";
  if (!arguments.until_accuracy.empty()) {
    options.until_accuracy = parse_number(arguments.until_accuracy, "--until-accuracy");
  }
  if (!arguments.until_loss.empty()) {
    options.until_loss = parse_number(arguments.until_loss, "--until-loss");
  }
  return options;
}

/// The sharpness beyond which the method is unstable on a quadratic (Cohen et al. 2021), where one
/// number says it: " (2/lr = 20)".
std::string threshold(TrainOptions const& options) {
  double const eta = options.learning_rate;
  double const beta = options.momentum;
  auto const shown = [](char const* formula, double value) {
    return fmt::format(" ({} = {:.4g})", formula, value);
  };
  if (options.on_square_root) return "";
  switch (options.method) {
    case Method::gd:
    case Method::sgd:
      return shown("2/lr", 2 / eta);
    case Method::polyak:
      return shown("(2 + 2 momentum)/lr", (2 + 2 * beta) / eta);
    case Method::nesterov:
      return shown("(2 + 2 momentum)/((1 + 2 momentum) lr)",
                   (2 + 2 * beta) / ((1 + 2 * beta) * eta));
    case Method::normalized_gd:
    case Method::flow:
      return "";
  }
  return "";
}

void report(TrainOptions const& options, TrainResult const& result) {
  fmt::print("{} after {} steps: loss {:.6g}", result.stop_reason, result.steps, result.loss);
  if (!std::isnan(result.accuracy)) fmt::print(", accuracy {:.2f} %", 100 * result.accuracy);
  if (!std::isnan(result.sharpness)) {
    fmt::print(", sharpness {:.4g}{}", result.sharpness, threshold(options));
  }
  fmt::print("\n");
  if (!std::isnan(result.identity_residual)) {
    fmt::print("identity (4.2): largest residual over the line sweeps {:.2g}\n",
               result.identity_residual);
  }
  if (!std::isnan(result.approximation_residual)) {
    fmt::print("approximation (4.3): median residual over the line sweeps {:.2g}\n",
               result.approximation_residual);
  }
  fmt::print("record: {}\n", options.out);
  if (!options.save_parameters.empty()) fmt::print("parameters: {}\n", options.save_parameters);
}

/// InputError for an option of other methods than the one that is asked for.
void refuse_options_of_others(CLI::App const& command, Method method) {
  struct Owned {
    char const* option;
    std::vector<Method> methods;
  };
  for (auto const& [option, methods] :
       {Owned{"--momentum", {Method::polyak, Method::nesterov}},
        Owned{"--batch-size", {Method::sgd}}, Owned{"--flow-alpha", {Method::flow}}}) {
    bool const uses = std::find(methods.begin(), methods.end(), method) != methods.end();
    if (uses || command.count(option) == 0) continue;
    std::vector<std::string> names;
    for (Method const one : methods) names.push_back(method_name(one));
    throw InputError(fmt::format("{} goes with --method {}, not {}", option,
                                 fmt::join(names, " or "), method_name(method)));
  }
}

int run(CLI::App const& command, TrainArguments const& arguments, ProblemArguments const& problem) {
  TrainOptions const options = read(arguments, problem);
  refuse_options_of_others(command, options.method);
  ProgressLine line(arguments.quiet);
  TrainResult const result = train(options, line.hooks());
  line.clear();
  if (result.stop_reason == "interrupted") {
    if (launched_ranks().is_first()) {
      fmt::print(stderr,
                 "brink: interrupted after {} steps; go on with the same command and --resume\n",
                 result.steps);
    }
    return interrupted_exit_code();
  }
  if (!arguments.quiet && launched_ranks().is_first()) report(options, result);
  return 0;
}

void add_stopping(CLI::App& command, TrainArguments& a) {
  command.add_option("--steps", a.options.steps, "updates to make")->capture_default_str();
  command
      .add_option("--until-accuracy", a.until_accuracy,
                  "stop at this training accuracy, as a fraction")
      ->type_name("X");
  command
      .add_option("--until-loss", a.until_loss, "stop at this training loss; of sgd, a minibatch's")
      ->type_name("X");
}

void add_diagnostics(CLI::App& command, TrainArguments& a) {
  auto const every = [&](char const* name, Index& value, char const* help) {
    command.add_option(name, value, help)->type_name("K")->capture_default_str();
  };
  every("--sharpness-every", a.options.sharpness_every,
        "measure the Hessian's top eigenvalues every K steps (0: never)");
  command.add_option("--top", a.options.top, "how many eigenvalues")->capture_default_str();
  command
      .add_option("--sharpness-tolerance", a.options.sharpness_tolerance,
                  "largest residual relative to the eigenvalue")
      ->capture_default_str();
  every("--line-every", a.options.line_every,
        "directional smoothness along the step, L(tau), every K steps (0: never)");
  command.add_option("--line-points", a.options.line_points, "values of tau")
      ->capture_default_str();
  every("--segment-every", a.options.segment_every,
        "sharpness along the step, from its start to its end, every K steps (0: never)");
  command
      .add_option("--segment-points", a.options.segment_points,
                  "into how many intervals the points of the segment divide it")
      ->capture_default_str();
  every("--test-every", a.options.test_every, "test loss and accuracy every K steps (0: never)");
  every("--expectation-every", a.options.expectation_every,
        "sgd: loss, accuracy and E[RP] over all examples every K steps (0: never)");
  command.add_option("--draws", a.options.draws, "sgd: minibatches drawn for E[RP]")
      ->capture_default_str();
}

void add_output(CLI::App& command, TrainArguments& a) {
  command.add_option("--out", a.options.out, "the record, a Zarr store")->capture_default_str();
  command.add_option("--save-params", a.options.save_parameters,
                     "final parameters, as a .npy file");
  command.add_flag("--overwrite", a.options.overwrite, "replace the record if it exists");
  command.add_flag("--resume", a.options.resume,
                   "go on where an interrupted run of the same settings stopped");
  command
      .add_option("--checkpoint-every", a.options.checkpoint_every,
                  "steps between checkpoints (0: every 30 seconds)")
      ->type_name("K")
      ->capture_default_str();
  command.add_flag("--quiet", a.quiet, "print nothing");
}

}  // namespace

Action add_train(CLI::App& program) {
  CLI::App& command = *program.add_subcommand("train", "one training trajectory");
  auto const problem = add_problem_options(command);
  auto const arguments = std::make_shared<TrainArguments>();
  TrainArguments& a = *arguments;
  command.add_option("--method", a.method, "gd | sgd | normalized-gd | polyak | nesterov | flow")
      ->capture_default_str();
  command
      .add_option("--objective", a.objective, "descend the loss, or its square root: loss | sqrt")
      ->capture_default_str();
  command.add_option("--lr", a.learning_rate, "step size; fractions are welcome")
      ->type_name("ETA")
      ->capture_default_str();
  command.add_option("--momentum", a.options.momentum, "of polyak and nesterov")
      ->capture_default_str();
  command.add_option("--batch-size", a.options.batch_size, "of sgd")->capture_default_str();
  command
      .add_option("--flow-alpha", a.options.flow_alpha,
                  "flow: Runge-Kutta steps are min(lr, alpha / sharpness)")
      ->capture_default_str();
  command.add_flag(
      "--gram,!--no-gram", a.options.gram,
      "gd, normalized-gd: make the first layer's products with the data's Gram matrix where "
      "that is less work (default)");
  add_stopping(command, a);
  add_diagnostics(command, a);
  add_output(command, a);
  return [&command, arguments, problem] { return run(command, *arguments, *problem); };
}

}  // namespace brink
