#include "kernels/linalg.hpp"

#include "host/bench/groups.hpp"
#include "host/bench/shapes.hpp"

namespace brink {
namespace {

/// `count` of `all` rows, spread over them.
std::vector<Index> spread_rows(Index count, Index all) {
  std::vector<Index> rows;
  for (Index i = 0; i < count; ++i) rows.push_back(i * 7919 % all);
  return rows;
}

auto const multiply = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                  LayerShape const& s) {
  return
      [linalg = place.operations.linalg.get(), a = arrays.normal_matrix(s.examples, s.inputs),
       b = arrays.normal_matrix(s.inputs, s.outputs), out = arrays.matrix(s.examples, s.outputs)] {
        linalg->multiply(Transpose::no, a, Transpose::no, b, out);
      };
};

auto const inner_products = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                        VectorShape const& s) {
  return
      [linalg = place.operations.linalg.get(), a = arrays.normal_matrix(s.directions, s.parameters),
       b = arrays.normal_matrix(s.directions, s.parameters)] { linalg->inner_products(a, b); };
};

auto const combine = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                 VectorShape const& s) {
  auto const entries = static_cast<std::size_t>(s.directions * s.directions);
  return [linalg = place.operations.linalg.get(), coefficients = std::vector<double>(entries, 0.5),
          a = arrays.normal_matrix(s.directions, s.parameters),
          out = arrays.matrix(s.directions, s.parameters)] {
    linalg->combine(coefficients, a, out, false);
  };
};

auto const axpy = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                              VectorShape const& s) {
  return [linalg = place.operations.linalg.get(), x = arrays.normal_vector(s.parameters),
          y = arrays.normal_vector(s.parameters)] { linalg->axpy(bench_step, x, y); };
};

auto const gather_rows = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                     BatchShape const& s) {
  return [linalg = place.operations.linalg.get(), x = arrays.normal_matrix(s.examples, s.features),
          rows = spread_rows(s.rows, s.examples),
          out = arrays.matrix(s.rows, s.features)] { linalg->gather_rows(x, rows, out); };
};

auto const gather = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                BatchShape const& s) {
  return [linalg = place.operations.linalg.get(),
          labels = arrays.labels(s.examples, BenchAxes::outputs),
          rows = spread_rows(s.rows, s.examples),
          out = arrays.template room<std::int32_t>(s.rows)] { linalg->gather(labels, rows, out); };
};

template <Work (*work)(Index, Index)>
auto const of_block =
    [](VectorShape const& shape) { return work(shape.directions, shape.parameters); };

}  // namespace

template <class T>
std::vector<BenchOperation<T>> linalg_operations() {
  return {{"linalg.multiply", "a matrix product", over<T>(hidden_layers, multiply_work, multiply)},
          {"linalg.inner_products", "k by k products of parameter vectors",
           over<T>(blocks, of_block<inner_products_work>, inner_products)},
          {"linalg.combine", "k combinations of k parameter vectors",
           over<T>(blocks, of_block<combine_work>, combine)},
          {"linalg.axpy", "y + a x of parameter vectors",
           over<T>(
               vectors, [](VectorShape const& s) { return axpy_work(s.parameters); }, axpy)},
          {"linalg.gather_rows", "the examples of a minibatch",
           over<T>(
               batches, [](BatchShape const& s) { return gather_rows_work(s.rows, s.features); },
               gather_rows)},
          {"linalg.gather", "the labels of a minibatch",
           over<T>(
               label_batches, [](BatchShape const& s) { return gather_work(s.rows); }, gather)}};
}

template std::vector<BenchOperation<float>> linalg_operations();
template std::vector<BenchOperation<double>> linalg_operations();

}  // namespace brink
