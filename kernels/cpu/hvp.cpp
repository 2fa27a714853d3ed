#include "kernels/cpu/hvp.hpp"

#include <vector>

#include "kernels/cpu/blas.hpp"
#include "kernels/cpu/dense.hpp"

namespace brink::cpu {
namespace {

/// The columns of direction j in an n × (k·h) tangent.
template <class T>
Matrix<T> of_direction(Matrix<T> tangent, Index direction, Index width) {
  return tangent.col_range(direction * width, width);
}

/// The weights of k directions one below the other, (k·outputs) × inputs, so that the products with
/// them are one large product. The copy is k·outputs·inputs numbers against n times as many
/// operations.
template <class T>
std::vector<T> stacked_weights(DenseDirections<T const> directions, int threads) {
  Index const size = directions.outputs * directions.inputs;
  std::vector<T> stack(static_cast<std::size_t>(directions.count * size));
  for_shares(threads, directions.count, 1, [&](Range mine) {
    for (Index j = mine.first; j < mine.first + mine.count; ++j) {
      std::copy_n(directions.layer(j).weight.data, size, stack.data() + j * size);
    }
  });
  return stack;
}

}  // namespace

template <class T>
void CpuHvp<T>::forward(Matrix<T const> input, Matrix<T const> input_tangent,
                        DenseLayer<T const> layer, DenseDirections<T const> directions,
                        Matrix<T const> slope, Matrix<T> preactivation_tangent,
                        Matrix<T> output_tangent) const {
  Index const k = directions.count;
  Index const h = directions.outputs;
  std::vector<T> const weights = stacked_weights(directions, context_.threads());
  for_shares(context_.threads(), input.rows, 16, [&](Range rows) {
    Matrix<T> const z = preactivation_tangent.row_range(rows.first, rows.count);
    for (Index j = 0; j < k; ++j) fill_rows(directions.layer(j).bias, of_direction(z, j, h));
    gemm<T>(Transpose::no, Transpose::yes, input.row_range(rows.first, rows.count),
            {weights.data(), k * h, directions.inputs}, T(1), z);
    if (!input_tangent.empty()) {
      gemm<T>(Transpose::no, Transpose::yes,
              stacked(input_tangent.row_range(rows.first, rows.count), k), layer.weight, T(1),
              stacked(z, k));
    }
    if (slope.empty()) return;
    for (Index r = 0; r < rows.count; ++r) {
      T const* const s = slope.row(rows.first + r);
      for (Index j = 0; j < k; ++j) {
        T const* const from = z.row(r) + j * h;
        T* const to = output_tangent.row(rows.first + r) + j * h;
        for (Index c = 0; c < h; ++c) to[c] = s[c] * from[c];
      }
    }
  });
}

template <class T>
void CpuHvp<T>::weight_gradient(Matrix<T const> delta, Matrix<T const> delta_tangent,
                                Matrix<T const> input, Matrix<T const> input_tangent,
                                DenseDirections<T> out) const {
  Index const h = out.outputs;
  for_shares(context_.threads(), input.cols, 16, [&](Range cols) {
    std::vector<T> stack(static_cast<std::size_t>(out.count * h * cols.count));
    Matrix<T> const weights(stack.data(), out.count * h, cols.count);
    gemm<T>(Transpose::yes, Transpose::no, delta_tangent, input.col_range(cols.first, cols.count),
            T(0), weights);
    for (Index j = 0; j < out.count; ++j) {
      Matrix<T> const weight = out.layer(j).weight.col_range(cols.first, cols.count);
      for (Index r = 0; r < h; ++r) {
        std::copy_n(weights.row(j * h + r), cols.count, weight.row(r));
      }
      if (input_tangent.empty()) continue;
      gemm<T>(Transpose::yes, Transpose::no, delta,
              of_direction(input_tangent, j, out.inputs).col_range(cols.first, cols.count), T(1),
              weight);
    }
  });
  for (Index j = 0; j < out.count; ++j) {
    sum_rows(context_.threads(), of_direction(delta_tangent, j, h), out.layer(j).bias.data);
  }
}

template <class T>
void CpuHvp<T>::input_gradient(Matrix<T const> delta, Matrix<T const> delta_tangent,
                               Matrix<T const> weight, DenseDirections<T const> directions,
                               Matrix<T const> slope_below, Matrix<T const> bend,
                               Matrix<T const> preactivation_tangent_below,
                               Matrix<T> delta_tangent_below) const {
  Index const k = directions.count;
  Index const h_below = directions.inputs;
  for_shares(context_.threads(), delta.rows, 16, [&](Range rows) {
    Matrix<T> const signal = delta_tangent_below.row_range(rows.first, rows.count);
    gemm<T>(Transpose::no, Transpose::no,
            stacked(delta_tangent.row_range(rows.first, rows.count), k), weight, T(0),
            stacked(signal, k));
    for (Index j = 0; j < k; ++j) {
      gemm<T>(Transpose::no, Transpose::no, delta.row_range(rows.first, rows.count),
              directions.layer(j).weight, T(1), of_direction(signal, j, h_below));
    }
    for (Index r = rows.first; r < rows.first + rows.count; ++r) {
      T const* const slope = slope_below.row(r);
      T const* const b = bend.row(r);
      for (Index j = 0; j < k; ++j) {
        T const* const z = preactivation_tangent_below.row(r) + j * h_below;
        T* const s = delta_tangent_below.row(r) + j * h_below;
        for (Index c = 0; c < h_below; ++c) s[c] = s[c] * slope[c] + b[c] * z[c];
      }
    }
  });
}

/// A layer's weights of all directions, on the way in and, later, out: the allocator may keep both.
template <class T>
double CpuHvp<T>::workspace_bytes(std::vector<DenseShape> const& shapes, Index directions) const {
  double most = 0;
  for (DenseShape const& shape : shapes) {
    most = std::max(most, bytes_of<T>(2, directions, shape.outputs, shape.inputs));
  }
  return most;
}

template class CpuHvp<float>;
template class CpuHvp<double>;

}  // namespace brink::cpu
