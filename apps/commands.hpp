#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "host/run/problem.hpp"

namespace brink {

/// What a subcommand does once the command line is read; returns the exit code.
using Action = std::function<int()>;

/// Each adds one subcommand to the program and returns what it does (apps/<name>.cpp).
Action add_train(CLI::App& program);
Action add_spectrum(CLI::App& program);
Action add_basin(CLI::App& program);
Action add_orbit(CLI::App& program);
Action add_plot(CLI::App& program);
Action add_reproduce(CLI::App& program);
Action add_bench(CLI::App& program);
Action add_verify(CLI::App& program);
Action add_info(CLI::App& program);

/// The options of data, network and machine that train and spectrum share, as text until the whole
/// command line is known.
struct ProblemArguments {
  std::string data = "synthetic";
  std::int64_t examples = 0;
  std::string standardize;
  std::string hidden = "100,100";
  std::string activation = "tanh";
  std::string loss = "cross-entropy";
  std::string initialization = "default";
  std::uint64_t seed = 0;
  std::string precision = "float32";
  bool tf32 = false;
  std::string device = "auto";
  int threads = 0;

  /// InputError on names and numbers that are wrong.
  ProblemOptions options() const;
};
std::shared_ptr<ProblemArguments> add_problem_options(CLI::App& command);

}  // namespace brink
