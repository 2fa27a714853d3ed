#pragma once

#include "kernels/cuda/warpgroup_plan.hpp"
#include "kernels/cuda/weight_gradient.hpp"
#include "kernels/dense.hpp"

namespace brink::cuda {

template <class T>
class CudaDense final : public Dense<T> {
 public:
  explicit CudaDense(CudaContext const& context) : context_(context) {}

  void forward(Matrix<T const> input, DenseLayer<T const> layer, Activation activation,
               ActivationJet<T> out) const override;
  void activate(Matrix<T const> preactivation, Activation activation,
                ActivationJet<T> out) const override;
  void weight_gradient(Matrix<T const> delta, Matrix<T const> input,
                       DenseLayer<T> gradient) const override;
  void input_gradient(Matrix<T const> delta, Matrix<T const> weight, ActivationJet<T const> below,
                      Matrix<T> delta_below, Matrix<T> bend) const override;
  double workspace_bytes(std::vector<DenseShape> const& values,
                         std::vector<DenseShape> const& gradients) const override;

 private:
  CudaContext const& context_;
  WeightGradient<T> weight_gradient_;
  mutable WarpgroupWorkspace warpgroups_;
};

}  // namespace brink::cuda
