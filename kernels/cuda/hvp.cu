// A layer's tangents along k directions are one kernel where the layer is small: direction j is
// matrix j of a batch, whose two terms, X V_jᵀ and Ẋ_j Wᵀ, are one sum; and so it is on warp groups
// where those pay. Else large layers are products of the library over all directions at once and a
// kernel that finishes their sums.
#include "kernels/cuda/hvp.hpp"

#include <algorithm>

#include "kernels/cuda/warpgroup_product.hpp"

namespace brink::cuda {
namespace {

/// ż_j = sums + v_j; ȧ_j = φ' ⊙ ż_j unless `slope` is empty.
template <class T>
struct WriteTangent {
  T const* bias;
  Index bias_step;
  Index width;
  Matrix<T const> slope;
  Matrix<T> preactivation_tangent;
  Matrix<T> output_tangent;

  __device__ void operator()(Index j, Index row, Index col, Index count, Pack<T> z) const {
    Pack<T> const b = load_pack(bias + j * bias_step + col, count);
    for (int e = 0; e < Pack<T>::size; ++e) z.at[e] += b.at[e];
    store_pack(preactivation_tangent, row, j * width + col, z, count);
    if (slope.empty()) return;
    Pack<T> const s = load_pack(slope, row, col, count);
    for (int e = 0; e < Pack<T>::size; ++e) z.at[e] *= s.at[e];
    store_pack(output_tangent, row, j * width + col, z, count);
  }
};

/// Δ̇_below,j = sums ⊙ φ' + bend ⊙ ż_below,j.
template <class T>
struct WriteSignalTangent {
  Index width;
  Matrix<T const> slope;
  Matrix<T const> bend;
  Matrix<T const> preactivation_tangent;
  Matrix<T> delta_tangent;

  __device__ void operator()(Index j, Index row, Index col, Index count, Pack<T> sums) const {
    Pack<T> const s = load_pack(slope, row, col, count);
    Pack<T> const b = load_pack(bend, row, col, count);
    Pack<T> const z = load_pack(preactivation_tangent, row, j * width + col, count);
    for (int e = 0; e < Pack<T>::size; ++e) {
      sums.at[e] = sums.at[e] * s.at[e] + b.at[e] * z.at[e];
    }
    store_pack(delta_tangent, row, j * width + col, sums, count);
  }
};

constexpr unsigned copy_threads = 256;
constexpr int copies_of_thread = 4;

/// to[j · size + i] = from[j · step + i]: row j of the grid. Directions need not lie on 16 bytes.
template <class T>
__global__ void __launch_bounds__(copy_threads)
    stack_kernel(T const* from, Index step, Index size, T* to) {
  Index const j = blockIdx.y;
  Index const first = Index(blockIdx.x) * copy_threads * copies_of_thread + threadIdx.x;
  T numbers[copies_of_thread];
  BRINK_UNROLL
  for (int c = 0; c < copies_of_thread; ++c) {
    Index const i = first + c * copy_threads;
    numbers[c] = i < size ? from[j * step + i] : T(0);
  }
  BRINK_UNROLL
  for (int c = 0; c < copies_of_thread; ++c) {
    Index const i = first + c * copy_threads;
    if (i < size) to[j * size + i] = numbers[c];
  }
}

/// The directions' weights one below the other, (k·outputs) × inputs, on 16 bytes, so that the
/// products with them are one, with as many full tiles as can be. The copy is 2·k·outputs·inputs
/// numbers against n times as many operations.
template <class T>
Matrix<T const> stacked_weights(Stream stream, DenseDirections<T const> directions,
                                Workspace& workspace) {
  if (directions.count == 1) return directions.layer(0).weight;
  Index const size = directions.outputs * directions.inputs;
  T* const stack = workspace.get<T>(directions.count * size);
  launch(stream,
         {"stack_directions",
          {blocks_for(size, Index{copy_threads} * copies_of_thread),
           static_cast<unsigned>(directions.count)},
          {copy_threads}},
         stack_kernel<T>, directions.weight, directions.stride, size, stack);
  return {stack, directions.count * directions.outputs, directions.inputs};
}

}  // namespace

template <class T>
void CudaHvp<T>::forward(Matrix<T const> input, Matrix<T const> input_tangent,
                         DenseLayer<T const> layer, DenseDirections<T const> directions,
                         Matrix<T const> slope, Matrix<T> preactivation_tangent,
                         Matrix<T> output_tangent) const {
  Stream const stream = context_.stream();
  Index const k = directions.count;
  Index const outputs = directions.outputs;
  Index const inputs = directions.inputs;
  bool const has_tangent = !input_tangent.empty();
  WriteTangent<T> const write{directions.bias, directions.stride,     outputs,
                              slope,           preactivation_tangent, output_tangent};
  TileProducts<T> products{.rows = input.rows,
                           .cols = outputs,
                           .inner = inputs,
                           .count = k,
                           .first = {input, {directions.layer(0).weight, directions.stride}}};
  if (has_tangent) products.second = {{input_tangent, inputs}, layer.weight};
  if (product_by_hand<Transpose::yes>(context_, "hvp_forward", context_.derivative_products(),
                                      products, warpgroups_, write)) {
    return;
  }
  gemm<T>(context_.blas(), context_.derivative_products(), Transpose::no, input, Transpose::yes,
          stacked_weights(stream, directions, weights_), T(0), preactivation_tangent);
  if (has_tangent) {
    gemm<T>(context_.blas(), context_.derivative_products(), Transpose::no,
            stacked(input_tangent, k), Transpose::yes, layer.weight, T(1),
            stacked(preactivation_tangent, k));
  }
  finish_sums<T>(stream, "hvp_forward_finish", preactivation_tangent, outputs, write);
}

template <class T>
void CudaHvp<T>::weight_gradient(Matrix<T const> delta, Matrix<T const> delta_tangent,
                                 Matrix<T const> input, Matrix<T const> input_tangent,
                                 DenseDirections<T> out) const {
  weight_gradient_(context_, {delta_tangent, input, delta, input_tangent},
                   {out.layer(0).weight, out.bias, out.count, out.stride});
}

template <class T>
void CudaHvp<T>::input_gradient(Matrix<T const> delta, Matrix<T const> delta_tangent,
                                Matrix<T const> weight, DenseDirections<T const> directions,
                                Matrix<T const> slope_below, Matrix<T const> bend,
                                Matrix<T const> preactivation_tangent_below,
                                Matrix<T> delta_tangent_below) const {
  Stream const stream = context_.stream();
  Index const k = directions.count;
  Index const outputs = directions.outputs;
  Index const inputs = directions.inputs;
  Matrix<T const> const vector = directions.layer(0).weight;
  WriteSignalTangent<T> const write{inputs, slope_below, bend, preactivation_tangent_below,
                                    delta_tangent_below};
  TileProducts<T> const products{.rows = delta.rows,
                                 .cols = inputs,
                                 .inner = outputs,
                                 .count = k,
                                 .first = {delta, {vector, directions.stride}},
                                 .second = {{delta_tangent, outputs}, weight}};
  if (product_by_hand<Transpose::no>(context_, "hvp_input_gradient", context_.derivative_products(),
                                     products, warpgroups_, write)) {
    return;
  }
  gemm<T>(context_.blas(), context_.derivative_products(), Transpose::no, stacked(delta_tangent, k),
          Transpose::no, weight, T(0), stacked(delta_tangent_below, k));
  gemm_batched<T>(context_.blas(), context_.derivative_products(), k, Transpose::no, {delta, 0},
                  Transpose::no, {vector, directions.stride}, T(1),
                  {delta_tangent_below.col_range(0, inputs), inputs});
  finish_sums<T>(stream, "hvp_input_gradient_finish", delta_tangent_below, inputs, write);
}

template <class T>
double CudaHvp<T>::workspace_bytes(std::vector<DenseShape> const& shapes, Index directions) const {
  WarpgroupNeeds warpgroups(context_);
  double stack = 0;
  for (DenseShape const& shape : shapes) {
    auto const [examples, inputs, outputs] = shape;
    if (is_float32<T>) {
      warpgroups.add(examples, outputs, inputs, directions, true, true);
      warpgroups.add(examples, inputs, outputs, directions, true, true);
    }
    bool const by_library =
        shape.inputs >= library_inner || directions * shape.inputs >= most_stride;
    if (directions == 1 || !by_library) continue;
    stack = std::max(stack, bytes_of<T>(directions, shape.outputs, shape.inputs));
  }
  return stack + warpgroups.most().bytes() +
         WeightGradient<T>::workspace_bytes(context_, shapes, directions);
}

template class CudaHvp<float>;
template class CudaHvp<double>;

}  // namespace brink::cuda
