#pragma once

#include "kernels/cuda/warpgroup_plan.hpp"
#include "kernels/cuda/weight_gradient.hpp"
#include "kernels/hvp.hpp"

namespace brink::cuda {

template <class T>
class CudaHvp final : public Hvp<T> {
 public:
  explicit CudaHvp(CudaContext const& context) : context_(context) {}

  void forward(Matrix<T const> input, Matrix<T const> input_tangent, DenseLayer<T const> layer,
               DenseDirections<T const> directions, Matrix<T const> slope,
               Matrix<T> preactivation_tangent, Matrix<T> output_tangent) const override;
  void weight_gradient(Matrix<T const> delta, Matrix<T const> delta_tangent, Matrix<T const> input,
                       Matrix<T const> input_tangent, DenseDirections<T> out) const override;
  void input_gradient(Matrix<T const> delta, Matrix<T const> delta_tangent, Matrix<T const> weight,
                      DenseDirections<T const> directions, Matrix<T const> slope_below,
                      Matrix<T const> bend, Matrix<T const> preactivation_tangent_below,
                      Matrix<T> delta_tangent_below) const override;
  double workspace_bytes(std::vector<DenseShape> const& shapes, Index directions) const override;

 private:
  CudaContext const& context_;
  WeightGradient<T> weight_gradient_;
  mutable Workspace weights_;  ///< of all directions, one below the other
  mutable WarpgroupWorkspace warpgroups_;
};

}  // namespace brink::cuda
