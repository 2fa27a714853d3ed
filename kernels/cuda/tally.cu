#include "kernels/cuda/tally.hpp"

#include <algorithm>
#include <vector>

#include "kernels/cuda/device_wide.hpp"
#include "kernels/cuda/portable.hpp"
#include "kernels/math/box.hpp"

namespace brink::cuda {
namespace {

constexpr unsigned block_threads = 128;
/// So many that each multiprocessor has all the threads that it takes.
constexpr unsigned blocks_per_multiprocessor = 16;
constexpr unsigned places = most_box_starts + 1;
static_assert(places <= block_threads);

/// One thread per box, and then its next one. Neighbours read the same lines of memory, which the
/// first-level cache keeps. Adds to `occurrences` (`VerdictCounts`).
template <int height>
__global__ void __launch_bounds__(block_threads)
    boxes_kernel(std::uint8_t const* outcome, std::int16_t const* minimum, BoxGrid grid,
                 unsigned* occurrences) {
  BRINK_SHARED(unsigned, of_block, places);
  if (threadIdx.x < places) of_block[threadIdx.x] = 0;
  __syncthreads();
  unsigned of_one_basin = 0;  // which most boxes are
  Index const threads = Index(gridDim.x) * block_threads;
  for (Index box = Index(blockIdx.x) * block_threads + threadIdx.x; box < grid.count;
       box += threads) {
    Index const first = grid.first(box);
    for_each_basin<height>(outcome + first, minimum + first, grid.cols, [&](int times) {
      if (times == height * box_side) {
        ++of_one_basin;
      } else {
        atomicAdd(of_block + times, 1u);
      }
    });
  }
  atomicAdd(of_block + height * box_side, of_one_basin);
  __syncthreads();
  if (threadIdx.x < places && of_block[threadIdx.x] > 0) {
    atomicAdd(occurrences + threadIdx.x, of_block[threadIdx.x]);
  }
}

/// Queued; adds to `occurrences`.
void count_boxes(CudaContext const& context, Verdicts const& verdicts, BoxGrid const& grid,
                 unsigned* occurrences) {
  auto const resident =
      static_cast<unsigned>(context.properties().multiprocessors) * blocks_per_multiprocessor;
  unsigned const blocks = std::min(resident, blocks_for(grid.count, block_threads));
  launch(context.stream(), {"boxes", {blocks}, {block_threads}},
         grid.height == box_side ? boxes_kernel<box_side> : boxes_kernel<1>, verdicts.outcome.data,
         verdicts.minimum.data, grid, occurrences);
}

}  // namespace

VerdictCounts CudaTally::count(Verdicts const& verdicts, Index minima, Boxes boxes) const {
  BoxGrid const grid(boxes, verdicts.rows, verdicts.cols);
  VerdictCounts counts;
  counts.starts = verdicts.starts();
  counts.minimum.resize(minima);
  if (counts.starts == 0) return counts;
  Stream const stream = context_.stream();
  // What is counted in 32 bits, one behind the other.
  std::vector<unsigned> found(outcomes + minima + places);
  unsigned* const outcome = counts_.get<unsigned>(std::ssize(found));
  unsigned* const minimum = outcome + outcomes;
  unsigned* const occurrences = minimum + minima;
  auto* const steps = steps_.get<unsigned long long>(1);
  auto const all = [&]<class N>(Vector<N> of) { return Vector<N>{of.data, counts.starts}; };

  histogram(stream, room_, all(verdicts.outcome), {outcome, outcomes});
  if (minima > 0) histogram(stream, room_, all(verdicts.minimum), {minimum, minima});
  sum(stream, room_, all(verdicts.steps), steps);
  fill_zero(stream, occurrences, places * sizeof(unsigned));
  if (grid.count > 0) count_boxes(context_, verdicts, grid, occurrences);
  download(stream, found.data(), outcome, found.size() * sizeof(unsigned));
  unsigned long long all_steps = 0;
  download(stream, &all_steps, steps, sizeof(all_steps));
  synchronize(stream);
  unsigned const* next = found.data();
  for (Index& count : counts.outcome) count = *next++;
  for (Index& count : counts.minimum) count = *next++;
  for (Index& count : counts.occurrences) count = *next++;
  counts.steps = static_cast<Index>(all_steps);
  counts.boxes = grid.count;
  counts.boundary_boxes = grid.count - counts.occurrences[grid.starts_each()];
  return counts;
}

double CudaTally::workspace_bytes(Index starts, Index minima) const {
  std::size_t const room =
      std::max({histogram_bytes<std::uint8_t>(starts, outcomes),
                minima > 0 ? histogram_bytes<std::int16_t>(starts, minima) : 0, sum_bytes(starts)});
  return bytes_of<unsigned>(outcomes + minima + places) + bytes_of<unsigned long long>(1) +
         static_cast<double>(room);
}

}  // namespace brink::cuda
