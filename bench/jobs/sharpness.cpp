#include "bench/jobs/workbench.hpp"
#include "host/diagnostics/coarse_hessian.hpp"
#include "host/diagnostics/eigen.hpp"

namespace brink::bench {
namespace {

/// The sharpness as training finds it: one eigenpair to its default tolerance.
template <class T>
class Sharpness {
  using Curvature = typename Pass<T>::Curvature;

 public:
  Sharpness(JobOptions const& options, Report const& report)
      : options_(options),
        report_(report),
        bench_(options.problem),
        solver_(bench_.problem.context(), *bench_.problem.operations().linalg,
                bench_.network.parameters(), EigenOptions{}),
        coarse_(CoarseHessian<T>::create(bench_.problem.context(), bench_.problem.operations(),
                                         bench_.problem.model(), bench_.examples)) {
    if (coarse_) coarse_->at(bench_.pass);
  }

  void run() {
    if (!options_.theta_before.empty()) {
      Timings const warm = measure_from(state_before(), options_.samples);
      // In training the step computes a gradient anyway, so that a sharpness adds to it what
      // keeping the curvature costs, and the solve.
      row("sharpness/warm", warm.keeping + warm.solve - warm.forgetting);
      row("sharpness/warm-solve", warm.solve);
      row("sharpness/warm-standalone", warm.keeping + warm.solve);
    }
    Timings const cold = measure_from({}, options_.few_samples());
    row("sharpness/cold", cold.keeping + cold.solve);
  }

 private:
  struct Timings {
    Timing keeping, forgetting, solve;
  };

  Eigenpairs solve() {
    return solver_.solve(
        [&](Matrix<T const> v, Matrix<T> hv) { bench_.pass.hessian_products(v, hv); },
        coarse_.get());
  }

  /// Converged at the earlier parameters.
  std::vector<T> state_before() {
    Buffer<T> here(bench_.problem.context(),
                   load_parameters<T>(bench_.network, options_.theta_before));
    here.swap(bench_.theta);
    bench_.compute_gradient(Curvature::keep);
    solve();
    here.swap(bench_.theta);
    return solver_.state();
  }

  /// Each sample starts from the same vectors (none: random ones).
  Timings measure_from(std::vector<T> const& start, Index samples) {
    std::vector<double> keeping, forgetting, solving;
    for (Index i = 0; i <= samples; ++i) {
      solver_.restore(start);
      double const forget = seconds_of([&] { bench_.compute_gradient(Curvature::forget); });
      double const keep = seconds_of([&] { bench_.compute_gradient(Curvature::keep); });
      double const work = seconds_of([&] { last_ = solve(); });
      if (i == 0) continue;  // the first round allocates
      forgetting.push_back(forget);
      keeping.push_back(keep);
      solving.push_back(work);
    }
    return {summarize(keeping), summarize(forgetting), summarize(solving)};
  }

  void row(char const* name, Timing const& timing) {
    double const lambda = last_.values.front();
    report_.row(name, timing,
                {{"lambda", lambda},
                 {"residual", last_.residuals.front() / lambda},
                 {"products", last_.products},
                 {"coarse_products", last_.coarse_products}});
  }

  JobOptions const& options_;
  Report const& report_;
  Workbench<T> bench_;
  EigenSolver<T> solver_;
  std::unique_ptr<CoarseHessian<T>> coarse_;
  Eigenpairs last_;
};

}  // namespace

void measure_sharpness(JobOptions const& options, Report const& report) {
  with_precision(options.problem.precision,
                 [&]<class T>(std::type_identity<T>) { Sharpness<T>(options, report).run(); });
}

}  // namespace brink::bench
