#include <fmt/format.h>

#include <optional>

#include "bench/jobs/workbench.hpp"
#include "host/dynamics/gram_layer.hpp"
#include "kernels/cpu/blas.hpp"
#include "kernels/cpu/context.hpp"
#include "kernels/error.hpp"

// OpenBLAS's own control; other implementations do not have it.
extern "C" void openblas_set_num_threads(int threads) __attribute__((weak));

namespace brink::bench {
namespace {

using cpu::Range;

/// C = op(A) op(B).
template <class T>
struct Product {
  std::string name;
  Transpose transpose_a, transpose_b;
  Matrix<T const> a, b;
  Matrix<T> c;

  double flops() const {
    Index const inner = transpose_a == Transpose::yes ? a.rows : a.cols;
    return 2.0 * static_cast<double>(c.rows * c.cols * inner);
  }
  void run() const { cpu::gemm<T>(transpose_a, transpose_b, a, b, T(0), c); }
  Product of_rows(Range rows) const {
    bool const across = transpose_a == Transpose::yes;
    return {name,
            transpose_a,
            transpose_b,
            across ? a.col_range(rows.first, rows.count) : a.row_range(rows.first, rows.count),
            b,
            c.row_range(rows.first, rows.count)};
  }
  Product of_cols(Range cols) const {
    bool const along = transpose_b == Transpose::yes;
    return {name,
            transpose_a,
            transpose_b,
            a,
            along ? b.row_range(cols.first, cols.count) : b.col_range(cols.first, cols.count),
            c.col_range(cols.first, cols.count)};
  }
};

/// Who splits a product over the threads: the BLAS itself, or this program, by rows or columns of C
/// with a sequential BLAS.
enum class Split { blas, rows, cols };
constexpr char const* split_name(Split split) {
  return split == Split::blas ? "blas" : split == Split::rows ? "rows" : "columns";
}

template <class T>
void run(Product<T> const& product, Split split, int threads) {
  if (split == Split::blas) return product.run();
  bool const by_rows = split == Split::rows;
  cpu::for_shares(threads, by_rows ? product.c.rows : product.c.cols, 16, [&](Range mine) {
    (by_rows ? product.of_rows(mine) : product.of_cols(mine)).run();
  });
}

/// The matrix products of one GD step, each over memory of its own kind: the data, activations and
/// Δ of the layers, the parameters and a gradient.
template <class T>
class StepProducts {
 public:
  explicit StepProducts(Workbench<T>& bench) {
    Network const& network = bench.network;
    Index const n = bench.examples.count();
    for (Index l = 0; l < network.layers(); ++l) {
      Index const width = network.outputs(l);
      values_.push_back(random_buffer<T>(bench.problem.context(), n * width));
      deltas_.push_back(random_buffer<T>(bench.problem.context(), n * width));
    }
    for (Index l = 0; l < network.layers(); ++l) {
      Index const width = network.outputs(l);
      std::string const shape = fmt::format("{}-{}", network.inputs(l), width);
      Matrix<T const> const input =
          l == 0 ? bench.examples.x : values_[l - 1].matrix(n, network.inputs(l));
      Matrix<T const> const weight = network.layer(bench.theta.view(), l).weight;
      Matrix<T> const delta = deltas_[l].matrix(n, width);
      if (l == 0 && GramLayer<T>::pays(network, n)) {
        gram_ = random_buffer<T>(bench.problem.context(), n * n);
        list_.push_back({fmt::format("gemm/gram-{}-{}", n, width), Transpose::no, Transpose::no,
                         gram_.matrix(n, n), delta, values_[l].matrix(n, width)});
        continue;
      }
      list_.push_back({"gemm/forward-" + shape, Transpose::no, Transpose::yes, input, weight,
                       values_[l].matrix(n, width)});
      list_.push_back({"gemm/weight-gradient-" + shape, Transpose::yes, Transpose::no, delta, input,
                       network.layer(bench.gradient.view(), l).weight});
      if (l == 0) continue;
      list_.push_back({"gemm/input-gradient-" + shape, Transpose::no, Transpose::no, delta, weight,
                       deltas_[l - 1].matrix(n, network.inputs(l))});
    }
  }
  std::vector<Product<T>> const& list() const { return list_; }

 private:
  std::vector<Buffer<T>> values_, deltas_;
  Buffer<T> gram_;
  std::vector<Product<T>> list_;
};

/// The way whose median is the least.
template <class T>
void measure_fastest(Product<T> const& product, Index samples, int threads, Report const& report) {
  std::optional<Timing> best;
  Split best_split{};
  for (Split const split : {Split::blas, Split::rows, Split::cols}) {
    bool const has_control = openblas_set_num_threads != nullptr;
    if (split == Split::blas && !has_control) continue;
    if (has_control) openblas_set_num_threads(split == Split::blas ? threads : 1);
    Timing const timing = measure(samples, [&] { run(product, split, threads); });
    if (best && best->median <= timing.median) continue;
    best = timing;
    best_split = split;
  }
  report.row(product.name, *best,
             {{"gflops", product.flops() / best->median / 1e9}, {"split", split_name(best_split)}});
}

}  // namespace

void measure_gemm(JobOptions const& options, Report const& report) {
  with_precision(options.problem.precision, [&]<class T>(std::type_identity<T>) {
    Workbench<T> bench(options.problem);
    Context const& context = bench.problem.context();
    if (context.backend() != "cpu") {
      throw InputError("gemm measures the CPU's BLAS; it needs --device cpu");
    }
    StepProducts<T> const products(bench);
    for (Product<T> const& product : products.list()) {
      measure_fastest(product, options.samples, context.threads(), report);
    }
  });
}

}  // namespace brink::bench
