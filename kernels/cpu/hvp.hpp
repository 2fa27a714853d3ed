#pragma once

#include "kernels/cpu/context.hpp"
#include "kernels/hvp.hpp"

namespace brink::cpu {

template <class T>
class CpuHvp final : public Hvp<T> {
 public:
  explicit CpuHvp(CpuContext const& context) : context_(context) {}

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
  CpuContext const& context_;
};

}  // namespace brink::cpu
