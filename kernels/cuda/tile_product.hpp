#pragma once

#include <type_traits>

#include "kernels/cuda/blas.hpp"
#include "kernels/cuda/pack.hpp"

// Matrix products by hand, for layers where a library's product and a kernel behind it would be
// bound by launches and by writing sums that are read again at once: what is done with the sums
// (bias and activation, slopes) is part of the product's kernel.
//
// A block computes one tile of the result. It goes through the inner dimension in steps: the step's
// panels of both factors lie in shared memory, as depth × rows and depth × columns, while those of
// the next one are on their way from global memory to registers; there are two panels of each, so
// that a step costs one barrier. Each thread keeps micro × micro sums in registers. Sums run over
// the inner dimension in its order, whatever the tile.
//
// Operations: 2 · rows · cols · inner. Bytes: each factor once per tile of the other's side.

#ifdef __CUDACC__
#define BRINK_UNROLL _Pragma("unroll")
#define BRINK_NO_UNROLL _Pragma("unroll 1")
#define BRINK_UNROLL_8 _Pragma("unroll 8")
#else
#define BRINK_UNROLL
#define BRINK_NO_UNROLL
#define BRINK_UNROLL_8
#endif

namespace brink::cuda {

/// From this inner dimension on, forward products and input gradients are the library's, and a
/// kernel finishes their sums. By counting, not measured: fused, a sum is not written and read
/// again, 8 bytes of float32 or 2 ps at 4 TB/s, and a launch is saved, 2 µs or another 2 ps for
/// each of 10⁶ sums; against that, a hand-written product at three quarters of the library's rate
/// loses 0.01 ps for each number of the inner dimension, at 67 TFLOP/s.
inline constexpr Index library_inner = 512;

/// Strides of factors that are multiplied by hand, which keep offsets within a panel short.
inline constexpr Index most_stride = Index{1} << 24;

/// Tiles are made large only where there are at least as many blocks as this, some four for each
/// multiprocessor of the largest devices. Not asked of the device, so that the order of sums is the
/// same on all.
inline constexpr Index enough_blocks = 512;

/// The factors A or B of a batch: entry (r, c) of factor j is at data[j · step + r · stride + c].
template <class T>
struct Factor {
  T const* data = nullptr;
  Index stride = 0;
  Index step = 0;

  Factor() = default;
  Factor(Matrix<T const> first, Index step_between = 0)
      : data(first.data), stride(first.stride), step(step_between) {}
};

/// For each j < count, rows × cols sums: op(A_j) op(B_j) and, unless it is empty, a second term
/// alike. A block takes `span` of the inner dimension; part s · count + j of the results is what
/// stretch s of it gives matrix j.
template <class T>
struct TileProducts {
  struct Term {
    Factor<T> a, b;
  };

  Index rows = 0;
  Index cols = 0;
  Index inner = 0;
  Index count = 1;
  Term first;
  Term second = {};
  Index span = inner;

  Index parts() const { return count * blocks_for(inner, span); }
};

template <class T>
bool has_short_strides(TileProducts<T> const& products) {
  auto const short_strides = [](auto const& term) {
    return term.a.stride < most_stride && term.b.stride < most_stride;
  };
  return short_strides(products.first) && short_strides(products.second);
}

/// Whether to multiply by hand, or let the library.
template <class T>
bool is_small(TileProducts<T> const& products) {
  return products.inner < library_inner && has_short_strides(products);
}

/// How a block shares out its tile: warps × lanes of threads, each with micro × micro sums.
template <class T, int micro_size, int warp_rows_count, int warp_cols_count, int lane_rows_count,
          int lane_cols_count, int depth_of_step, int blocks_at_once>
struct Tile {
  using Number = T;
  static constexpr int pack = Pack<T>::size;
  static constexpr int micro = micro_size;
  static constexpr int packs = micro / pack;  ///< along one side of a thread's sums
  static constexpr int warp_cols = warp_cols_count;
  static constexpr int lane_rows = lane_rows_count;
  static constexpr int lane_cols = lane_cols_count;
  static constexpr int rows_of_warp = lane_rows * micro;
  static constexpr int cols_of_warp = lane_cols * micro;
  static constexpr int threads = 32 * warp_rows_count * warp_cols_count;
  static constexpr int rows = warp_rows_count * rows_of_warp;
  static constexpr int cols = warp_cols_count * cols_of_warp;
  static constexpr int depth = depth_of_step;
  static constexpr int blocks = blocks_at_once;  ///< of a multiprocessor, for which registers last
  static_assert(lane_rows * lane_cols == 32 && micro % pack == 0);

  // Shared memory, in numbers. Four more in each row keep the banks apart.
  static constexpr int row_pitch = rows + 4;
  static constexpr int col_pitch = cols + 4;
  static constexpr int panels = depth * (row_pitch + col_pitch);
  static constexpr int stage_rows = rows / packs;
  static constexpr int stage = stage_rows * col_pitch;
  static constexpr int shared_packs = (2 * panels > stage ? 2 * panels : stage) / pack;
};

template <class T>
constexpr bool is_float32 = std::is_same_v<T, float>;

/// 64 × 32.
template <class T>
using MediumTile = Tile<T, 4, 2, 2, 8, 4, 64 / sizeof(T), is_float32<T> ? 4 : 3>;
/// 128 × 64, more operations for each number that is read from shared memory. Registers do not hold
/// that many sums in float64.
template <class T>
using WideTile = std::conditional_t<is_float32<T>, Tile<T, 8, 2, 2, 8, 4, 8, 3>, MediumTile<T>>;
/// 64 × 16 and 16 × 64, for few outputs; deep, because few blocks have to keep many loads under
/// way.
template <class T>
using NarrowTile = Tile<T, 4, 2, 1, 8, 4, 128 / sizeof(T), is_float32<T> ? 6 : 4>;
template <class T>
using FlatTile = Tile<T, 4, 1, 2, 4, 8, 128 / sizeof(T), is_float32<T> ? 6 : 4>;

/// A thread's share of the way of one factor's panels, `extent` rows of op(A) or columns of op(B),
/// to shared memory. `inner_first`: neighbours along the inner dimension are neighbours in memory.
template <class T, int extent, int depth, int threads, bool inner_first>
class PanelLoader {
 public:
  /// The first panel begins at `from`, and `outer_left` rows or columns are there.
  __device__ void begin(T const* from, Index stride, Index outer_left) {
    from_ = from;
    step_ = inner_first ? depth : depth * static_cast<int>(stride);
    outer_left_ = outer_left < extent ? static_cast<int>(outer_left) : extent;
    whole_packs_ = on_pack(from) && stride % pack == 0 && (inner_first || outer_left_ % pack == 0);
    // Whole packs beyond the edge are read from the last rows or columns; their sums are not
    // written.
    int const last = !whole_packs_ ? extent : inner_first ? outer_left_ - 1 : outer_left_ - pack;
    BRINK_UNROLL
    for (int p = 0; p < packs; ++p) {
      int const outer = outer_of(p) < last ? outer_of(p) : last;
      int const inner = inner_of(p);
      offset_[p] = inner_first ? outer * static_cast<int>(stride) + inner
                               : inner * static_cast<int>(stride) + outer;
    }
  }

  /// The next panel, of which `inner_left` along the inner dimension are there.
  __device__ void fetch(Index inner_left) {
    if (whole_packs_ && inner_left >= depth) {
      BRINK_UNROLL
      for (int p = 0; p < packs; ++p) {
        fetched_[p] = *reinterpret_cast<Pack<T> const*>(from_ + offset_[p]);
      }
    } else {
      fetch_some(inner_left < depth ? static_cast<int>(inner_left) : depth);
    }
    from_ += step_;
  }

  __device__ void put(T* panel) const {
    BRINK_UNROLL
    for (int p = 0; p < packs; ++p) {
      T* const to = panel + inner_of(p) * pitch + outer_of(p);
      if constexpr (inner_first) {
        BRINK_UNROLL
        for (int e = 0; e < pack; ++e) to[e * pitch] = fetched_[p].at[e];
      } else {
        *reinterpret_cast<Pack<T>*>(to) = fetched_[p];
      }
    }
  }

 private:
  static constexpr int pack = Pack<T>::size;
  static constexpr int pitch = extent + 4;
  static constexpr int packs = extent * depth / (pack * threads);
  static_assert(packs * pack * threads == extent * depth);

  // Along the inner dimension, pairs of neighbouring lanes take 32 bytes, which is what memory
  // moves, of one row, and a warp as many rows as that leaves: it then writes to different banks.
  __device__ static int outer_of(int p) {
    int const i = static_cast<int>(threadIdx.x) + p * threads;
    return inner_first ? i / 2 % extent : i % (extent / pack) * pack;
  }
  __device__ static int inner_of(int p) {
    int const i = static_cast<int>(threadIdx.x) + p * threads;
    return inner_first ? (i / (2 * extent) * 2 + i % 2) * pack : i / (extent / pack);
  }

  /// Number by number, with zeros for what is not there.
  __device__ void fetch_some(int inner_left) {
    BRINK_UNROLL
    for (int p = 0; p < packs; ++p) {
      int const outer = outer_of(p);
      int const inner = inner_of(p);
      BRINK_UNROLL
      for (int e = 0; e < pack; ++e) {
        bool const there = inner_first ? outer < outer_left_ && inner + e < inner_left
                                       : outer + e < outer_left_ && inner < inner_left;
        fetched_[p].at[e] = there ? from_[offset_[p] + e] : T(0);
      }
    }
  }

  T const* from_;
  int step_;
  int offset_[packs];
  int outer_left_;
  bool whole_packs_;
  Pack<T> fetched_[packs];
};

/// Where a thread's sums are in its block's tile: packs at row + i · row_step, col + i · col_step.
template <class Tile>
struct Place {
  static constexpr int row_step = Tile::lane_rows * Tile::pack;
  static constexpr int col_step = Tile::lane_cols * Tile::pack;
  int warp_row, warp_col;  ///< the first of the warp's
  int row, col;

  __device__ Place() {
    int const warp = static_cast<int>(threadIdx.x) / 32;
    int const lane = static_cast<int>(threadIdx.x) % 32;
    warp_row = warp / Tile::warp_cols * Tile::rows_of_warp;
    warp_col = warp % Tile::warp_cols * Tile::cols_of_warp;
    row = warp_row + lane / Tile::lane_cols * Tile::pack;
    col = warp_col + lane % Tile::lane_cols * Tile::pack;
  }
};

/// sums += what one step's panels give.
template <class Tile, class T = typename Tile::Number>
__device__ void add_step(T const* row_panel, T const* col_panel, Place<Tile> const& place,
                         T (&sums)[Tile::micro][Tile::micro]) {
  constexpr int pack = Tile::pack;
  BRINK_UNROLL_8
  for (int k = 0; k < Tile::depth; ++k) {
    Pack<T> a[Tile::packs];
    Pack<T> b[Tile::packs];
    BRINK_UNROLL
    for (int i = 0; i < Tile::packs; ++i) {
      a[i] = *reinterpret_cast<Pack<T> const*>(row_panel + k * Tile::row_pitch + place.row +
                                               i * place.row_step);
      b[i] = *reinterpret_cast<Pack<T> const*>(col_panel + k * Tile::col_pitch + place.col +
                                               i * place.col_step);
    }
    BRINK_UNROLL
    for (int r = 0; r < Tile::micro; ++r) {
      BRINK_UNROLL
      for (int c = 0; c < Tile::micro; ++c) {
        sums[r][c] += a[r / pack].at[r % pack] * b[c / pack].at[c % pack];
      }
    }
  }
}

/// The block's sums of part `blockIdx.z`, at `row` and `col` of the result.
template <class Tile, Transpose transpose_a, Transpose transpose_b, class T = typename Tile::Number>
__device__ void add_products(TileProducts<T> const& products, Index row, Index col, T* shared,
                             Place<Tile> const& place, T (&sums)[Tile::micro][Tile::micro]) {
  constexpr bool a_inner_first = transpose_a == Transpose::no;
  constexpr bool b_inner_first = transpose_b == Transpose::yes;
  constexpr int depth = Tile::depth;
  Index const j = blockIdx.z % products.count;
  Index const first = blockIdx.z / products.count * products.span;
  Index const inner =
      products.span < products.inner - first ? products.span : products.inner - first;
  Index const rows_left = products.rows - row;
  Index const cols_left = products.cols - col;
  // A warp that is all beyond the edge helps to load, but leaves the arithmetic to others.
  bool const has_work = place.warp_row < rows_left && place.warp_col < cols_left;

  PanelLoader<T, Tile::rows, depth, Tile::threads, a_inner_first> a_loader;
  PanelLoader<T, Tile::cols, depth, Tile::threads, b_inner_first> b_loader;
  auto const begin = [&](typename TileProducts<T>::Term const& term) {
    Factor<T> const& a = term.a;
    Factor<T> const& b = term.b;
    a_loader.begin(
        a.data + j * a.step + (a_inner_first ? row * a.stride + first : first * a.stride + row),
        a.stride, rows_left);
    b_loader.begin(
        b.data + j * b.step + (b_inner_first ? col * b.stride + first : first * b.stride + col),
        b.stride, cols_left);
  };
  auto const fetch = [&](Index inner_left) {
    a_loader.fetch(inner_left);
    b_loader.fetch(inner_left);
  };
  auto const put = [&](T* panels) {
    a_loader.put(panels);
    b_loader.put(panels + depth * Tile::row_pitch);
  };

  begin(products.first);
  fetch(inner);
  put(shared);
  __syncthreads();
  bool more_terms = products.second.a.data != nullptr;
  int now = 0;
  Index inner_left = inner;
  while (true) {
    inner_left -= depth;
    if (inner_left <= 0 && more_terms) {
      more_terms = false;
      inner_left = inner;
      begin(products.second);
    }
    bool const more = inner_left > 0;
    if (more) fetch(inner_left);
    T const* const panels = shared + now * Tile::panels;
    if (has_work) add_step<Tile>(panels, panels + depth * Tile::row_pitch, place, sums);
    now = 1 - now;
    if (more) put(shared + now * Tile::panels);
    __syncthreads();
    if (!more) break;
  }
}

/// Calls `use` with what writes the packs of a result. A choice that is the same for all packs, of
/// an activation, has its own overload and is made outside of the loop over them.
template <class Finish, class Use>
__device__ void with_writer(Finish const& finish, Use&& use) {
  use(finish);
}

/// Hands the block's sums to `finish`, a pack at a time: finish(part, row, col, count, pack). They
/// go through shared memory, so that neighbouring threads have neighbouring packs of a row.
template <class Tile, class Finish, class T = typename Tile::Number>
__device__ void finish_sums(TileProducts<T> const& products, Index row, int col, T* shared,
                            Place<Tile> const& place, T (&sums)[Tile::micro][Tile::micro],
                            Finish const& finish) {
  constexpr int pack = Tile::pack;
  constexpr int packs_of_row = Tile::cols / pack;
  constexpr int warp_stage_rows = Tile::rows_of_warp / Tile::packs;
  int const stage_row = place.warp_row / Tile::packs + (place.row - place.warp_row);
  BRINK_NO_UNROLL
  for (int i = 0; i < Tile::packs; ++i) {
    BRINK_UNROLL
    for (int r = 0; r < Tile::micro; ++r) {
      if (r / pack != i) continue;
      BRINK_UNROLL
      for (int c = 0; c < Tile::packs; ++c) {
        Pack<T> some;
        BRINK_UNROLL
        for (int e = 0; e < pack; ++e) some.at[e] = sums[r][c * pack + e];
        *reinterpret_cast<Pack<T>*>(shared + (stage_row + r % pack) * Tile::col_pitch + place.col +
                                    c * place.col_step) = some;
      }
    }
    __syncthreads();
    with_writer(finish, [&](auto const& write) {
      BRINK_NO_UNROLL
      for (int p = static_cast<int>(threadIdx.x); p < Tile::stage_rows * packs_of_row;
           p += Tile::threads) {
        int const staged_row = p / packs_of_row;
        int const staged_col = p % packs_of_row * pack;
        Index const r = row + staged_row / warp_stage_rows * Tile::rows_of_warp +
                        i * place.row_step + staged_row % warp_stage_rows;
        int const c = col + staged_col;
        if (r >= products.rows || c >= products.cols) continue;
        write(
            Index(blockIdx.z), r, c, products.cols - c,
            *reinterpret_cast<Pack<T> const*>(shared + staged_row * Tile::col_pitch + staged_col));
      }
    });
    __syncthreads();
  }
}

/// One tile: that of rows blockIdx.x, columns blockIdx.y and part blockIdx.z.
template <class Tile, Transpose transpose_a, Transpose transpose_b, class Finish,
          class T = typename Tile::Number>
__device__ void tile_product(TileProducts<T> const& products, T* shared, Finish const& finish) {
  Index const row = Index(blockIdx.x) * Tile::rows;
  // Short, because only then nvcc sees that packs are stored at once; grids are no wider.
  int const col = static_cast<int>(blockIdx.y) * Tile::cols;
  Place<Tile> const place;
  T sums[Tile::micro][Tile::micro] = {};
  add_products<Tile, transpose_a, transpose_b>(products, row, col, shared, place, sums);
  finish_sums<Tile>(products, row, col, shared, place, sums, finish);
}

template <class Tile, Transpose transpose_a, Transpose transpose_b, class Finish>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks)
    tile_product_kernel(TileProducts<typename Tile::Number> products, Finish finish) {
  BRINK_SHARED(Pack<typename Tile::Number>, shared, Tile::shared_packs);
  tile_product<Tile, transpose_a, transpose_b>(
      products, reinterpret_cast<typename Tile::Number*>(shared), finish);
}

/// The grid of a product's tiles.
template <class Tile>
Extent tiles_of(TileProducts<typename Tile::Number> const& products) {
  return {blocks_for(products.rows, Tile::rows), blocks_for(products.cols, Tile::cols),
          static_cast<unsigned>(products.parts())};
}

inline Index blocks_in(Extent grid) {
  return Index(grid.x) * grid.y * grid.z;
}

/// Queues finish(part, row, col, count, pack) for all packs of Σ op(A_j) op(B_j), as one kernel.
/// Rows that are few make poor use of it.
template <Transpose transpose_a, Transpose transpose_b, class T, class Finish>
void tile_product(Stream stream, char const* name, TileProducts<T> const& products,
                  Finish const& finish) {
  auto const run = [&]<class Tile>(Tile) {
    launch(stream, {name, tiles_of<Tile>(products), {Tile::threads}},
           tile_product_kernel<Tile, transpose_a, transpose_b, Finish>, products, finish);
  };
  if (products.cols <= NarrowTile<T>::cols) {
    run(NarrowTile<T>{});
  } else if (blocks_in(tiles_of<WideTile<T>>(products)) >= enough_blocks) {
    run(WideTile<T>{});
  } else {
    run(MediumTile<T>{});
  }
}

// What a library's product has left is finished by the same code: a block takes 32 rows, a warp 128
// bytes of four of them.
inline constexpr unsigned finish_packs = 8;
inline constexpr unsigned finish_rows = 32;

template <class T, class Finish>
__global__ void __launch_bounds__(finish_packs* finish_rows)
    finish_kernel(Matrix<T const> sums, Index width, Finish finish) {
  Index const row = Index(blockIdx.x) * finish_rows + threadIdx.y;
  Index const col = (blockIdx.y * finish_packs + threadIdx.x) * unsigned{Pack<T>::size};
  if (row >= sums.rows || col >= width) return;
  Index const part = blockIdx.z;
  finish(part, row, col, width - col, load_pack(sums, row, part * width + col, width - col));
}

/// Sums over as many stretches of the inner dimension, one behind the other.
template <class T>
struct Partial {
  T const* sums;
  Index stretches;
};

/// The same where `partial` has count · rows · cols sums for each stretch: they are added up in
/// their order.
template <class T, class Finish>
__global__ void __launch_bounds__(finish_packs* finish_rows)
    finish_stretches_kernel(Partial<T> partial, Index rows, Index cols, Finish finish) {
  Index const row = Index(blockIdx.x) * finish_rows + threadIdx.y;
  Index const col = (blockIdx.y * finish_packs + threadIdx.x) * unsigned{Pack<T>::size};
  if (row >= rows || col >= cols) return;
  Index const part = blockIdx.z;
  T const* from = partial.sums + (part * rows + row) * cols + col;
  Index const step = Index(gridDim.z) * rows * cols;
  Pack<T> sum = load_pack(from, cols - col);
  BRINK_UNROLL_8
  for (Index s = 1; s < partial.stretches; ++s) {
    from += step;
    Pack<T> const more = load_pack(from, cols - col);
    for (int e = 0; e < Pack<T>::size; ++e) sum.at[e] += more.at[e];
  }
  with_writer(finish, [&](auto const& write) { write(part, row, col, cols - col, sum); });
}

template <class T, class Finish>
void finish_stretches(Stream stream, char const* name, Partial<T> partial, Index rows, Index cols,
                      Index count, Finish const& finish) {
  launch(stream,
         {name,
          {blocks_for(rows, finish_rows), blocks_for(cols, Index{finish_packs} * Pack<T>::size),
           static_cast<unsigned>(count)},
          {finish_packs, finish_rows}},
         finish_stretches_kernel<T, Finish>, partial, rows, cols, finish);
}

/// Queues finish(part, row, col, count, pack) for all packs of `sums`, whose parts, of `width`
/// columns, stand side by side.
template <class T, class Finish>
void finish_sums(Stream stream, char const* name, Matrix<T const> sums, Index width,
                 Finish const& finish) {
  launch(
      stream,
      {name,
       {blocks_for(sums.rows, finish_rows), blocks_for(width, Index{finish_packs} * Pack<T>::size),
        static_cast<unsigned>(sums.cols / width)},
       {finish_packs, finish_rows}},
      finish_kernel<T, Finish>, sums, width, finish);
}

}  // namespace brink::cuda
