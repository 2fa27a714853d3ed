#pragma once

#include "kernels/cpu/context.hpp"
#include "kernels/loss.hpp"

namespace brink::cpu {

template <class T>
class CpuLoss final : public Loss<T> {
 public:
  explicit CpuLoss(CpuContext const& context) : context_(context) {}

  void value_and_gradient(LossKind kind, Matrix<T const> output, Targets<T> targets,
                          Vector<double> example_loss, LossSums* sums,
                          Matrix<T> delta) const override;
  void tangent(LossKind kind, Matrix<T const> output, Matrix<T const> output_tangent,
               Matrix<T> delta_tangent) const override;
  double workspace_bytes(Index) const override { return 0; }

 private:
  CpuContext const& context_;
};

}  // namespace brink::cpu
