#pragma once

#include <algorithm>
#include <bit>
#include <tuple>

#include "kernels/cuda/reduce.hpp"
#include "kernels/cuda/tile_product.hpp"
#include "kernels/cuda/warpgroup_plan.hpp"

// Matrix products in float32 on the tensor cores of capability 9.0, about twice as fast as its
// units for float32. Tensor cores multiply numbers of TF32's 11 bits exactly and add up in float32,
// but drop what lies below the last bit instead of rounding. So each factor is split into its
// leading 11 bits and the rest, of which TF32 keeps all but the last bit; three of the four
// products are formed (the fourth is below the last bit); and sums over 32 numbers of the inner
// dimension are added up by the ordinary units, which round. What comes out is as far from the
// exact product as that of a float32 library: a test holds it so. A factor that is infinite, or
// rounds to that, gives NaN. After H. Ootomo and R. Yokota,
// "Recovering single precision accuracy from Tensor Cores while surpassing the FP32 theoretical
// peak performance", 2022.
//
// B, the smaller factor, is first written in both parts as tensor cores read it. A block then
// computes one tile, each of its two groups of four warps 64 rows of it: panels of A, as they are,
// and of B's parts are copied to shared memory past the registers, two ahead of the one that is
// multiplied; A is split in registers. A step of 32 along the inner dimension costs one barrier.
// Sums run over the inner dimension in an order that depends on sizes alone.
//
// Operations: 2 · rows · cols · inner, three times on tensor cores. Bytes: A once per tile of
// columns, B's parts once per tile of rows, and for writing them 12 per number of B.

namespace brink::cuda {

/// From this stride on, offsets within a panel do not fit 32 bits.
inline constexpr Index most_panel_stride = Index{1} << 23;

/// The 11 leading bits of x, to nearest; what is left of it has at most 12.
__device__ inline float leading_bits(float x) {
  return std::bit_cast<float>((std::bit_cast<unsigned>(x) + 0x1000u) & 0xffffe000u);
}

inline constexpr int split_threads = 256;

/// Writes op(B)'s parts, zeros beyond its edges: a block one step (blockIdx.x) of one tile of
/// columns (blockIdx.y) of matrix blockIdx.z, which is one behind the other for each of these. A
/// part has bricks of 8 columns by 4, as `multiply_warpgroup` reads them. There numbers that are
/// neighbours along the inner dimension are 4 apart, so that what a lane has of A are neighbours in
/// memory: any order will do that is the same for both.
/// `column_sums`, unless it is null, gets those of each step, in float64: steps × (matrices ·
/// cols).
template <class Tile, bool inner_first>
__global__ void __launch_bounds__(split_threads)
    split_kernel(Factor<float> b, Index inner, Index cols, float* parts, double* column_sums) {
  BRINK_SHARED(float, shared, Tile::depth*(Tile::cols + 1));
  constexpr int depth = Tile::depth;
  constexpr int pitch = Tile::cols + 1;
  Index const first = Index(blockIdx.x) * depth;
  Index const col = Index(blockIdx.y) * Tile::cols;
  float const* const from = b.data + Index(blockIdx.z) * b.step;
  constexpr int numbers_of_thread = Tile::part / split_threads;
  static_assert(numbers_of_thread * split_threads == Tile::part);
  BRINK_UNROLL
  for (int n = 0; n < numbers_of_thread; ++n) {  // all of them are on their way at a time
    int const i = static_cast<int>(threadIdx.x) + n * split_threads;
    int const k = inner_first ? i % depth : i / Tile::cols;
    int const c = inner_first ? i / depth : i % Tile::cols;
    bool const there = first + k < inner && col + c < cols;
    Index const at =
        inner_first ? (col + c) * b.stride + first + k : (first + k) * b.stride + col + c;
    shared[k * pitch + c] = there ? from[at] : 0.0f;
  }
  __syncthreads();
  if (column_sums != nullptr) {  // the same for all
    constexpr int half = depth / 2;
    static_assert(2 * Tile::cols <= split_threads);
    int const c = static_cast<int>(threadIdx.x) / 2;
    float const* const column = shared + static_cast<int>(threadIdx.x) % 2 * half * pitch + c;
    double sum = 0;
    for (int k = 0; c < Tile::cols && k < half; ++k) sum += static_cast<double>(column[k * pitch]);
    sum += __shfl_down_sync(all_lanes, sum, 1);
    if (threadIdx.x % 2 == 0 && c < Tile::cols && col + c < cols) {
      column_sums[(Index(blockIdx.x) * gridDim.z + blockIdx.z) * cols + col + c] = sum;
    }
  }
  float* const to =
      parts +
      ((Index(blockIdx.z) * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x) * (2 * Tile::part);
  BRINK_UNROLL
  for (int n = 0; n < numbers_of_thread; ++n) {
    int const i = static_cast<int>(threadIdx.x) + n * split_threads;
    int const brick = i / 32;
    int const in_product = brick % 2 * 4 + i % 4;
    int const k = brick / (2 * Tile::fragments) * 8 + in_product % 4 * 2 + in_product / 4;
    int const c = brick / 2 % Tile::fragments * 8 + i % 32 / 4;
    float const x = shared[k * pitch + c];
    float const leading = leading_bits(x);
    to[i] = leading;
    to[Tile::part + i] = x - leading;
  }
}

/// Of A in shared memory: the tile's rows by a step, of which the latter is the contiguous one if
/// `inner_first`. The pitch sends the numbers that a warp reads at a time to as many banks.
template <class Tile, bool inner_first>
class RowPanel {
 public:
  static constexpr int depth = Tile::depth;
  static constexpr int extent = Tile::rows;
  static constexpr int pitch = inner_first ? depth + 8 : extent + 4;
  static_assert(inner_first ? pitch % 32 == 8 : pitch % 8 == 4);
  static constexpr int size = (inner_first ? extent : depth) * pitch;

  /// The first panel begins at `from`, and `outer_left` rows are there.
  __device__ void begin(float const* from, Index stride, Index outer_left) {
    from_ = from;
    stride_ = static_cast<int>(stride);
    outer_left_ = outer_left < extent ? static_cast<int>(outer_left) : extent;
    whole_packs_ = on_pack(from) && stride % 4 == 0 && (inner_first || outer_left_ % 4 == 0);
    // Whole packs beyond the edge are copied from the last rows; their sums are not written.
    int const last = inner_first ? outer_left_ - 1 : outer_left_ - 4;
    BRINK_UNROLL
    for (int p = 0; p < copies; ++p) {
      int const line = line_of(p);
      int const within = within_of(p);
      offset_[p] = inner_first ? (line < last ? line : last) * stride_ + within
                               : line * stride_ + (within < last ? within : last);
    }
  }

  /// Begins to copy the next panel, of which `inner_left` along the inner dimension are there.
  __device__ void begin_copy(float* panel, Index inner_left) {
    if (whole_packs_ && inner_left >= depth) {
      BRINK_UNROLL
      for (int p = 0; p < copies; ++p) copy_pack(panel + place_of(p), from_ + offset_[p]);
    } else {
      copy_some(panel, inner_left < depth ? static_cast<int>(inner_left) : depth);
    }
    from_ += inner_first ? depth : depth * stride_;
  }

  /// The numbers of a row at `inner`, which is even, and next to it.
  __device__ static float2 pair(float const* panel, int row, int inner) {
    if constexpr (inner_first) {
      return *reinterpret_cast<float2 const*>(panel + row * pitch + inner);
    } else {
      float const* const from = panel + inner * pitch + row;
      return make_float2(from[0], from[pitch]);
    }
  }

 private:
  static constexpr int packs_of_line = (inner_first ? depth : extent) / 4;
  static constexpr int copies = extent * depth / 4 / Tile::threads;  ///< of a thread

  __device__ static int pack_of(int p) { return static_cast<int>(threadIdx.x) + p * Tile::threads; }
  __device__ static int line_of(int p) { return pack_of(p) / packs_of_line; }
  __device__ static int within_of(int p) { return pack_of(p) % packs_of_line * 4; }
  __device__ static int place_of(int p) { return line_of(p) * pitch + within_of(p); }

  /// Number by number, with zeros for what is not there.
  __device__ void copy_some(float* panel, int inner_left) const {
    int const lines = inner_first ? outer_left_ : inner_left;
    int const length = inner_first ? inner_left : outer_left_;
    BRINK_NO_UNROLL
    for (int p = 0; p < copies; ++p) {
      int const line = line_of(p);
      int const within = within_of(p);
      for (int e = 0; e < 4; ++e) {
        bool const there = line < lines && within + e < length;
        copy_number(panel + place_of(p) + e, there ? from_ + line * stride_ + within + e : from_,
                    there);
      }
    }
  }

  float const* from_;
  int stride_;
  int outer_left_;
  bool whole_packs_;
  int offset_[copies];
};

/// A product whose second factors have been split: in the form of split_kernel those of `first`,
/// then those of `second`; `shared` where all matrices have one. The rest as in TileProducts.
struct WarpgroupProducts {
  struct Term {
    Factor<float> a;
    float const* parts;  ///< null: there is no such term
    bool shared;
  };

  Index rows;
  Index cols;
  Index inner;
  Index count;
  Term first;
  Term second;
  Index span;  ///< a multiple of a step
};

/// What the shared memory of a kernel holds, in numbers.
template <class Tile, bool a_inner_first, bool transposed_out>
struct WarpgroupKernel {
  using PanelA = RowPanel<Tile, a_inner_first>;
  static constexpr bool inner_first = a_inner_first;
  static constexpr int panel = 2 * Tile::part;
  static constexpr int step = panel + PanelA::size;
  // Reading down its columns, by fours, goes to different banks as well as reading along its rows.
  static constexpr int stage_pitch = Tile::cols + (transposed_out ? 1 : 4);
  static constexpr int stage = Tile::rows * stage_pitch;
  static constexpr int shared = Tile::stages * step > stage ? Tile::stages* step : stage;
};

/// The block's sums of part blockIdx.z, in registers.
template <class Tile, class Kernel>
__device__ void add_warpgroup_products(WarpgroupProducts const& products, float* shared,
                                       float (&sums)[Tile::fragments][4]) {
  constexpr int depth = Tile::depth;
  constexpr int stages = Tile::stages;
  Index const row = Index(blockIdx.x) * Tile::rows;
  Index const j = blockIdx.z % products.count;
  Index const first = blockIdx.z / products.count * products.span;
  Index const inner =
      products.span < products.inner - first ? products.span : products.inner - first;
  int const all_steps = static_cast<int>((products.inner + depth - 1) / depth);
  int const steps_of_term = static_cast<int>((inner + depth - 1) / depth);
  int const steps = products.second.parts != nullptr ? 2 * steps_of_term : steps_of_term;
  int const thread = static_cast<int>(threadIdx.x);
  int const row_of_lane = thread / 32 * 16 + thread % 32 / 4;
  int const k_of_lane = thread % 4 * 2;
  // A group that is all beyond the edge helps to copy, but leaves the arithmetic to the other.
  bool const has_work = thread / 128 * 64 < products.rows - row;

  typename Kernel::PanelA a_panel;
  float const* parts = nullptr;
  Index inner_left = 0;
  auto const begin = [&](WarpgroupProducts::Term const& term) {
    Factor<float> const& a = term.a;
    a_panel.begin(a.data + j * a.step +
                      (Kernel::inner_first ? row * a.stride + first : first * a.stride + row),
                  a.stride, products.rows - row);
    Index const tile = (term.shared ? 0 : j) * gridDim.y + blockIdx.y;
    parts = term.parts + (tile * all_steps + first / depth) * Kernel::panel;
    inner_left = inner;
  };
  int copied = 0;
  auto const copy_next = [&] {
    if (copied < steps) {
      if (copied == steps_of_term) begin(products.second);
      float* const to = shared + copied % stages * Kernel::step;
      BRINK_UNROLL
      for (int p = 0; p < (Kernel::panel / 4 + Tile::threads - 1) / Tile::threads; ++p) {
        int const pack = thread + p * Tile::threads;
        if (Kernel::panel / 4 % Tile::threads == 0 || pack < Kernel::panel / 4) {
          copy_pack(to + 4 * pack, parts + 4 * pack);
        }
      }
      a_panel.begin_copy(to + Kernel::panel, inner_left);
      parts += Kernel::panel;
      inner_left -= depth;
      ++copied;
    }
    end_copy_group();
  };

  begin(products.first);
  for (int s = 0; s < stages - 1; ++s) copy_next();
  BRINK_NO_UNROLL
  for (int step = 0; step < steps; ++step) {
    wait_for_copies<stages - 2>();
    __syncthreads();  // all have copied this panel, and multiplied the one that is copied over
    copy_next();
    if (!has_work) continue;
    float const* const b = shared + step % stages * Kernel::step;
    float const* const a = b + Kernel::panel;
    float leading[depth / 8][4];
    float rest[depth / 8][4];
    BRINK_UNROLL
    for (int k = 0; k < depth / 8; ++k) {
      BRINK_UNROLL
      for (int e = 0; e < 2; ++e) {
        float2 const x = Kernel::PanelA::pair(a, row_of_lane + 8 * e, 8 * k + k_of_lane);
        leading[k][e] = leading_bits(x.x);
        rest[k][e] = x.x - leading[k][e];
        leading[k][e + 2] = leading_bits(x.y);
        rest[k][e + 2] = x.y - leading[k][e + 2];
      }
    }
    float of_step[Tile::fragments][4];
    begin_products();
    BRINK_UNROLL
    for (int k = 0; k < depth / 8; ++k) {
      float const* const b_leading = b + k * 8 * Tile::cols;
      multiply_warpgroup<Tile::fragments>(rest[k], b_leading, k == 0, of_step);
      multiply_warpgroup<Tile::fragments>(leading[k], b_leading + Tile::part, false, of_step);
      multiply_warpgroup<Tile::fragments>(leading[k], b_leading, false, of_step);
    }
    wait_for_products();
    BRINK_UNROLL
    for (int f = 0; f < Tile::fragments; ++f) {
      BRINK_UNROLL
      for (int e = 0; e < 4; ++e) sums[f][e] += of_step[f][e];
    }
  }
  wait_for_copies<0>();
}

/// Hands the block's sums to `finish`, a pack at a time, by way of shared memory. `transposed_out`:
/// what was computed is the transpose of what `finish` is to get.
template <class Tile, class Kernel, bool transposed_out, class Finish>
__device__ void finish_warpgroups(WarpgroupProducts const& products, float* stage,
                                  float const (&sums)[Tile::fragments][4], Finish const& finish) {
  constexpr int pitch = Kernel::stage_pitch;
  Index const row = Index(blockIdx.x) * Tile::rows;
  int const col = static_cast<int>(blockIdx.y) * Tile::cols;
  int const thread = static_cast<int>(threadIdx.x);
  float* const mine = stage + (thread / 32 * 16 + thread % 32 / 4) * pitch + thread % 4 * 2;
  __syncthreads();  // nobody reads panels any more
  BRINK_UNROLL
  for (int f = 0; f < Tile::fragments; ++f) {
    BRINK_UNROLL
    for (int e = 0; e < 4; ++e) mine[e / 2 * 8 * pitch + 8 * f + e % 2] = sums[f][e];
  }
  __syncthreads();
  with_writer(finish, [&](auto const& write) {
    constexpr int lines = transposed_out ? Tile::cols : Tile::rows;
    constexpr int packs_of_line = (transposed_out ? Tile::rows : Tile::cols) / 4;
    BRINK_NO_UNROLL
    for (int p = thread; p < lines * packs_of_line; p += Tile::threads) {
      int const line = p / packs_of_line;
      int const within = p % packs_of_line * 4;
      int const r = transposed_out ? within : line;
      int const c = transposed_out ? line : within;
      if (row + r >= products.rows || col + c >= products.cols) continue;
      float const* const from = stage + r * pitch + c;
      if constexpr (transposed_out) {
        Pack<float> const pack{{from[0], from[pitch], from[2 * pitch], from[3 * pitch]}};
        write(Index(blockIdx.z), Index(col + c), static_cast<int>(row) + r, products.rows - row - r,
              pack);
      } else {
        write(Index(blockIdx.z), row + r, col + c, products.cols - col - c,
              *reinterpret_cast<Pack<float> const*>(from));
      }
    }
  });
}

template <class Tile, bool a_inner_first, bool transposed_out, class Finish>
__global__ void __launch_bounds__(Tile::threads, 1)
    warpgroup_product_kernel(WarpgroupProducts products, Finish finish) {
  using Kernel = WarpgroupKernel<Tile, a_inner_first, transposed_out>;
  BRINK_DYNAMIC_SHARED(float, shared);
  float sums[Tile::fragments][4] = {};
  add_warpgroup_products<Tile, Kernel>(products, shared, sums);
  finish_warpgroups<Tile, Kernel, transposed_out>(products, shared, sums, finish);
}

/// Partial sums as they are: parts × rows × cols.
template <class T>
struct WritePartial {
  T* out;
  Index rows;
  Index cols;

  __device__ void operator()(Index part, Index row, Index col, Index count,
                             Pack<T> const& sums) const {
    T* const to = out + (part * rows + row) * cols + col;
    store_pack(to, sums, count);
  }
};

/// Whether products are made here; `products`: what they may do.
template <class T>
bool takes_warpgroups(CudaContext const& context, Products precision,
                      TileProducts<T> const& products) {
  auto const short_strides = [](auto const& term) {
    return term.a.stride < most_panel_stride && term.b.stride < most_panel_stride;
  };
  return is_float32<T> && precision == Products::exact &&
         pays_on_warpgroups(context, products.rows, products.cols, products.inner,
                            products.count) &&
         short_strides(products.first) && short_strides(products.second);
}

/// Queues finish(part, row, col, count, pack) for all packs of what `plan` makes of the products:
/// with stretch s, part s · count + j is what it gives matrix j. `transposed_out`: finish gets
/// those of the products' transposes. `column_sums`: of the first terms' op(B), as split_kernel has
/// them.
template <bool a_inner_first, bool b_inner_first, bool transposed_out, class Finish>
void issue_warpgroups(Stream stream, char const* name, WarpgroupPlan const& plan,
                      TileProducts<float> const& products, Workspace& parts, Finish const& finish,
                      double* column_sums = nullptr) {
  bool const second = products.second.a.data != nullptr;
  auto const matrices = [&](TileProducts<float>::Term const& term) {
    return term.b.step == 0 ? Index{1} : products.count;
  };
  Index const of_first = matrices(products.first) * plan.parts();
  Index const of_second = second ? matrices(products.second) * plan.parts() : 0;
  float* const split = parts.get<float>(of_first + of_second);
  auto const run = [&]<class Tile>(Tile) {
    auto const split_term = [&](TileProducts<float>::Term const& term, float* to, double* sums) {
      launch(stream,
             {"split_factor",
              {static_cast<unsigned>(plan.steps), static_cast<unsigned>(plan.col_tiles),
               static_cast<unsigned>(matrices(term))},
              {split_threads}},
             split_kernel<Tile, b_inner_first>, term.b, products.inner, products.cols, to, sums);
    };
    split_term(products.first, split, column_sums);
    if (second) split_term(products.second, split + of_first, nullptr);
    auto const as_split = [&](TileProducts<float>::Term const& term, float const* at) {
      return WarpgroupProducts::Term{term.a, at, matrices(term) == 1};
    };
    WarpgroupProducts const with_parts{
        products.rows,
        products.cols,
        products.inner,
        products.count,
        as_split(products.first, split),
        second ? as_split(products.second, split + of_first) : WarpgroupProducts::Term{},
        blocks_for(plan.steps, plan.stretches) * Index{Tile::depth}};
    using Kernel = WarpgroupKernel<Tile, a_inner_first, transposed_out>;
    launch(stream,
           {name,
            {static_cast<unsigned>(plan.row_tiles), static_cast<unsigned>(plan.col_tiles),
             static_cast<unsigned>(plan.stretches * products.count)},
            {Tile::threads},
            Kernel::shared * sizeof(float)},
           warpgroup_product_kernel<Tile, a_inner_first, transposed_out, Finish>, with_parts,
           finish);
  };
  if (plan.odd_tile) {
    run(OddWarpgroupTile{});
  } else {
    run(EvenWarpgroupTile{});
  }
}

/// Queues finish(j, row, col, count, pack) for all packs of A_j op(B_j), plus a second term alike.
template <Transpose transpose_b, class Finish>
void warpgroup_product(Stream stream, char const* name, TileProducts<float> const& products,
                       WarpgroupWorkspace& workspace, Finish const& finish) {
  constexpr bool b_inner_first = transpose_b == Transpose::yes;
  auto const [rows, cols, inner, count] =
      std::tuple(products.rows, products.cols, products.inner, products.count);
  WarpgroupPlan const plan = plan_warpgroups(rows, cols, inner, count);
  if (plan.stretches == 1) {
    issue_warpgroups<true, b_inner_first, false>(stream, name, plan, products, workspace.parts,
                                                 finish);
    return;
  }
  float* const sums = workspace.partial_sums.get<float>(plan.stretches * count * rows * cols);
  issue_warpgroups<true, b_inner_first, false>(stream, name, plan, products, workspace.parts,
                                               WritePartial<float>{sums, rows, cols});
  finish_stretches<float>(stream, "finish_stretches", {sums, plan.stretches}, rows, cols, count,
                          finish);
}

/// The same by whichever hand-written product is the faster one; false, and nothing queued, where
/// that is a library's.
template <Transpose transpose_b, class T, class Finish>
bool product_by_hand(CudaContext const& context, char const* name, Products precision,
                     TileProducts<T> const& products, WarpgroupWorkspace& workspace,
                     Finish const& finish) {
  if constexpr (is_float32<T>) {
    if (takes_warpgroups(context, precision, products)) {
      warpgroup_product<transpose_b>(context.stream(), name, products, workspace, finish);
      return true;
    }
  }
  if (!is_small(products)) return false;
  tile_product<Transpose::no, transpose_b>(context.stream(), name, products, finish);
  return true;
}

}  // namespace brink::cuda
