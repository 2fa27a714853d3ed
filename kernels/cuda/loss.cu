#include "kernels/cuda/loss.hpp"

#include "kernels/cuda/reduce.hpp"
#include "kernels/math/loss.hpp"

namespace brink::cuda {
namespace {

// One thread per example: few outputs, and a few thousand examples. Small blocks spread them over
// the multiprocessors.
constexpr unsigned block_threads = 64;

template <class T>
__global__ void __launch_bounds__(block_threads)
    value_and_gradient_kernel(LossKind kind, Matrix<T const> output, Targets<T> targets,
                              Matrix<T> delta, GridSums grid, LossSums* sums) {
  double const weight = 1.0 / static_cast<double>(output.rows);
  Index const r = Index(blockIdx.x) * block_threads + threadIdx.x;
  double mine[2] = {};
  if (r < output.rows) {
    ExampleLoss const example =
        example::value_and_gradient(kind, output.row(r), output.cols, targets, r, weight,
                                    delta.empty() ? nullptr : delta.row(r));
    mine[0] = example.loss;
    mine[1] = example.correct ? 1 : 0;
  }
  if (grid_sum(mine, grid)) *sums = {mine[0] * weight, mine[1]};
}

/// One thread per example and direction.
template <class T>
__global__ void __launch_bounds__(block_threads)
    tangent_kernel(LossKind kind, Matrix<T const> output, Matrix<T const> output_tangent,
                   Matrix<T> delta_tangent) {
  Index const r = Index(blockIdx.x) * block_threads + threadIdx.x;
  Index const outputs = output.cols;
  Index const first = Index(blockIdx.y) * outputs;
  if (r >= output.rows) return;
  double const weight = 1.0 / static_cast<double>(output.rows);
  T const* const z_tangent = output_tangent.row(r) + first;
  T* const out = delta_tangent.row(r) + first;
  if (kind == LossKind::cross_entropy) {
    T const* const z = output.row(r);
    example::cross_entropy_tangent(example::softmax_sum(z, outputs), z, outputs, z_tangent, weight,
                                   out);
  } else {
    for (Index c = 0; c < outputs; ++c) {
      out[c] = static_cast<T>(weight * static_cast<double>(z_tangent[c]));
    }
  }
}

}  // namespace

template <class T>
void CudaLoss<T>::value_and_gradient(LossKind kind, Matrix<T const> output, Targets<T> targets,
                                     Vector<double>, LossSums* sums, Matrix<T> delta) const {
  unsigned const blocks = blocks_for(output.rows, block_threads);
  launch(context_.stream(), {"loss", {blocks}, {block_threads}}, value_and_gradient_kernel<T>, kind,
         output, targets, delta, sums_.get(context_, 1, blocks, 2), sums);
}

template <class T>
void CudaLoss<T>::tangent(LossKind kind, Matrix<T const> output, Matrix<T const> output_tangent,
                          Matrix<T> delta_tangent) const {
  auto const directions = static_cast<unsigned>(output_tangent.cols / output.cols);
  launch(context_.stream(),
         {"loss_tangent", {blocks_for(output.rows, block_threads), directions}, {block_threads}},
         tangent_kernel<T>, kind, output, output_tangent, delta_tangent);
}

template <class T>
double CudaLoss<T>::workspace_bytes(Index examples) const {
  return SumsWorkspace::bytes(1, blocks_for(examples, block_threads), 2);
}

template class CudaLoss<float>;
template class CudaLoss<double>;

}  // namespace brink::cuda
