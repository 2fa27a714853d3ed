#include "kernels/cpu/loss.hpp"

#include <atomic>

#include "kernels/math/loss.hpp"

namespace brink::cpu {

template <class T>
void CpuLoss<T>::value_and_gradient(LossKind kind, Matrix<T const> output, Targets<T> targets,
                                    Vector<double> example_loss, LossSums* sums,
                                    Matrix<T> delta) const {
  double const weight = 1.0 / static_cast<double>(output.rows);
  std::atomic<Index> correct = 0;
  for_shares(context_.threads(), output.rows, 16, [&](Range rows) {
    Index right = 0;
    for (Index r = rows.first; r < rows.first + rows.count; ++r) {
      ExampleLoss const mine =
          example::value_and_gradient(kind, output.row(r), output.cols, targets, r, weight,
                                      delta.empty() ? nullptr : delta.row(r));
      example_loss.data[r] = mine.loss;
      right += mine.correct ? 1 : 0;
    }
    correct += right;
  });
  double loss = 0;
  for (Index r = 0; r < output.rows; ++r) loss += example_loss.data[r];
  *sums = {loss * weight, static_cast<double>(correct.load())};
}

template <class T>
void CpuLoss<T>::tangent(LossKind kind, Matrix<T const> output, Matrix<T const> output_tangent,
                         Matrix<T> delta_tangent) const {
  double const weight = 1.0 / static_cast<double>(output.rows);
  Index const outputs = output.cols;
  for_shares(context_.threads(), output.rows, 16, [&](Range rows) {
    for (Index r = rows.first; r < rows.first + rows.count; ++r) {
      T const* const z_tangent = output_tangent.row(r);
      T* const out = delta_tangent.row(r);
      if (kind == LossKind::mse) {
        for (Index c = 0; c < output_tangent.cols; ++c) {
          out[c] = static_cast<T>(weight * static_cast<double>(z_tangent[c]));
        }
        continue;
      }
      auto const softmax = example::softmax_sum(output.row(r), outputs);
      for (Index j = 0; j < output_tangent.cols; j += outputs) {
        example::cross_entropy_tangent(softmax, output.row(r), outputs, z_tangent + j, weight,
                                       out + j);
      }
    }
  });
}

template class CpuLoss<float>;
template class CpuLoss<double>;

}  // namespace brink::cpu
