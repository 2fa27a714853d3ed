#include "kernels/cuda/linalg.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/cuda/pack.hpp"
#include "kernels/cuda/reduce.hpp"

namespace brink::cuda {
namespace {

constexpr unsigned block_threads = 256;

// Inner products of long rows: a block takes 16 rows of each side over one stretch of their
// length, through shared memory; each thread sums one product in float64.
constexpr int tile = 16;
constexpr int chunk = 32;  ///< columns that are in shared memory at a time
constexpr Index stretch = 2048;

Index stretches_of(Index cols) {
  return (cols + stretch - 1) / stretch;
}

template <class T>
__device__ void load_rows(Matrix<T const> m, Index first_row, Index first_col, T* rows) {
  for (unsigned i = threadIdx.x; i < tile * chunk; i += tile * tile) {
    Index const r = first_row + i / chunk;
    Index const c = first_col + i % chunk;
    rows[i / chunk * (chunk + 1) + i % chunk] = r < m.rows && c < m.cols ? m.row(r)[c] : T(0);
  }
}

/// of_stretch: stretches × a.rows × b.rows.
template <class T>
__global__ void __launch_bounds__(tile* tile)
    inner_products_kernel(Matrix<T const> a, Matrix<T const> b, double* of_stretch) {
  BRINK_SHARED(T, of_a, tile * (chunk + 1));
  BRINK_SHARED(T, of_b, tile * (chunk + 1));
  Index const first_a = Index(blockIdx.y) * tile;
  Index const first_b = Index(blockIdx.z) * tile;
  unsigned const i = threadIdx.x / tile;
  unsigned const j = threadIdx.x % tile;
  Index const begin = Index(blockIdx.x) * stretch;
  Index const end = begin + stretch < a.cols ? begin + stretch : a.cols;
  double sum = 0;
  for (Index col = begin; col < end; col += chunk) {
    load_rows(a, first_a, col, of_a);
    load_rows(b, first_b, col, of_b);
    __syncthreads();
    for (int c = 0; c < chunk; ++c) {
      sum += static_cast<double>(of_a[i * (chunk + 1) + c]) *
             static_cast<double>(of_b[j * (chunk + 1) + c]);
    }
    __syncthreads();
  }
  if (first_a + i < a.rows && first_b + j < b.rows) {
    of_stretch[(Index(blockIdx.x) * a.rows + first_a + i) * b.rows + first_b + j] = sum;
  }
}

/// totals[i] = Σ parts[s][i], in the order of s.
__global__ void __launch_bounds__(block_threads)
    add_up_kernel(double const* parts, Index count, Index entries, double* totals) {
  Index const i = Index(blockIdx.x) * block_threads + threadIdx.x;
  if (i >= entries) return;
  double sum = 0;
  for (Index s = 0; s < count; ++s) sum += parts[s * entries + i];
  totals[i] = sum;
}

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
          {tile * tile}},
         inner_products_kernel<T>, a, b, of_stretch);
  launch(context_.stream(), {"add_up", {blocks_for(entries, block_threads)}, {block_threads}},
         add_up_kernel, of_stretch, stretches, entries, totals);
  download(context_.stream(), products.data(), totals, products.size() * sizeof(double));
  synchronize(context_.stream());
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
  download(context_.stream(), squares.data(), of_row, squares.size() * sizeof(double));
  synchronize(context_.stream());
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
  download(context_.stream(), values.data(), on_device, values.size() * sizeof(T));
  synchronize(context_.stream());
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
