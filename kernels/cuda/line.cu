// All τ go through the layers side by side, as many at a time as fit into the working memory: a
// layer is one batched product of the stacked (a; ȧ) with W(τ)ᵀ, and one of a with Vᵀ that is added
// to ż; bias and activation of both are one kernel.
#include "kernels/cuda/line.hpp"

#include <algorithm>

#include "kernels/cuda/pack.hpp"
#include "kernels/cuda/reduce.hpp"
#include "kernels/math/loss.hpp"

namespace brink::cuda {
namespace {

constexpr unsigned block_threads = 256;
constexpr double most_memory = Index{256} << 20;  ///< bytes for all τ that are side by side

Index widest(SweepShape const& shape) {
  return *std::max_element(shape.widths.begin(), shape.widths.end());
}

/// Weights of the largest layer above the first.
Index most_weights(SweepShape const& shape) {
  Index most = 0;
  for (std::size_t l = 1; l < shape.widths.size(); ++l) {
    most = std::max(most, shape.widths[l - 1] * shape.widths[l]);
  }
  return most;
}

/// What each τ that goes side by side with others takes: (a; ȧ) of two layers, and W(τ) of one.
template <class T>
double bytes_of_tau(SweepShape const& shape) {
  return bytes_of<T>(4, shape.examples, widest(shape)) + bytes_of<T>(most_weights(shape));
}

/// How many τ go side by side.
template <class T>
Index batch_of(SweepShape const& shape) {
  double const fitting = std::min<double>(most_memory / bytes_of_tau<T>(shape), most_blocks_across);
  return fitting < static_cast<double>(shape.taus) ? std::max(Index{1}, static_cast<Index>(fitting))
                                                   : shape.taus;
}

/// Packs that `cols` numbers take.
template <class T>
constexpr Index packs_in(Index cols) {
  return (cols + Pack<T>::size - 1) / Pack<T>::size;
}

constexpr int moves_of_thread = 4;

/// moved[τ] = from + τ along, for each τ: a row of the grid. Layers need not lie on 16 bytes.
template <class T>
__global__ void __launch_bounds__(block_threads)
    move_kernel(T const* from, T const* along, Index size, double const* taus, T* moved) {
  Index const first = Index(blockIdx.x) * block_threads * moves_of_thread + threadIdx.x;
  T const tau = static_cast<T>(taus[blockIdx.y]);
  T there[moves_of_thread];
  for (int k = 0; k < moves_of_thread; ++k) {
    Index const i = first + k * block_threads;
    there[k] = i < size ? from[i] + tau * along[i] : T(0);
  }
  for (int k = 0; k < moves_of_thread; ++k) {
    Index const i = first + k * block_threads;
    if (i < size) moved[Index(blockIdx.y) * size + i] = there[k];
  }
}

/// (a; ȧ) of the first layer at each τ, from z₁ and ż₁: a row of the grid per τ, a thread per
/// pack of an example's.
template <class Formula, class T>
__global__ void __launch_bounds__(block_threads)
    first_kernel(Matrix<T const> z, Matrix<T const> z_tangent, double const* taus, T* both) {
  Index const i = Index(blockIdx.x) * block_threads + threadIdx.x;
  Index const row = i / packs_in<T>(z.cols);
  Index const col = i % packs_in<T>(z.cols) * Pack<T>::size;
  if (row >= z.rows) return;
  Index const count = z.cols - col;
  T const tau = static_cast<T>(taus[blockIdx.y]);
  Pack<T> value = load_pack(z, row, col, count);
  Pack<T> along = load_pack(z_tangent, row, col, count);
  for (int e = 0; e < Pack<T>::size; ++e) {
    auto const jet = Formula::at(value.at[e] + tau * along.at[e]);
    value.at[e] = jet.value;
    along.at[e] *= jet.slope;
  }
  Index const size = z.rows * z.cols;
  T* const to = both + 2 * size * Index(blockIdx.y) + row * z.cols + col;
  store_pack(to, value, count);
  store_pack(to + size, along, count);
}

/// (z; ż) of a layer's products, to which its biases b(τ) and v are added, becomes (a; ȧ) in place:
/// a thread per pack of an example's.
template <class Formula, class T>
__global__ void __launch_bounds__(block_threads)
    activate_kernel(Index examples, Index width, T const* bias, T const* bias_along, T* both) {
  Index const i = Index(blockIdx.x) * block_threads + threadIdx.x;
  Index const row = i / packs_in<T>(width);
  Index const col = i % packs_in<T>(width) * Pack<T>::size;
  if (row >= examples) return;
  Index const count = width - col;
  T* const at = both + 2 * examples * width * Index(blockIdx.y) + row * width + col;
  T* const at_tangent = at + examples * width;
  Pack<T> value = load_pack(at, count);
  Pack<T> along = load_pack(at_tangent, count);
  Pack<T> const b = load_pack(bias + Index(blockIdx.y) * width + col, count);
  Pack<T> const v = load_pack(bias_along + col, count);
  for (int e = 0; e < Pack<T>::size; ++e) {
    auto const jet = Formula::at(value.at[e] + b.at[e]);
    value.at[e] = jet.value;
    along.at[e] = jet.slope * (along.at[e] + v.at[e]);
  }
  store_pack(at, value, count);
  store_pack(at_tangent, along, count);
}

/// What the last layer leaves.
template <class T>
struct Outputs {
  Index examples;
  Index width;
  T* both;              ///< per τ: (z; ż) without biases, 2 · examples × width
  T const* bias;        ///< per τ; null where there is none to add
  T const* bias_along;  ///< of all
  T* delta;             ///< workspace, per τ: examples × width
};

template <class T>
__global__ void __launch_bounds__(block_threads)
    outputs_kernel(LossKind kind, Outputs<T> outputs, Targets<T> targets, GridSums grid,
                   LinePoint* points) {
  Index const r = Index(blockIdx.x) * block_threads + threadIdx.x;
  Index const size = outputs.examples * outputs.width;
  double sums[2] = {};
  if (r < outputs.examples) {
    Index const place = r * outputs.width;
    T* const z = outputs.both + 2 * size * Index(blockIdx.y) + place;
    T* const delta = outputs.delta + size * Index(blockIdx.y) + place;
    for (Index c = 0; outputs.bias != nullptr && c < outputs.width; ++c) {
      z[c] += outputs.bias[Index(blockIdx.y) * outputs.width + c];
      z[size + c] += outputs.bias_along[c];
    }
    T const* const output = z;
    sums[0] = example::value_and_gradient(kind, output, outputs.width, targets, r, 1.0, delta).loss;
    for (Index c = 0; c < outputs.width; ++c) {
      sums[1] += static_cast<double>(delta[c]) * static_cast<double>(z[size + c]);
    }
  }
  if (grid_sum(sums, grid)) points[blockIdx.y] = {sums[0], sums[1]};
}

/// One call's working memory and what is the same for all of its parts.
template <class T>
class Sweep {
 public:
  Sweep(CudaContext const& context, LineProblem<T> const& problem, Index taus, LineMemory& memory)
      : context_(context),
        problem_(problem),
        memory_(memory),
        shape_(shape_of(problem, taus)),
        examples_(shape_.examples) {}

  Index batch() const { return batch_of<T>(shape_); }

  /// Sums over the examples at `taus`, which are in the device's memory.
  void at(double const* taus, Index count, LinePoint* points) {
    taus_ = taus;
    count_ = count;
    Index const size = 2 * examples_ * widest(shape_) * count;
    T* from = memory_.activations.template get<T>(2 * size);
    T* to = from + size;
    activate_first(problem_.layers.empty() ? Activation::identity : problem_.activation, from);
    Index width = problem_.preactivation.cols;
    for (std::size_t l = 0; l < problem_.layers.size(); ++l) {
      T const* const bias = multiply(l, width, from, to);
      T const* const bias_along = problem_.directions[l].bias.data;
      width = problem_.layers[l].weight.rows;
      std::swap(from, to);
      if (l + 1 == problem_.layers.size()) {
        return add_up({examples_, width, from, bias, bias_along, to}, points);
      }
      activate(width, bias, bias_along, from);
    }
    add_up({examples_, width, from, nullptr, nullptr, to}, points);
  }

 private:
  /// A kernel of so many threads at each τ.
  LaunchShape everywhere(char const* kernel, Index threads) const {
    return {kernel,
            {blocks_for(threads, block_threads), static_cast<unsigned>(count_)},
            {block_threads}};
  }

  void activate_first(Activation activation, T* both) const {
    with_activation(activation, [&]<class Formula>(Formula) {
      launch(context_.stream(),
             everywhere("line_first", examples_ * packs_in<T>(problem_.preactivation.cols)),
             first_kernel<Formula, T>, problem_.preactivation, problem_.preactivation_tangent,
             taus_, both);
    });
  }
  void activate(Index width, T const* bias, T const* bias_along, T* both) const {
    with_activation(problem_.activation, [&]<class Formula>(Formula) {
      launch(context_.stream(), everywhere("line_activate", examples_ * packs_in<T>(width)),
             activate_kernel<Formula, T>, examples_, width, bias, bias_along, both);
    });
  }
  void add_up(Outputs<T> const& outputs, LinePoint* points) const {
    LaunchShape const shape = everywhere("line_outputs", examples_);
    launch(context_.stream(), shape, outputs_kernel<T>, problem_.loss, outputs, problem_.targets,
           memory_.sums.get(context_, count_, shape.grid.x, 2), points);
  }

  /// from + τ along for each τ.
  T* moved(Workspace& memory, T const* from, T const* along, Index size) const {
    T* const out = memory.template get<T>(size * count_);
    launch(context_.stream(), everywhere("line_move", blocks_for(size, moves_of_thread)),
           move_kernel<T>, from, along, size, taus_, out);
    return out;
  }

  /// (z; ż) = (a; ȧ) W(τ)ᵀ + (0; a Vᵀ) of layer l; its biases b(τ), one after another.
  T const* multiply(std::size_t l, Index inputs, T const* from, T* to) const {
    auto const& layer = problem_.layers[l];
    auto const& direction = problem_.directions[l];
    Index const width = layer.weight.rows;
    T const* const weights =
        moved(memory_.weights, layer.weight.data, direction.weight.data, width * inputs);
    T const* const biases = moved(memory_.biases, layer.bias.data, direction.bias.data, width);
    gemm_batched<T>(context_.blas(), Products::exact, count_, Transpose::no,
                    {{from, 2 * examples_, inputs}, 2 * examples_ * inputs}, Transpose::yes,
                    {{weights, width, inputs}, width * inputs}, T(0),
                    {{to, 2 * examples_, width}, 2 * examples_ * width});
    gemm_batched<T>(context_.blas(), Products::exact, count_, Transpose::no,
                    {{from, examples_, inputs}, 2 * examples_ * inputs}, Transpose::yes,
                    {direction.weight, 0}, T(1),
                    {{to + examples_ * width, examples_, width}, 2 * examples_ * width});
    return biases;
  }

  CudaContext const& context_;
  LineProblem<T> const& problem_;
  LineMemory& memory_;
  SweepShape shape_;
  Index examples_;
  double const* taus_ = nullptr;
  Index count_ = 0;
};

}  // namespace

template <class T>
std::vector<LinePoint> CudaLine<T>::sweep(LineProblem<T> const& problem,
                                          std::vector<double> const& taus) const {
  Index const count = std::ssize(taus);
  std::vector<LinePoint> points(taus.size());
  if (taus.empty()) return points;
  double* const on_device = memory_.taus.get<double>(count);
  LinePoint* const sums = memory_.points.get<LinePoint>(count);
  upload(context_.stream(), on_device, taus.data(), taus.size() * sizeof(double));
  Sweep<T> sweep(context_, problem, count, memory_);
  Index const batch = sweep.batch();
  for (Index first = 0; first < count; first += batch) {
    sweep.at(on_device + first, std::min(batch, count - first), sums + first);
  }
  context_.download(points.data(), sums, points.size() * sizeof(LinePoint));
  double const examples = static_cast<double>(problem.preactivation.rows);
  for (LinePoint& point : points) {
    point.loss /= examples;
    point.derivative /= examples;
  }
  return points;
}

template <class T>
double CudaLine<T>::workspace_bytes(SweepShape const& shape) const {
  Index const batch = batch_of<T>(shape);
  double const side_by_side =
      static_cast<double>(batch) * (bytes_of_tau<T>(shape) + bytes_of<T>(widest(shape)));
  return bytes_of<double>(shape.taus) + bytes_of<LinePoint>(shape.taus) + side_by_side +
         SumsWorkspace::bytes(batch, blocks_for(shape.examples, block_threads), 2);
}

template class CudaLine<float>;
template class CudaLine<double>;

}  // namespace brink::cuda
