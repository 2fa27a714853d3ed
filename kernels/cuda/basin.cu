// Warps that stay take pieces of the starts from a queue. A lane whose trajectory has ended waits
// until some others have, too; then all of them are judged, written and given the piece's next
// starts. Verdicts go to memory as they come: neighbouring lanes have neighbouring starts, and the
// second-level cache puts sectors together long before they leave it.
#include "kernels/cuda/basin.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/cuda/basin_thread.hpp"
#include "kernels/cuda/reduce.hpp"

namespace brink::cuda {
namespace {

constexpr unsigned block_warps = 4;
constexpr unsigned block_threads = block_warps * warp_lanes;
/// As many as leave each thread the registers that its trajectory takes.
template <class T, int D>
constexpr unsigned blocks_per_multiprocessor = sizeof(T) * D <= 8 ? 6 : 4;

/// Lanes that are served together. Serving fewer costs more than it saves: it takes as long as
/// several steps.
constexpr int served = 8;

/// Starts in a piece: enough that pieces are seldom taken, few enough that each warp takes several
/// and all are done at about the same time.
constexpr Index most_starts = 1024;
constexpr Index least_starts = 32;
constexpr Index pieces_per_warp = 16;

/// How starts are cut into pieces: parts of a row or, where rows are short, a few of them.
struct Cuts {
  Index rows, cols;      ///< of all starts
  Index height, width;   ///< of a piece; those at the ends are smaller
  unsigned row, pieces;  ///< how many a row has, and all rows
};

Cuts cut(Index rows, Index cols, Index warps) {
  Index const share = rows * cols / (warps * pieces_per_warp) / least_starts * least_starts;
  Index const size = std::clamp(share, least_starts, most_starts);
  Index const width = std::min(cols, size);
  Index const height = size / width;
  unsigned const row = blocks_for(cols, width);
  return {rows, cols, height, width, row, row * blocks_for(rows, height)};
}

template <class T, int D>
struct Piece {
  Index first = 0;              ///< the index of its first start
  T const* coordinate[D] = {};  ///< of that
  unsigned width = 0;
  unsigned size = 0;
  unsigned used = 0;  ///< starts that lanes have got
};

/// The queue's next piece, for a whole warp; an empty one if there is none. `taken` counts them.
template <int D, class T>
__device__ Piece<T, D> next_piece(Cuts const& cuts, Starts<T> const& starts, unsigned* taken) {
  unsigned number = 0;
  if (threadIdx.x % warp_lanes == 0) number = atomicAdd(taken, 1u);
  number = __shfl_sync(all_lanes, number, 0);
  Piece<T, D> piece;
  if (number >= cuts.pieces) return piece;
  Index const row = number / cuts.row * cuts.height;
  Index const col = number % cuts.row * cuts.width;
  piece.first = row * cuts.cols + col;
  piece.width = static_cast<unsigned>(std::min(cuts.width, cuts.cols - col));
  piece.size = piece.width * static_cast<unsigned>(std::min(cuts.height, cuts.rows - row));
  for (int i = 0; i < D; ++i) {
    StartCoordinate<T> const& c = starts.coordinate[i];
    piece.coordinate[i] = c.data + row * c.row_stride + col * c.col_stride;
  }
  return piece;
}

/// Start `place` of a piece.
template <class T, int D>
__device__ Point<T, D> start(Piece<T, D> const& piece, unsigned place, Starts<T> const& starts) {
  bool const several_rows = piece.size > piece.width;
  unsigned const row = several_rows ? place / piece.width : 0;
  unsigned const col = several_rows ? place % piece.width : place;
  Point<T, D> at;
  for (int i = 0; i < D; ++i) {
    StartCoordinate<T> const& c = starts.coordinate[i];
    T const* from = piece.coordinate[i];
    if (c.col_stride != 0) from += col;
    if (row != 0) from += row * c.row_stride;
    at[i] = *from;
  }
  return at;
}

template <class T, int D>
__device__ void write(BasinResults<T> const& to, Index start, Trajectory<T, D> const& t) {
  to.outcome.data[start] = static_cast<std::uint8_t>(t.outcome);
  if (!to.minimum.empty()) to.minimum.data[start] = static_cast<std::int16_t>(t.minimum);
  if (!to.steps.empty()) to.steps.data[start] = static_cast<std::uint32_t>(t.steps);
  if (!to.rises.empty()) to.rises.data[start] = static_cast<std::uint32_t>(t.rises);
  if (!to.last_rise.empty()) to.last_rise.data[start] = static_cast<std::uint32_t>(t.last_rise);
  if (to.final_point.empty()) return;
  for (int i = 0; i < D; ++i) to.final_point.row(i)[start] = t.at[i];
}

template <class Objective, class T>
__global__ void __launch_bounds__(block_threads, blocks_per_multiprocessor<T, Objective::dimension>)
    basin_kernel(Descent<Objective, T> descent, Cuts cuts, Starts<T> starts,
                 BasinResults<T> results, unsigned* taken) {
  constexpr int D = Objective::dimension;
  constexpr Index nobody = -1;
  unsigned const lanes_below = (1u << threadIdx.x % warp_lanes) - 1;
  Trajectory<T, D> t = {};
  t.outcome = unjudged;
  Index mine = nobody;  // the trajectory's start
  Piece<T, D> piece;
  bool more = true;  // starts
  for (;;) {
    bool const runs = t.outcome == running;
    unsigned const waiting = __ballot_sync(all_lanes, !runs && (more || mine != nobody));
    bool const none_runs = __all_sync(all_lanes, !runs) != 0;
    if (none_runs && waiting == 0) break;
    if (none_runs || __popc(waiting) >= served) {
      if (mine != nobody && t.outcome == unjudged) descent.judge(t);
      if (mine != nobody && t.outcome != running) {
        write(results, mine, t);
        mine = nobody;
      }
      if (more && piece.used == piece.size) {
        piece = next_piece<D>(cuts, starts, taken);
        more = piece.size > 0;
      }
      unsigned const vacant = __ballot_sync(all_lanes, mine == nobody);
      unsigned const place = piece.used + static_cast<unsigned>(__popc(vacant & lanes_below));
      if (mine == nobody && place < piece.size) {
        mine = piece.first + place;
        descent.begin(t, start(piece, place, starts));
      }
      piece.used = std::min(piece.size, piece.used + static_cast<unsigned>(__popc(vacant)));
    }
    if (t.outcome == running) descent.look(t);
    // Most trajectories end early, in a loop that needs to know less.
    bool const any_late = __any_sync(all_lanes, t.outcome == running && descent.is_late(t)) != 0;
    if (t.outcome == running) {
      if (any_late) {
        descent.template run<true>(t);
      } else {
        descent.template run<false>(t);
      }
    }
  }
}

/// The minima of a rule; those beyond the most sets without one.
template <class T>
std::vector<basin::Target<T>> targets(BasinRule const& rule) {
  std::vector<basin::Target<T>> all;
  int sets = 0;
  for (BasinMinimum minimum : rule.minima) {
    bool const has_set = minimum.radius > 0 && sets < basin::most_sets;
    if (!has_set) minimum.radius = 0;
    sets += has_set ? 1 : 0;
    all.push_back(basin::target(minimum, static_cast<T>(rule.slack)));
  }
  return all;
}

template <class T>
T highest_level(std::vector<basin::Target<T>> const& targets) {
  T highest = -std::numeric_limits<T>::infinity();
  for (auto const& target : targets) {
    if (target.radius_square > 0) highest = std::max(highest, target.level);
  }
  return highest;
}

}  // namespace

template <class T>
void CudaBasin<T>::scan(BasinRule const& rule, Starts<T> const& starts,
                        BasinResults<T> const& results) const {
  if (starts.rows * starts.cols == 0) return;
  Stream const stream = context_.stream();
  std::vector<basin::Target<T>> const listed = targets<T>(rule);
  auto* const minima = targets_.get<basin::Target<T>>(std::ssize(listed) + 1);
  upload(stream, minima, listed.data(), listed.size() * sizeof(basin::Target<T>));
  unsigned* const taken = taken_.get<unsigned>(1);
  fill_zero(stream, taken, sizeof(unsigned));
  auto const descend = [&]<class Objective>(Objective const& f) {
    Descent<Objective, T> const descent{f, basin::terms<T>(rule), minima,
                                        static_cast<int>(listed.size()), highest_level(listed)};
    unsigned const resident = static_cast<unsigned>(context_.properties().multiprocessors) *
                              blocks_per_multiprocessor<T, Objective::dimension>;
    Cuts const cuts = cut(starts.rows, starts.cols, Index{resident} * block_warps);
    unsigned const blocks = std::min(resident, blocks_for(cuts.pieces, block_warps));
    launch(stream, {"basin", {blocks}, {block_threads}}, basin_kernel<Objective, T>, descent, cuts,
           starts, results, taken);
  };
  with_landscape(rule.landscape, [&]<class Landscape>(Landscape const& f) {
    if (rule.on_square_root) {
      descend(landscape::SquareRoot<Landscape>{f});
    } else {
      descend(f);
    }
  });
}

template <class T>
double CudaBasin<T>::workspace_bytes(Index minima) const {
  return bytes_of<basin::Target<T>>(minima + 1) + sizeof(unsigned);
}

template class CudaBasin<float>;
template class CudaBasin<double>;

}  // namespace brink::cuda
