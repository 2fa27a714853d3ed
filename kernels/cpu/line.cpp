// One τ costs, per example and layer above the first, three products with a weight: a W(τ)ᵀ, ȧ
// W(τ)ᵀ and a Vᵀ. The first two are one product of the stacked (a; ȧ). Examples go through all
// layers in blocks that stay in the second-level cache.
#include "kernels/cpu/line.hpp"

#include "kernels/cpu/blas.hpp"
#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/simd.hpp"
#include "kernels/math/loss.hpp"

namespace brink::cpu {
namespace {

constexpr Index block_rows = 128;

/// One thread's working memory.
template <class T>
struct Workspace {
  std::vector<T> weights;             ///< W(τ) and b(τ) of every layer above the first
  std::vector<T> activations;         ///< (a; ȧ) of a block
  std::vector<T> preactivations;      ///< (z; ż) of a block
  std::vector<T> slopes;              ///< φ'(z)
  std::vector<T> output_tangent_row;  ///< ∂loss/∂z of one example

  explicit Workspace(SweepShape const& shape) {
    auto const size = static_cast<std::size_t>(2 * block_rows * widest(shape));
    weights.resize(static_cast<std::size_t>(parameters_above(shape)));
    activations.resize(size);
    preactivations.resize(size);
    slopes.resize(size / 2);
    output_tangent_row.resize(static_cast<std::size_t>(widest(shape)));
  }
  static double bytes(SweepShape const& shape) {
    return bytes_of<T>(parameters_above(shape)) + bytes_of<T>(5 * block_rows + 1, widest(shape));
  }

 private:
  static Index widest(SweepShape const& shape) {
    return *std::max_element(shape.widths.begin(), shape.widths.end());
  }
  static Index parameters_above(SweepShape const& shape) {
    Index parameters = 0;
    for (std::size_t l = 1; l < shape.widths.size(); ++l) {
      parameters += shape.widths[l] * (shape.widths[l - 1] + 1);
    }
    return parameters;
  }
};

Index blocks_of(Index examples) {
  return (examples + block_rows - 1) / block_rows;
}

/// Writes W(τ) = W + τ V and b(τ) of every layer to `memory` and returns views of them.
template <class T>
std::vector<DenseLayer<T const>> layers_at(LineProblem<T> const& problem, T tau, T* memory) {
  auto const moved = [&](T const* from, T const* along, Index count) {
    for (Index i = 0; i < count; ++i) memory[i] = from[i] + tau * along[i];
    memory += count;
    return memory - count;
  };
  std::vector<DenseLayer<T const>> layers;
  for (std::size_t l = 0; l < problem.layers.size(); ++l) {
    auto const& [weight, bias] = problem.layers[l];
    auto const& [weight_along, bias_along] = problem.directions[l];
    T const* const w = moved(weight.data, weight_along.data, weight.rows * weight.cols);
    T const* const b = moved(bias.data, bias_along.data, bias.size);
    layers.push_back({{w, weight.rows, weight.cols}, {b, bias.size}});
  }
  return layers;
}

/// Sums over a block of examples of the loss and of its derivative, not yet divided by n.
template <class T>
LinePoint output_sums(LineProblem<T> const& problem, Range rows, Matrix<T const> z,
                      Matrix<T const> z_tangent, T* delta) {
  LinePoint sums{0, 0};
  for (Index r = 0; r < rows.count; ++r) {
    sums.loss += example::value_and_gradient(problem.loss, z.row(r), z.cols, problem.targets,
                                             rows.first + r, 1.0, delta)
                     .loss;
    for (Index c = 0; c < z.cols; ++c) {
      sums.derivative += static_cast<double>(delta[c]) * static_cast<double>(z_tangent.row(r)[c]);
    }
  }
  return sums;
}

template <class T>
LinePoint block_sums(LineProblem<T> const& problem, std::vector<DenseLayer<T const>> const& layers,
                     T tau, Range rows, Workspace<T>& work) {
  Index const n = rows.count;
  auto const halves = [n](std::vector<T>& memory, Index width) {
    Matrix<T> const both(memory.data(), 2 * n, width);
    return std::pair(both.row_range(0, n), both.row_range(n, n));
  };

  auto [z, z_tangent] = halves(work.preactivations, problem.preactivation.cols);
  for (Index r = 0; r < n; ++r) {
    T const* const from = problem.preactivation.row(rows.first + r);
    T const* const along = problem.preactivation_tangent.row(rows.first + r);
    for (Index c = 0; c < z.cols; ++c) {
      z.row(r)[c] = from[c] + tau * along[c];
      z_tangent.row(r)[c] = along[c];
    }
  }
  for (std::size_t l = 0; l < layers.size(); ++l) {
    auto const [a, a_tangent] = halves(work.activations, z.cols);
    simd_loops<T>().activate(problem.activation, n * z.cols, z.data, a.data, work.slopes.data(),
                             nullptr);
    for (Index i = 0; i < n * z.cols; ++i) {
      a_tangent.data[i] = work.slopes[i] * z_tangent.data[i];
    }
    DenseLayer<T const> const& layer = layers[l];
    DenseLayer<T const> const& direction = problem.directions[l];
    std::tie(z, z_tangent) = halves(work.preactivations, layer.weight.rows);
    fill_rows(layer.bias, z);
    fill_rows(direction.bias, z_tangent);
    gemm<T>(Transpose::no, Transpose::yes, Matrix<T const>(a.data, 2 * n, a.cols), layer.weight,
            T(1), Matrix<T>(z.data, 2 * n, z.cols));
    gemm<T>(Transpose::no, Transpose::yes, a, direction.weight, T(1), z_tangent);
  }
  return output_sums<T>(problem, rows, z, z_tangent, work.output_tangent_row.data());
}

}  // namespace

template <class T>
std::vector<LinePoint> CpuLine<T>::sweep(LineProblem<T> const& problem,
                                         std::vector<double> const& taus) const {
  Index const n = problem.preactivation.rows;
  Index const blocks = blocks_of(n);
  std::vector<LinePoint> partial(taus.size() * static_cast<std::size_t>(blocks));
  for_shares(context_.threads(), blocks, 1, [&](Range mine) {
    Workspace<T> work(shape_of(problem, std::ssize(taus)));
    for (std::size_t t = 0; t < taus.size(); ++t) {
      T const tau = static_cast<T>(taus[t]);
      auto const layers = layers_at(problem, tau, work.weights.data());
      for (Index b = mine.first; b < mine.first + mine.count; ++b) {
        Index const first = b * block_rows;
        partial[t * static_cast<std::size_t>(blocks) + static_cast<std::size_t>(b)] =
            block_sums(problem, layers, tau, {first, std::min(block_rows, n - first)}, work);
      }
    }
  });
  std::vector<LinePoint> points(taus.size(), LinePoint{0, 0});
  for (std::size_t i = 0; i < partial.size(); ++i) {
    LinePoint& point = points[i / static_cast<std::size_t>(blocks)];
    point.loss += partial[i].loss / static_cast<double>(n);
    point.derivative += partial[i].derivative / static_cast<double>(n);
  }
  return points;
}

template <class T>
double CpuLine<T>::workspace_bytes(SweepShape const& shape) const {
  return static_cast<double>(context_.threads()) * Workspace<T>::bytes(shape) +
         bytes_of<LinePoint>(shape.taus, blocks_of(shape.examples));
}

template class CpuLine<float>;
template class CpuLine<double>;

}  // namespace brink::cpu
