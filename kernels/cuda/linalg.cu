#include "kernels/cuda/linalg.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/cuda/pack.hpp"
#include "kernels/cuda/warpgroup_product.hpp"

namespace brink::cuda {
namespace {

constexpr unsigned block_threads = 256;

// Inner products of long rows: a block takes 4 rows of each side over one stretch of their length;
// each thread sums all products of its columns in float64.
constexpr int tile = 4;
constexpr Index stretch = 2048;

Index stretches_of(Index cols) {
  return (cols + stretch - 1) / stretch;
}

/// of_stretch: stretches × a.rows × b.rows.
template <class T>
__global__ void __launch_bounds__(block_threads)
    inner_products_kernel(Matrix<T const> a, Matrix<T const> b, double* of_stretch) {
  Index const first_a = Index(blockIdx.y) * tile;
  Index const first_b = Index(blockIdx.z) * tile;
  Index const begin = Index(blockIdx.x) * stretch;
  Index const end = begin + stretch < a.cols ? begin + stretch : a.cols;
  double sums[tile * tile] = {};
  for (Index col = begin + threadIdx.x; col < end; col += block_threads) {
    double of_a[tile];
    double of_b[tile];
    for (int i = 0; i < tile; ++i) {
      of_a[i] = first_a + i < a.rows ? static_cast<double>(a.row(first_a + i)[col]) : 0.0;
      of_b[i] = first_b + i < b.rows ? static_cast<double>(b.row(first_b + i)[col]) : 0.0;
    }
    for (int i = 0; i < tile * tile; ++i) sums[i] += of_a[i / tile] * of_b[i % tile];
  }
  block_sum(sums);
  if (threadIdx.x > 0) return;
  for (int i = 0; i < tile * tile; ++i) {
    Index const row = first_a + i / tile;
    Index const col = first_b + i % tile;
    if (row >= a.rows || col >= b.rows) continue;
    of_stretch[(Index(blockIdx.x) * a.rows + row) * b.rows + col] = sums[i];
  }
}

/// totals[i] = Σ parts[s][i]: a warp for each i.
__global__ void __launch_bounds__(block_threads)
    add_up_kernel(double const* parts, Index count, Index entries, double* totals) {
  Index const i = (Index(blockIdx.x) * block_threads + threadIdx.x) / warp_lanes;
  if (i >= entries) return;  // the same for the whole warp
  double sum = 0;
  for (Index s = threadIdx.x % warp_lanes; s < count; s += warp_lanes)
    sum += parts[s * entries + i];
  sum = warp_sum(sum);
  if (threadIdx.x % warp_lanes == 0) totals[i] = sum;
}

/// Sums as they are.
template <class T>
struct WriteMatrix {
  Matrix<T> out;

  __device__ void operator()(Index, Index row, Index col, Index count, Pack<T> const& sums) const {
    store_pack(out, row, col, sums, count);
  }
};

template <class T>
__global__ void __launch_bounds__(block_threads)
    axpy_kernel(T a, Vector<T const> x, T* y, bool packed) {
  Index const first = (Index(blockIdx.x) * block_threads + threadIdx.x) * Pack<T>::size;
  if (first >= x.size) return;
  Pack<T> const along = load_pack(x.data + first, x.size - first, packed);
  Pack<T> sum = load_pack(y + first, x.size - first, packed);
  for (int i = 0; i < Pack<T>::size; ++i) sum.at[i] += a * along.at[i];
  store_pack(y + first, sum, x.size - first, packed);
}

constexpr int square = 32;  ///< side of the tiles that are symmetrized

/// A block takes a tile on or below the diagonal, and its mirror image through shared memory, so
/// that both are read and written along their rows. `sums`: for each row of tiles, the squares of
/// the differences.
template <class T>
__global__ void __launch_bounds__(block_threads)
    symmetrize_kernel(Matrix<T> a, GridSums grid, double* sums) {
  BRINK_SHARED(T, mirrored, square * (square + 1));
  constexpr int step = block_threads / square;
  Index const row = Index(blockIdx.y) * square;
  Index const col = Index(blockIdx.x) * square;
  int const first = static_cast<int>(threadIdx.x) / square;
  int const lane = static_cast<int>(threadIdx.x) % square;
  bool const below = blockIdx.x <= blockIdx.y;
  for (int r = first; below && r < square; r += step) {
    bool const inside = col + r < a.rows && row + lane < a.rows;
    mirrored[r * (square + 1) + lane] = inside ? a.row(col + r)[row + lane] : T(0);
  }
  __syncthreads();
  double sum[1] = {};
  for (int r = first; below && r < square; r += step) {
    if (row + r >= a.rows || col + lane > row + r) continue;
    T& here = a.row(row + r)[col + lane];
    T& there = mirrored[lane * (square + 1) + r];
    double const difference = static_cast<double>(here) - static_cast<double>(there);
    sum[0] += difference * difference;
    here = there = (here + there) / 2;
  }
  __syncthreads();
  for (int r = first; below && r < square; r += step) {
    if (row + lane < a.rows && col + r < row + lane) {
      a.row(col + r)[row + lane] = mirrored[r * (square + 1) + lane];
    }
  }
  if (grid_sum(sum, grid)) sums[blockIdx.y] = sum[0];
}

/// A block copies one row.
template <class T>
__global__ void __launch_bounds__(block_threads)
    gather_rows_kernel(Matrix<T const> x, Index const* rows, Matrix<T> out) {
  T const* const from = x.row(rows[blockIdx.x]);
  T* const to = out.row(blockIdx.x);
  for (Index c = threadIdx.x; c < x.cols; c += block_threads) to[c] = from[c];
}

__global__ void __launch_bounds__(block_threads)
    gather_kernel(std::int32_t const* x, Index const* places, Index count, std::int32_t* out) {
  Index const i = Index(blockIdx.x) * block_threads + threadIdx.x;
  if (i < count) out[i] = x[places[i]];
}

}  // namespace

template <class T>
std::vector<double> CudaLinalg<T>::inner_products(Matrix<T const> a, Matrix<T const> b) const {
  Index const entries = a.rows * b.rows;
  Index const stretches = stretches_of(a.cols);
  std::vector<double> products(static_cast<std::size_t>(entries), 0.0);
  if (entries == 0 || stretches == 0) return products;
  double* const totals = memory_.get<double>(entries * (stretches + 1));
  double* const of_stretch = totals + entries;
  launch(context_.stream(),
         {"inner_products",
          {static_cast<unsigned>(stretches), blocks_for(a.rows, tile), blocks_for(b.rows, tile)},
          {block_threads}},
         inner_products_kernel<T>, a, b, of_stretch);
  launch(context_.stream(),
         {"add_up", {blocks_for(entries * warp_lanes, block_threads)}, {block_threads}},
         add_up_kernel, of_stretch, stretches, entries, totals);
  context_.download(products.data(), totals, products.size() * sizeof(double));
  return products;
}

template <class T>
void CudaLinalg<T>::combine(std::vector<double> const& coefficients, Matrix<T const> a,
                            Matrix<T> out, bool accumulate) const {
  std::vector<T> const narrow(coefficients.begin(), coefficients.end());
  T* const c = memory_.get<T>(std::ssize(narrow));
  upload(context_.stream(), c, narrow.data(), narrow.size() * sizeof(T));
  gemm<T>(context_.blas(), Products::exact, Transpose::no, Matrix<T const>(c, out.rows, a.rows),
          Transpose::no, a, accumulate ? T(1) : T(0), out);
}

template <class T>
void CudaLinalg<T>::multiply(Transpose transpose_a, Matrix<T const> a, Transpose transpose_b,
                             Matrix<T const> b, Matrix<T> out, bool accumulate) const {
  gemm<T>(context_.blas(), Products::exact, transpose_a, a, transpose_b, b,
          accumulate ? T(1) : T(0), out);
}

/// On warp groups where those pay; tiles are no faster than the library where nothing is fused.
template <class T>
void CudaLinalg<T>::apply(Matrix<T const> a, Matrix<T const> b, Matrix<T> out) const {
  if constexpr (is_float32<T>) {
    TileProducts<T> const products{
        .rows = out.rows, .cols = out.cols, .inner = a.cols, .first = {a, b}};
    if (takes_warpgroups(context_, Products::exact, products)) {
      warpgroup_product<Transpose::no>(context_.stream(), "apply", products, warpgroups_,
                                       WriteMatrix<T>{out});
      return;
    }
  }
  this->multiply(Transpose::no, a, Transpose::no, b, out, false);
}

template <class T>
double CudaLinalg<T>::apply_bytes(Index rows, Index cols, Index inner) const {
  WarpgroupNeeds warpgroups(context_);
  if (is_float32<T>) warpgroups.add(rows, cols, inner, 1, false, true);
  return warpgroups.most().bytes();
}

template <class T>
void CudaLinalg<T>::axpy(double a, Vector<T const> x, Vector<T> y) const {
  launch(context_.stream(),
         {"axpy", {blocks_for(x.size, Index(block_threads) * Pack<T>::size)}, {block_threads}},
         axpy_kernel<T>, static_cast<T>(a), x, y.data, takes_packs(x.data, y.data));
}

template <class T>
CudaLinalg<T>::~CudaLinalg() {
  if (solver_.handle != nullptr) destroy(solver_);
}

template <class T>
double CudaLinalg<T>::symmetrize(Matrix<T> a) const {
  unsigned const tiles = blocks_for(a.rows, square);
  std::vector<double> squares(tiles);
  double* const of_row = memory_.get<double>(tiles);
  launch(context_.stream(), {"symmetrize", {tiles, tiles}, {block_threads}}, symmetrize_kernel<T>,
         a, sums_.get(context_, tiles, tiles, 1), of_row);
  context_.download(squares.data(), of_row, squares.size() * sizeof(double));
  // The norm has each difference twice.
  return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0) / 2);
}

template <class T>
Solver CudaLinalg<T>::solver() const {
  if (solver_.handle == nullptr) solver_ = make_solver(context_.stream());
  return solver_;
}

template <class T>
std::vector<double> CudaLinalg<T>::symmetric_eigenvalues(Matrix<T> a) const {
  std::vector<T> values(static_cast<std::size_t>(a.rows));
  T* const on_device = memory_.get<T>(a.rows);
  cuda::symmetric_eigenvalues<T>(solver(), a, on_device);
  context_.download(values.data(), on_device, values.size() * sizeof(T));
  return {values.begin(), values.end()};
}

template <class T>
Index const* CudaLinalg<T>::uploaded(std::vector<Index> const& indices) const {
  Index* const places = memory_.get<Index>(std::ssize(indices));
  upload(context_.stream(), places, indices.data(), indices.size() * sizeof(Index));
  return places;
}

template <class T>
void CudaLinalg<T>::gather_rows(Matrix<T const> x, std::vector<Index> const& indices,
                                Matrix<T> out) const {
  if (indices.empty()) return;
  launch(context_.stream(),
         {"gather_rows", {static_cast<unsigned>(indices.size())}, {block_threads}},
         gather_rows_kernel<T>, x, uploaded(indices), out);
}

template <class T>
void CudaLinalg<T>::gather(Vector<std::int32_t const> x, std::vector<Index> const& indices,
                           Vector<std::int32_t> out) const {
  if (indices.empty()) return;
  Index const count = std::ssize(indices);
  launch(context_.stream(), {"gather", {blocks_for(count, block_threads)}, {block_threads}},
         gather_kernel, x.data, uploaded(indices), count, out.data);
}

template <class T>
double CudaLinalg<T>::workspace_bytes(LinalgShape const& shape) const {
  double const products = bytes_of<double>(shape.rows_a, shape.rows_b,
                                           stretches_of(shape.cols) + 1);  // and coefficients
  double const memory = std::max(products, bytes_of<Index>(shape.gathered));
  if (shape.symmetric == 0) return memory;
  unsigned const tiles = blocks_for(shape.symmetric, square);
  return std::max({memory, bytes_of<double>(tiles), bytes_of<T>(shape.symmetric)}) +
         bytes_of<double>(tiles, tiles) + bytes_of<unsigned>(tiles) +
         static_cast<double>(eigenvalues_bytes<T>(solver(), shape.symmetric));
}

template class CudaLinalg<float>;
template class CudaLinalg<double>;

}  // namespace brink::cuda
