// Products that sum over the examples, of which there are many, into weights, of which a small
// layer has few: a block sums over a stretch of the examples, and a second kernel adds the
// stretches in their order. Large layers have enough tiles without that, and are the library's,
// unless warp groups take the product.
// Bytes beside the products': the partial sums, written and read once.
#include "kernels/cuda/weight_gradient.hpp"

#include <algorithm>

#include "kernels/cuda/reduce.hpp"
#include "kernels/cuda/warpgroup_product.hpp"

namespace brink::cuda {
namespace {

/// Weights of a layer beyond which the product is the library's: by counting, not measured. At this
/// size the tiles of a product are a quarter of `enough_blocks`, so that partial sums are few times
/// the result.
constexpr Index library_weights = Index{1} << 17;

/// Examples that a block sums at least, so that partial sums stay small beside what is read.
constexpr Index least_span = 128;

/// Into how long stretches to cut n examples where each makes `blocks` blocks: a multiple of
/// `unit`.
Index span_of(Index n, Index blocks, Index unit) {
  Index const wanted = std::max(Index{1}, enough_blocks / blocks);
  Index const span = std::max(least_span, (n + wanted - 1) / wanted);
  return (span + unit - 1) / unit * unit;
}

/// How many stretches that makes at most, over `count` matrices of `blocks` blocks each, or fewer
/// matrices.
Index most_parts(Index n, Index blocks, Index count) {
  return std::min(std::max(count, enough_blocks / blocks), count * blocks_for(n, least_span));
}

/// sums[c] = Σ_r m(r, c) in float64 over `rows` rows from `from` on. Each thread takes one column
/// of every threads / columns-th row. `shared`: one number per thread.
template <int columns, int threads, class T>
__device__ void column_sums(T const* from, Index stride, Index rows, Index cols, double* shared,
                            double* sums) {
  constexpr int lanes = threads / columns;
  int const column = static_cast<int>(threadIdx.x) % columns;
  int const lane = static_cast<int>(threadIdx.x) / columns;
  double sum = 0;
  if (column < cols) {
    for (Index r = lane; r < rows; r += lanes)
      sum += static_cast<double>(from[r * stride + column]);
  }
  shared[threadIdx.x] = sum;
  __syncthreads();
  if (lane > 0 || column >= cols) return;
  for (int other = 1; other < lanes; ++other) sum += shared[other * columns + column];
  sums[column] = sum;
}

constexpr int sum_columns_of_block = 32;
constexpr int sum_threads = 256;

/// Sums of the columns of `m` over stretch blockIdx.y of its rows: stretches × cols.
template <class T>
__global__ void __launch_bounds__(sum_threads)
    column_sums_kernel(Matrix<T const> m, Index span, double* sums) {
  BRINK_SHARED(double, shared, sum_threads);
  Index const col = Index(blockIdx.x) * sum_columns_of_block;
  Index const row = Index(blockIdx.y) * span;
  column_sums<sum_columns_of_block, sum_threads>(
      m.row(row) + col, m.stride, span < m.rows - row ? span : m.rows - row, m.cols - col, shared,
      sums + Index(blockIdx.y) * m.cols + col);
}

/// Partial sums of weights and, by the blocks behind the last column of tiles, of biases, which are
/// the columns of each first factor: stretches × (k·outputs).
template <class Tile, class T = typename Tile::Number>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks)
    partial_gradients_kernel(TileProducts<T> products, T* weights, double* biases) {
  BRINK_SHARED(Pack<T>, shared, Tile::shared_packs);
  if (blockIdx.y < gridDim.y - 1) {
    tile_product<Tile, Transpose::yes, Transpose::no>(
        products, reinterpret_cast<T*>(shared),
        WritePartial<T>{weights, products.rows, products.cols});
    return;
  }
  Index const part = blockIdx.z;
  Index const example = part / products.count * products.span;
  Index const row = Index(blockIdx.x) * Tile::rows;
  Factor<T> const& delta = products.first.a;
  column_sums<Tile::rows, Tile::threads>(
      delta.data + part % products.count * delta.step + example * delta.stride + row, delta.stride,
      products.span < products.inner - example ? products.span : products.inner - example,
      products.rows - row, reinterpret_cast<double*>(shared), biases + part * products.rows + row);
}

/// Over the stretches, in their order.
template <class T>
__device__ T total(Partial<T> partial, Index place, Index size) {
  T sum = 0;
  BRINK_UNROLL_8
  for (Index s = 0; s < partial.stretches; ++s) sum += partial.sums[s * size + place];
  return sum;
}

// A block adds up 4 rows by 64 columns, so that every access is of neighbours: weights of several
// directions need not lie on 16 bytes.
constexpr unsigned total_threads = 64;
constexpr unsigned total_rows = 4;

/// Adds up the stretches. No weights (`sums` null): they are there already.
template <class T>
__global__ void __launch_bounds__(total_threads* total_rows)
    total_gradients_kernel(Partial<T> weights, Partial<double> biases, WeightGradients<T> out) {
  Index const outputs = out.weight.rows;
  Index const inputs = out.weight.cols;
  Index const j = blockIdx.z;
  Index const row = Index(blockIdx.x) * total_rows + threadIdx.y;
  if (row >= outputs) return;
  Index const line = j * outputs + row;
  T* const weight = out.weight.row(row) + j * out.step;
  Index const width = weights.sums == nullptr ? 0 : inputs;
  for (Index col = Index(blockIdx.y) * total_threads + threadIdx.x; col < width;
       col += Index(gridDim.y) * total_threads) {
    weight[col] = total(weights, line * inputs + col, out.count * outputs * inputs);
  }
  if (blockIdx.y > 0 || threadIdx.x >= warp_lanes) return;
  // A warp for each row, since there are few of them.
  double bias = 0;
  for (Index s = threadIdx.x; s < biases.stretches; s += warp_lanes) {
    bias += biases.sums[s * out.count * outputs + line];
  }
  bias = warp_sum(bias);
  if (threadIdx.x == 0) out.bias[j * out.step + row] = static_cast<T>(bias);
}

template <class T>
void total_gradients(Stream stream, Partial<T> weights, Partial<double> biases,
                     WeightGradients<T> const& out) {
  Index const width = weights.sums == nullptr ? 1 : out.weight.cols;
  launch(stream,
         {"weight_gradient_total",
          {blocks_for(out.weight.rows, total_rows),
           std::min(blocks_for(width, total_threads), most_blocks_across),
           static_cast<unsigned>(out.count)},
          {total_threads, total_rows}},
         total_gradients_kernel<T>, weights, biases, out);
}

/// A gradient's weights, n examples at a time.
template <class T>
TileProducts<T> products_of(WeightGradientTerms<T> const& terms, WeightGradients<T> const& out) {
  TileProducts<T> products{.rows = out.weight.rows,
                           .cols = out.weight.cols,
                           .inner = terms.delta.rows,
                           .count = out.count,
                           .first = {{terms.delta, out.weight.rows}, terms.input}};
  if (!terms.input_tangent.empty()) {
    products.second = {terms.shared_delta, {terms.input_tangent, out.weight.cols}};
  }
  return products;
}

/// By hand: two kernels.
template <class Tile, class T = typename Tile::Number>
void sum_stretches(Stream stream, TileProducts<T> products, WeightGradients<T> const& out,
                   Workspace& weights, Workspace& biases) {
  products.span = span_of(products.inner, blocks_in(tiles_of<Tile>(products)), Tile::depth);
  Index const stretches = products.parts() / products.count;
  T* const partial_weights = weights.get<T>(products.parts() * products.rows * products.cols);
  double* const partial_biases = biases.get<double>(products.parts() * products.rows);
  Extent grid = tiles_of<Tile>(products);
  ++grid.y;
  launch(stream, {"weight_gradient", grid, {Tile::threads}}, partial_gradients_kernel<Tile>,
         products, partial_weights, partial_biases);
  total_gradients<T>(stream, {partial_weights, stretches}, {partial_biases, stretches}, out);
}

/// Σ over stretches of the examples, of each column.
template <class T>
Partial<double> sum_columns(CudaContext const& context, Matrix<T const> delta, Workspace& biases) {
  unsigned const groups = blocks_for(delta.cols, sum_columns_of_block);
  Index const span = span_of(delta.rows, groups, 1);
  unsigned const stretches = blocks_for(delta.rows, span);
  double* const sums = biases.get<double>(stretches * delta.cols);
  launch(context.stream(), {"column_sums", {groups, stretches}, {sum_threads}},
         column_sums_kernel<T>, delta, span, sums);
  return {sums, stretches};
}

/// By warp groups: of the products' transposes where there are more inputs than outputs.
void multiply_by_warpgroups(CudaContext const& context, TileProducts<float> const& products,
                            WeightGradientTerms<float> const& terms,
                            WeightGradients<float> const& out, Workspace& parts, Workspace& weights,
                            Workspace& biases) {
  Stream const stream = context.stream();
  bool const exchange = products.cols > products.rows;
  TileProducts<float> const exchanged{.rows = products.cols,
                                      .cols = products.rows,
                                      .inner = products.inner,
                                      .count = products.count,
                                      .first = {products.first.b, products.first.a},
                                      .second = {products.second.b, products.second.a}};
  TileProducts<float> const& made = exchange ? exchanged : products;
  WarpgroupPlan const plan = plan_warpgroups(made.rows, made.cols, made.inner, made.count);
  float* const sums =
      weights.get<float>(plan.stretches * products.count * products.rows * products.cols);
  WritePartial<float> const write{sums, products.rows, products.cols};
  Partial<double> of_biases{};
  if (exchange) {  // the biases' sums are those of the second factor's columns
    double* const of_steps = biases.get<double>(plan.steps * terms.delta.cols);
    issue_warpgroups<false, false, true>(stream, "weight_gradient", plan, made, parts, write,
                                         of_steps);
    of_biases = {of_steps, plan.steps};
  } else {
    issue_warpgroups<false, false, false>(stream, "weight_gradient", plan, made, parts, write);
    of_biases = sum_columns(context, terms.delta, biases);
  }
  total_gradients<float>(stream, {sums, plan.stretches}, of_biases, out);
}

/// By the library. The weights of several directions are one product, as many tiles of which are
/// full as can be, into memory where they lie one below the other.
template <class T>
void multiply_by_library(CudaContext const& context, WeightGradientTerms<T> const& terms,
                         WeightGradients<T> const& out, Workspace& weights, Workspace& biases) {
  Index const outputs = out.weight.rows;
  Index const inputs = out.weight.cols;
  Matrix<T> stack = out.weight;
  if (out.count > 1) {
    stack = {weights.get<T>(out.count * outputs * inputs), out.count * outputs, inputs};
  }
  gemm<T>(context.blas(), context.derivative_products(), Transpose::yes, terms.delta, Transpose::no,
          terms.input, T(0), stack);
  if (!terms.input_tangent.empty()) {
    gemm_batched<T>(context.blas(), context.derivative_products(), out.count, Transpose::yes,
                    {terms.shared_delta, 0}, Transpose::no,
                    {terms.input_tangent.col_range(0, inputs), inputs}, T(1),
                    {stack.row_range(0, outputs), outputs * inputs});
  }

  total_gradients<T>(context.stream(), {out.count > 1 ? stack.data : nullptr, 1},
                     sum_columns(context, terms.delta, biases), out);
}

}  // namespace

template <class T>
void WeightGradient<T>::operator()(CudaContext const& context, WeightGradientTerms<T> const& terms,
                                   WeightGradients<T> const& out) const {
  TileProducts<T> const products = products_of(terms, out);
  if constexpr (is_float32<T>) {
    if (takes_warpgroups(context, context.derivative_products(), products)) {
      multiply_by_warpgroups(context, products, terms, out, parts_, weights_, biases_);
      return;
    }
  }
  if (products.rows * products.cols > library_weights || !has_short_strides(products)) {
    multiply_by_library(context, terms, out, weights_, biases_);
    return;
  }
  auto const run = [&]<class Tile>(Tile) {
    sum_stretches<Tile>(context.stream(), products, out, weights_, biases_);
  };
  Index const most_stretches = blocks_for(products.inner, least_span);
  if (products.rows <= FlatTile<T>::rows) {
    run(FlatTile<T>{});
  } else if (blocks_in(tiles_of<WideTile<T>>(products)) * most_stretches >= enough_blocks) {
    run(WideTile<T>{});
  } else {
    run(MediumTile<T>{});
  }
}

template <class T>
double WeightGradient<T>::workspace_bytes(CudaContext const& context,
                                          std::vector<DenseShape> const& shapes, Index directions) {
  WarpgroupNeeds warpgroups(context);
  double weights = 0;
  double biases = 0;
  for (auto const& [examples, inputs, outputs] : shapes) {
    TileProducts<T> const one{.rows = outputs, .cols = inputs, .inner = examples, .first = {}};
    // The larger tiles of the two that a layer of many outputs may have: fewer blocks, more parts.
    Index const blocks = outputs <= FlatTile<T>::rows ? blocks_in(tiles_of<FlatTile<T>>(one))
                                                      : blocks_in(tiles_of<WideTile<T>>(one));
    Index const parts = most_parts(examples, blocks, directions);
    bool const by_hand = outputs * inputs <= library_weights;
    if (by_hand || directions > 1) {
      weights = std::max(weights, bytes_of<T>(by_hand ? parts : directions, outputs, inputs));
    }
    if constexpr (is_float32<T>) {
      warpgroups.add(std::max(inputs, outputs), std::min(inputs, outputs), examples, directions,
                     true, false);
      if (pays_on_warpgroups(context, outputs, inputs, examples, directions)) {
        Index const steps = blocks_for(examples, OddWarpgroupTile::depth);
        biases = std::max(biases, bytes_of<double>(steps, directions, outputs));
      }
    }
    // By the library, the columns of all directions' Δ are summed as one matrix.
    Index const columns = directions * outputs;
    Index const groups = most_parts(examples, 1, blocks_for(columns, sum_columns_of_block));
    Index const sums =
        std::min(groups * sum_columns_of_block, columns * blocks_for(examples, least_span));
    biases = std::max({biases, bytes_of<double>(parts, outputs), bytes_of<double>(sums)});
  }
  WarpgroupNumbers const& numbers = warpgroups.most();
  return std::max(weights, bytes_of<float>(numbers.partial_sums)) + bytes_of<float>(numbers.parts) +
         biases;
}

template class WeightGradient<float>;
template class WeightGradient<double>;

}  // namespace brink::cuda
