#include "kernels/cpu/dense.hpp"

#include <vector>

#include "kernels/cpu/blas.hpp"
#include "kernels/cpu/simd.hpp"

namespace brink::cpu {

// Each thread takes a share of the examples through product, bias and activation; the products of a
// weight gradient, which sum over the examples, are shared out by columns instead, so that no
// partial sums are added up between threads.

namespace {

/// φ and its derivatives of `z`, which belongs to `rows` of `out`.
template <class T>
void activate_rows(Matrix<T const> z, Activation activation, ActivationJet<T> out, Range rows) {
  auto const start = [&](Matrix<T> m) { return m.empty() ? nullptr : m.row(rows.first); };
  simd_loops<T>().activate(activation, rows.count * z.cols, z.data, start(out.value),
                           start(out.slope), start(out.curvature));
}

}  // namespace

template <class T>
void CpuDense<T>::forward(Matrix<T const> input, DenseLayer<T const> layer, Activation activation,
                          ActivationJet<T> out) const {
  for_shares(context_.threads(), input.rows, 16, [&](Range rows) {
    Matrix<T> const z = out.value.row_range(rows.first, rows.count);
    fill_rows(layer.bias, z);
    gemm<T>(Transpose::no, Transpose::yes, input.row_range(rows.first, rows.count), layer.weight,
            T(1), z);
    if (activation == Activation::identity && out.slope.empty() && out.curvature.empty()) return;
    activate_rows<T>(z, activation, out, rows);
  });
}

template <class T>
void CpuDense<T>::activate(Matrix<T const> preactivation, Activation activation,
                           ActivationJet<T> out) const {
  for_shares(context_.threads(), preactivation.rows, 16, [&](Range rows) {
    activate_rows<T>(preactivation.row_range(rows.first, rows.count), activation, out, rows);
  });
}

template <class T>
void sum_rows(int threads, Matrix<T const> m, T* out) {
  for_shares(threads, m.cols, 16, [&](Range cols) {
    std::vector<double> sum(static_cast<std::size_t>(cols.count), 0.0);
    for (Index r = 0; r < m.rows; ++r) {
      T const* const row = m.row(r) + cols.first;
      for (Index c = 0; c < cols.count; ++c) sum[c] += static_cast<double>(row[c]);
    }
    for (Index c = 0; c < cols.count; ++c) out[cols.first + c] = static_cast<T>(sum[c]);
  });
}

template <class T>
void CpuDense<T>::weight_gradient(Matrix<T const> delta, Matrix<T const> input,
                                  DenseLayer<T> gradient) const {
  for_shares(context_.threads(), input.cols, 16, [&](Range cols) {
    gemm<T>(Transpose::yes, Transpose::no, delta, input.col_range(cols.first, cols.count), T(0),
            gradient.weight.col_range(cols.first, cols.count));
  });
  sum_rows(context_.threads(), delta, gradient.bias.data);
}

template <class T>
void CpuDense<T>::input_gradient(Matrix<T const> delta, Matrix<T const> weight,
                                 ActivationJet<T const> below, Matrix<T> delta_below,
                                 Matrix<T> bend) const {
  for_shares(context_.threads(), delta.rows, 16, [&](Range rows) {
    Matrix<T> const signal = delta_below.row_range(rows.first, rows.count);
    gemm<T>(Transpose::no, Transpose::no, delta.row_range(rows.first, rows.count), weight, T(0),
            signal);
    for (Index r = 0; r < rows.count; ++r) {
      T* const s = signal.row(r);
      if (!bend.empty()) {
        T* const b = bend.row(rows.first + r);
        T const* const curvature = below.curvature.row(rows.first + r);
        for (Index c = 0; c < signal.cols; ++c) b[c] = s[c] * curvature[c];
      }
      T const* const slope = below.slope.row(rows.first + r);
      for (Index c = 0; c < signal.cols; ++c) s[c] *= slope[c];
    }
  });
}

/// The sums of a layer's biases.
template <class T>
double CpuDense<T>::workspace_bytes(std::vector<DenseShape> const& /*values*/,
                                    std::vector<DenseShape> const& shapes) const {
  double most = 0;
  for (DenseShape const& shape : shapes) most = std::max(most, bytes_of<double>(shape.outputs));
  return most;
}

template class CpuDense<float>;
template class CpuDense<double>;
template void sum_rows<float>(int, Matrix<float const>, float*);
template void sum_rows<double>(int, Matrix<double const>, double*);

}  // namespace brink::cpu
