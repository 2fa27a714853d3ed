#include "apps/rule_options.hpp"

#include "host/scan/names.hpp"

namespace brink {

RuleOptions RuleArguments::options() const {
  RuleOptions options;
  options.landscape = parse_landscape(landscape);
  options.objective = objective_names.parse(objective);
  options.normalized = scan_method_names.parse(method);
  options.max_steps = max_steps;
  options.escape = escape;
  options.tolerance = tolerance;
  return options;
}

std::shared_ptr<RuleArguments> add_rule_options(CLI::App& command) {
  auto const arguments = std::make_shared<RuleArguments>();
  RuleArguments& a = *arguments;
  auto const add = [&](char const* name, auto& value, char const* help, char const* type) {
    command.add_option(name, value, help)->type_name(type)->capture_default_str();
  };
  add("--landscape", a.landscape,
      "f1 | f2 | f3 | f4 | quadratic[:W,W,...] | tanh-quadratic[:W,W,...] | neuron-linear | "
      "neuron-tanh | normalized-neuron | arora | hyperbola",
      "NAME");
  add("--objective", a.objective, "descend the landscape, or its square root: loss | sqrt", "NAME");
  add("--method", a.method, "gd | normalized-gd", "NAME");
  add("--max-steps", a.max_steps, "undecided after so many steps", "N");
  add("--escape", a.escape, "diverged where a coordinate is larger", "X");
  command
      .add_option("--tolerance", a.tolerance,
                  "gradient norm of a settled point (default: 1e-8 in float64, 1e-5 in float32)")
      ->type_name("X");
  return arguments;
}

}  // namespace brink
