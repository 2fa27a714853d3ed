#pragma once

#include "kernels/cpu/context.hpp"
#include "kernels/dense.hpp"

namespace brink::cpu {

template <class T>
class CpuDense final : public Dense<T> {
 public:
  explicit CpuDense(CpuContext const& context) : context_(context) {}

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
  CpuContext const& context_;
};

/// out[c] = Σ_r m(r, c), accumulated in float64 in the order of the rows.
template <class T>
void sum_rows(int threads, Matrix<T const> m, T* out);

/// Copies `bias` into every row of `rows`, ready for a product to be added.
template <class T>
void fill_rows(Vector<T const> bias, Matrix<T> rows) {
  for (Index r = 0; r < rows.rows; ++r) std::copy_n(bias.data, bias.size, rows.row(r));
}

}  // namespace brink::cpu
