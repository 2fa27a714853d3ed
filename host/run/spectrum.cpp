#include "host/run/spectrum.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "host/diagnostics/coarse_hessian.hpp"
#include "host/run/network_memory.hpp"
#include "host/run/output.hpp"
#include "host/run/whole_record.hpp"
#include "kernels/error.hpp"
#include "kernels/math/nan.hpp"

namespace brink {
namespace {

void check(SpectrumOptions const& options) {
  check(options.problem);
  require(options.top >= 0, fmt::format("--top {}: must be at least 0", options.top));
  require(options.bottom >= 0, fmt::format("--bottom {}: must be at least 0", options.bottom));
  require(options.top + options.bottom > 0 || options.all || options.trace || options.density,
          "nothing to compute: ask for --top, --bottom, --all, --trace or --density");
  require(options.tolerance > 0,
          fmt::format("--tolerance {}: must be positive", options.tolerance));
  require(options.max_products > 0,
          fmt::format("--max-products {}: must be at least 1", options.max_products));
  require(options.probes > 0, fmt::format("--probes {}: must be at least 1", options.probes));
  require(options.lanczos_steps > 1,
          fmt::format("--lanczos-steps {}: must be at least 2", options.lanczos_steps));
}

void write_vector(ZarrGroup& group, std::string const& name, std::string const& dimension,
                  std::string const& long_name, std::vector<double> const& values) {
  write_variable(group, name, {{dimension, std::ssize(values)}}, long_name, values);
}

void write_pairs(ZarrGroup& group, std::string const& prefix, std::string const& which,
                 Eigenpairs const& pairs) {
  if (pairs.values.empty()) return;
  std::vector<double> ranks;
  for (std::size_t i = 0; i < pairs.values.size(); ++i) ranks.push_back(static_cast<double>(i + 1));
  write_vector(group, prefix + "rank", prefix + "rank", "rank from the " + which + " end", ranks);
  write_vector(group, prefix + "eigenvalue", prefix + "rank",
               which + " eigenvalues of the Hessian of the training loss", pairs.values);
  write_vector(group, prefix + "residual", prefix + "rank",
               "norm of H v - lambda v for the unit vector v", pairs.residuals);
  group.set_attribute(prefix + "hvp_count", pairs.products);
  group.set_attribute(prefix + "coarse_hvp_count", pairs.coarse_products);
}

void write_all(ZarrGroup& group, WholeSpectrum const& all) {
  std::vector<double> index(all.values.size());
  std::iota(index.begin(), index.end(), 1.0);
  write_vector(group, "index", "index", "place among all eigenvalues, ascending", index);
  write_vector(group, "all_eigenvalue", "index",
               "all eigenvalues of the Hessian of the training loss", all.values);
  group.set_attribute("all_trace", all.trace());
  group.set_attribute("all_rounding", all.rounding);
  group.set_attribute("all_negative", all.negative());
}

/// All that the record will hold.
struct Spectrum {
  SpectrumResult result;
  SpectralDensity density;  ///< empty unless asked for
  nlohmann::json attributes;
};

void fill(ZarrGroup& group, SpectrumOptions const& options, Spectrum const& found) {
  write_pairs(group, "", "largest", found.result.top);
  write_pairs(group, "bottom_", "smallest", found.result.bottom);
  if (options.all) write_all(group, found.result.all);
  if (options.density || options.trace) {
    group.set_attribute("trace", found.result.trace.mean);
    group.set_attribute("trace_error", found.result.trace.error);
  }
  if (options.density) {
    write_vector(group, "lambda", "lambda", "eigenvalue", found.density.lambda);
    write_vector(group, "density", "lambda",
                 "density of the Hessian's eigenvalues, integrating to 1", found.density.density);
    group.set_attribute("density_width", found.density.width);
  }
  group.set_attribute("loss", found.result.loss);
  group.set_attribute("accuracy", found.result.accuracy);
  group.set_attribute("gradient_norm", found.result.gradient_norm);
}

template <class T>
Spectrum compute(SpectrumOptions const& options, RunHooks const& hooks) {
  Problem<T> problem(
      options.problem, [&](ProblemSizes<T> const& sizes) { return plan_spectrum(options, sizes); },
      false, *hooks.ranks);
  hooks.planned(problem.memory_plan());
  Context& context = problem.context();
  Linalg<T> const& linalg = *problem.operations().linalg;
  Index const parameters = problem.model().network.parameters();

  Buffer<T> const theta(context, problem.theta());
  Buffer<T> const gradient(context, parameters);
  Pass<T> pass(context, problem.operations(), problem.model());
  pass.gradient(theta.view(), problem.train().examples(), gradient.view(),
                Pass<T>::Curvature::keep);
  LossSums const sums = pass.sums();
  double const square =
      linalg.inner_products(gradient.matrix(1, parameters), gradient.matrix(1, parameters)).front();

  Spectrum found;
  found.attributes = common_attributes(problem, options.problem, "spectrum");
  found.attributes["config"] = to_json(options.problem);
  SpectrumResult& result = found.result;
  result.loss = sums.loss;
  result.accuracy = problem.accuracy(sums.correct, problem.train());
  result.gradient_norm = std::sqrt(square);
  Index products = 0;
  SymmetricOperator<T> const hessian = [&](Matrix<T const> v, Matrix<T> hv) {
    if (hooks.ranks->any(hooks.interrupted())) throw Interrupted();
    pass.hessian_products(v, hv);
    products += v.rows;
    hooks.progress({products, 0, sums.loss, result.accuracy, nan});
  };
  auto const coarse = options.top > 0
                          ? CoarseHessian<T>::create(context, problem.operations(), problem.model(),
                                                     problem.train().examples())
                          : nullptr;
  if (coarse) coarse->at(pass);
  auto const end_of_spectrum = [&](SpectrumEnd end, Index count) -> Eigenpairs {
    if (count == 0) return {};
    return EigenSolver<T>(
               context, linalg, parameters,
               {count, end, options.tolerance, options.max_products, options.problem.seed})
        .solve(hessian, coarse.get());
  };
  result.top = end_of_spectrum(SpectrumEnd::largest, options.top);
  result.bottom = end_of_spectrum(SpectrumEnd::smallest, options.bottom);
  if (options.all) {
    result.all = whole_spectrum<T>(context, linalg, parameters, hessian);
  }
  if (options.density || options.trace) {
    DensityOptions const density{options.probes, options.density ? options.lanczos_steps : 1, 1024,
                                 options.problem.seed};
    found.density = spectral_density(context, linalg, parameters, hessian, density);
    result.trace = found.density.trace;
  }
  return found;
}

}  // namespace

SpectrumResult spectrum(SpectrumOptions const& options, RunHooks const& hooks) {
  check(options);
  check_output_record(options.out, options.overwrite);
  Spectrum const found = options.problem.precision == Precision::float64
                             ? compute<double>(options, hooks)
                             : compute<float>(options, hooks);
  if (!hooks.ranks->is_first()) return found.result;
  write_whole_record(options.out, options.overwrite, found.attributes,
                     [&](ZarrGroup& group) { fill(group, options, found); });
  return found.result;
}

}  // namespace brink
