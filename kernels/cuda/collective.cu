#include "kernels/cuda/collective.hpp"

#include <algorithm>
#include <exception>

#include "kernels/cuda/portable.hpp"

namespace brink::cuda {
namespace {

constexpr unsigned block_threads = 256;
/// Of a piece: messages of so many bytes take links at nearly their full rate.
constexpr Index piece_bytes = Index{16} << 20;
/// Slices begin at multiples of so many bytes.
constexpr Index slice_alignment = 16;

/// Bytes of the slices of a piece of so many, one for each process.
Index slices_bytes(Index bytes, int processes) {
  Index const slice = (bytes + processes - 1) / processes;
  return (slice + slice_alignment - 1) / slice_alignment * slice_alignment * processes;
}

/// Elements from `first` on of a matrix that is read row by row.
template <class T>
struct Piece {
  Matrix<T> of;
  Index first;
  Index count;

  __device__ T* at(Index i) const {
    Index const element = first + i;
    Index const row = of.rows == 1 ? 0 : element / of.cols;
    return of.row(row) + (element - row * of.cols);
  }
};

__device__ Index thread_index() {
  return Index(blockIdx.x) * block_threads + threadIdx.x;
}

/// slices ← factor · piece, and zeros behind it.
template <class T>
__global__ void __launch_bounds__(block_threads)
    scale_kernel(Piece<T> piece, double factor, Vector<T> slices) {
  Index const i = thread_index();
  if (i >= slices.size) return;
  slices.data[i] =
      i < piece.count ? static_cast<T>(factor * static_cast<double>(*piece.at(i))) : T(0);
}

/// sums ← the sum of as many parts, one behind the other.
template <class T>
__global__ void __launch_bounds__(block_threads)
    add_parts_kernel(T const* parts, int count, Vector<T> sums) {
  Index const i = thread_index();
  if (i >= sums.size) return;
  double sum = static_cast<double>(parts[i]);
  for (int part = 1; part < count; ++part) sum += static_cast<double>(parts[part * sums.size + i]);
  sums.data[i] = static_cast<T>(sum);
}

/// piece ← sums
template <class T>
__global__ void __launch_bounds__(block_threads) spread_kernel(T const* sums, Piece<T> piece) {
  Index const i = thread_index();
  if (i < piece.count) *piece.at(i) = sums[i];
}

}  // namespace

CudaCollective::CudaCollective(CudaContext const& context, std::string const& meeting, int rank,
                               int size)
    : context_(context), rank_(rank), size_(size) {
  slices_.get<char>(slices_bytes(piece_bytes, size));
  received_.get<char>(slices_bytes(piece_bytes, size));
  communicator_ = join(context.stream(), meeting, rank, size);
}

CudaCollective::~CudaCollective() {
  leave(communicator_, std::uncaught_exceptions() == 0);
}

template <class T>
void CudaCollective::add_up_any(Matrix<T> values, double factor) {
  Index const total = values.rows * values.cols;
  if (values.stride == values.cols) values = {values.data, 1, total};
  constexpr Index most = piece_bytes / static_cast<Index>(sizeof(T));
  for (Index first = 0; first < total; first += most) {
    add_up_piece(values, first, std::min(most, total - first), factor);
  }
}

template <class T>
void CudaCollective::add_up_piece(Matrix<T> values, Index first, Index count, double factor) {
  constexpr auto element = static_cast<Index>(sizeof(T));
  Index const all = slices_bytes(count * element, size_) / element;
  Index const slice = all / size_;
  T* const slices = slices_.get<T>(all);
  T* const received = received_.get<T>(all);
  Piece<T> const piece{values, first, count};
  Stream const stream = context_.stream();
  auto const queue = [&](char const* name, Index threads, auto kernel, auto const&... arguments) {
    launch(stream, {name, {blocks_for(threads, block_threads)}, {block_threads}}, kernel,
           arguments...);
  };
  auto const bytes = static_cast<std::size_t>(slice * element);
  queue("scale", all, scale_kernel<T>, piece, factor, Vector<T>{slices, all});
  exchange(communicator_, slices, received, bytes);
  queue("add_parts", slice, add_parts_kernel<T>, received, size_,
        Vector<T>{slices + rank_ * slice, slice});
  gather(communicator_, slices, bytes);
  queue("spread", count, spread_kernel<T>, slices, piece);
}

}  // namespace brink::cuda
