#pragma once

#include "kernels/cuda/context.hpp"
#include "kernels/loss.hpp"

namespace brink::cuda {

template <class T>
class CudaLoss final : public Loss<T> {
 public:
  explicit CudaLoss(CudaContext const& context) : context_(context) {}

  void value_and_gradient(LossKind kind, Matrix<T const> output, Targets<T> targets,
                          Vector<double> example_loss, LossSums* sums,
                          Matrix<T> delta) const override;
  void tangent(LossKind kind, Matrix<T const> output, Matrix<T const> output_tangent,
               Matrix<T> delta_tangent) const override;
  double workspace_bytes(Index examples) const override;

 private:
  CudaContext const& context_;
  mutable SumsWorkspace sums_;
};

}  // namespace brink::cuda
