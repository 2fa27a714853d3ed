#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "host/scan/rule.hpp"

namespace brink {

/// The options of landscape, method and verdict that orbit and basin share, as text until the whole
/// command line is known.
struct RuleArguments {
  std::string landscape = "f4";
  std::string objective = "loss";
  std::string method = "gd";
  Index max_steps = RuleOptions{}.max_steps;
  double escape = RuleOptions{}.escape;
  std::optional<double> tolerance;

  /// All but the step size. InputError on names that are wrong.
  RuleOptions options() const;
};
std::shared_ptr<RuleArguments> add_rule_options(CLI::App& command);

}  // namespace brink
