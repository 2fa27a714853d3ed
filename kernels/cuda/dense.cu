// A layer is one kernel where its inputs (forward) or outputs (backward) are few, a product on warp
// groups where those pay, and otherwise a library product and a kernel that finishes its sums.
// Bytes beside the product's: what is asked of φ, φ', φ'' written once; backward, slope and
// curvature read and Δ_below and bend written.
#include "kernels/cuda/dense.hpp"

#include "kernels/cuda/warpgroup_product.hpp"

namespace brink::cuda {
namespace {

/// out = jet of φ at sums + bias. `bias` may be null.
template <class Formula, class T>
struct WriteJet {
  T const* bias;
  ActivationJet<T> out;

  __device__ void operator()(Index, Index row, Index col, Index count, Pack<T> z) const {
    if (bias != nullptr) {
      Pack<T> const b = load_pack(bias + col, count);
      for (int e = 0; e < Pack<T>::size; ++e) z.at[e] += b.at[e];
    }
    Pack<T> value;
    Pack<T> slope;
    Pack<T> curvature;
    for (int e = 0; e < Pack<T>::size; ++e) {
      Jet<T> const jet = Formula::at(z.at[e]);
      value.at[e] = jet.value;
      slope.at[e] = jet.slope;
      curvature.at[e] = jet.curvature;
    }
    store_pack(out.value, row, col, value, count);
    if (!out.slope.empty()) store_pack(out.slope, row, col, slope, count);
    if (!out.curvature.empty()) store_pack(out.curvature, row, col, curvature, count);
  }
};

/// The same for an activation that is known to the kernel at run time only, so that there are not
/// seven kernels of each product.
template <class T>
struct WriteAnyJet {
  Activation activation;
  T const* bias;
  ActivationJet<T> out;
};

template <class T, class Use>
__device__ void with_writer(WriteAnyJet<T> const& jet, Use&& use) {
  with_activation(jet.activation, [&](auto formula) {
    use(WriteJet<decltype(formula), T>{jet.bias, jet.out});
  });
}

/// Δ_below and bend from sums of Δ W.
template <class T>
struct WriteSignal {
  ActivationJet<T const> below;
  Matrix<T> delta_below;
  Matrix<T> bend;

  __device__ void operator()(Index, Index row, Index col, Index count, Pack<T> const& sums) const {
    scale(sums, below.slope, delta_below, row, col, count);
    if (!bend.empty()) scale(sums, below.curvature, bend, row, col, count);
  }

  __device__ static void scale(Pack<T> sums, Matrix<T const> factor, Matrix<T> out, Index row,
                               Index col, Index count) {
    Pack<T> const f = load_pack(factor, row, col, count);
    for (int e = 0; e < Pack<T>::size; ++e) sums.at[e] *= f.at[e];
    store_pack(out, row, col, sums, count);
  }
};

/// Finishes sums that are in memory; the kernel knows the activation.
template <class T>
void finish_jet(Stream stream, char const* name, Matrix<T const> sums, Activation activation,
                T const* bias, ActivationJet<T> out) {
  with_activation(activation, [&](auto formula) {
    finish_sums(stream, name, sums, sums.cols, WriteJet<decltype(formula), T>{bias, out});
  });
}

}  // namespace

template <class T>
void CudaDense<T>::forward(Matrix<T const> input, DenseLayer<T const> layer, Activation activation,
                           ActivationJet<T> out) const {
  Stream const stream = context_.stream();
  TileProducts<T> const products{.rows = input.rows,
                                 .cols = layer.weight.rows,
                                 .inner = input.cols,
                                 .first = {input, layer.weight}};
  WriteAnyJet<T> const write{activation, layer.bias.data, out};
  if (product_by_hand<Transpose::yes>(context_, "dense_forward", Products::exact, products,
                                      warpgroups_, write)) {
    return;
  }
  gemm<T>(context_.blas(), Products::exact, Transpose::no, input, Transpose::yes, layer.weight,
          T(0), out.value);
  finish_jet<T>(stream, "dense_forward_finish", out.value, activation, layer.bias.data, out);
}

template <class T>
void CudaDense<T>::activate(Matrix<T const> preactivation, Activation activation,
                            ActivationJet<T> out) const {
  finish_jet<T>(context_.stream(), "dense_activate", preactivation, activation, nullptr, out);
}

template <class T>
void CudaDense<T>::weight_gradient(Matrix<T const> delta, Matrix<T const> input,
                                   DenseLayer<T> gradient) const {
  weight_gradient_(context_, {delta, input, {}, {}}, {gradient.weight, gradient.bias.data, 1, 0});
}

template <class T>
void CudaDense<T>::input_gradient(Matrix<T const> delta, Matrix<T const> weight,
                                  ActivationJet<T const> below, Matrix<T> delta_below,
                                  Matrix<T> bend) const {
  Stream const stream = context_.stream();
  WriteSignal<T> const write{below, delta_below, bend};
  TileProducts<T> const products{
      .rows = delta.rows, .cols = weight.cols, .inner = delta.cols, .first = {delta, weight}};
  if (product_by_hand<Transpose::no>(context_, "dense_input_gradient",
                                     context_.derivative_products(), products, warpgroups_,
                                     write)) {
    return;
  }
  gemm<T>(context_.blas(), context_.derivative_products(), Transpose::no, delta, Transpose::no,
          weight, T(0), delta_below);
  finish_sums<T>(stream, "dense_input_gradient_finish", delta_below, delta_below.cols, write);
}

template <class T>
double CudaDense<T>::workspace_bytes(std::vector<DenseShape> const& values,
                                     std::vector<DenseShape> const& gradients) const {
  WarpgroupNeeds warpgroups(context_);
  if (is_float32<T>) {
    for (auto const& [examples, inputs, outputs] : values) {
      warpgroups.add(examples, outputs, inputs, 1, false, true);
    }
    for (auto const& [examples, inputs, outputs] : gradients) {
      warpgroups.add(examples, inputs, outputs, 1, false, true);
    }
  }
  return warpgroups.most().bytes() + WeightGradient<T>::workspace_bytes(context_, gradients, 1);
}

template class CudaDense<float>;
template class CudaDense<double>;

}  // namespace brink::cuda
