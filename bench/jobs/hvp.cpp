#include <fmt/format.h>

#include "bench/jobs/workbench.hpp"

namespace brink::bench {
namespace {

template <class T>
void measure_batches(JobOptions const& options, Report const& report) {
  Workbench<T> bench(options.problem);
  bench.compute_gradient(Pass<T>::Curvature::keep);
  Index const parameters = bench.network.parameters();
  double const flops = hessian_product_flops(bench.network, bench.examples.count());
  constexpr Index compared = 8;  // with other tools: the first row
  for (Index const directions : {compared, Index{1}, Index{2}, Index{4}, Index{16}}) {
    Index const samples = directions == compared ? options.samples : options.few_samples();
    Buffer<T> const vectors = random_buffer<T>(bench.problem.context(), directions * parameters);
    Buffer<T> const products(bench.problem.context(), directions * parameters);
    Timing const batch = measure(samples, [&] {
      bench.pass.hessian_products(vectors.matrix(directions, parameters),
                                  products.matrix(directions, parameters));
      bench.synchronize();
    });
    Timing const each = batch / static_cast<double>(directions);
    report.row(fmt::format("hvp/{}", directions), each,
               {{"directions", directions}, {"gflops", flops / each.median / 1e9}});
  }
}

}  // namespace

void measure_hvp(JobOptions const& options, Report const& report) {
  with_precision(options.problem.precision,
                 [&]<class T>(std::type_identity<T>) { measure_batches<T>(options, report); });
}

}  // namespace brink::bench
