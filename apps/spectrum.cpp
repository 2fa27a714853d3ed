#include "host/run/spectrum.hpp"

#include <fmt/format.h>

#include <cmath>

#include "apps/commands.hpp"
#include "apps/launcher.hpp"
#include "apps/terminal.hpp"

namespace brink {
namespace {

void report(SpectrumOptions const& options, SpectrumResult const& result) {
  fmt::print("loss {:.8g}", result.loss);
  if (!std::isnan(result.accuracy)) fmt::print(", accuracy {:.2f} %", 100 * result.accuracy);
  fmt::print(", gradient norm {:.6g}\n", result.gradient_norm);
  auto const list = [](char const* end, Eigenpairs const& pairs) {
    for (std::size_t i = 0; i < pairs.values.size(); ++i) {
      fmt::print("{} {:>3}  {:>15.8g}   residual {:.2g}\n", end, i + 1, pairs.values[i],
                 pairs.residuals[i]);
    }
    if (!pairs.values.empty()) fmt::print("        {} products\n", pairs.products);
  };
  list("top", result.top);
  list("bottom", result.bottom);
  if (WholeSpectrum const& all = result.all; !all.values.empty()) {
    fmt::print("all {} eigenvalues: {:.8g} to {:.8g}, {} of them below {:.2g}, trace {:.8g}\n",
               all.values.size(), all.values.front(), all.values.back(), all.negative(),
               -all.rounding, all.trace());
  }
  if (!std::isnan(result.trace.mean)) {
    fmt::print("trace {:.8g} +- {:.2g}\n", result.trace.mean, result.trace.error);
  }
  fmt::print("record: {}\n", options.out);
}

}  // namespace

Action add_spectrum(CLI::App& program) {
  CLI::App& command =
      *program.add_subcommand("spectrum", "the Hessian of the training loss at given parameters");
  auto const problem = add_problem_options(command);
  auto const options = std::make_shared<SpectrumOptions>();
  auto const quiet = std::make_shared<bool>(false);
  auto const add = [&](char const* name, auto& value, char const* help) {
    command.add_option(name, value, help)->capture_default_str();
  };
  add("--top", options->top, "how many of the largest eigenvalues");
  add("--bottom", options->bottom, "how many of the smallest eigenvalues");
  add("--tolerance", options->tolerance, "largest residual relative to the eigenvalue");
  add("--max-products", options->max_products, "Hessian-vector products per end at most");
  command.add_flag("--all", options->all,
                   "every eigenvalue of the Hessian, which is formed: for networks of up to some "
                   "thousands of parameters");
  command.add_flag("--trace", options->trace, "Hutchinson's estimate of the trace");
  command.add_flag("--density", options->density,
                   "spectral density by stochastic Lanczos quadrature (and the trace)");
  add("--probes", options->probes, "random vectors for trace and density");
  add("--lanczos-steps", options->lanczos_steps, "steps of the quadrature");
  add("--out", options->out, "the record, a Zarr store");
  command.add_flag("--overwrite", options->overwrite, "replace the record if it exists");
  command.add_flag("--quiet", *quiet, "print nothing");
  return [problem, options, quiet] {
    options->problem = problem->options();
    ProgressLine line(*quiet);
    SpectrumResult const result = spectrum(*options, line.hooks());
    line.clear();
    if (!*quiet && launched_ranks().is_first()) report(*options, result);
    return 0;
  };
}

}  // namespace brink
