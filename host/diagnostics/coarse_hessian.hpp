#pragma once

#include <memory>
#include <optional>

#include "host/diagnostics/symmetric_operator.hpp"
#include "host/objective/pass.hpp"

namespace brink {

/// Orthonormal rows (at most `count` × inputs) near the span of the leading right singular vectors
/// of the data, by subspace iteration from a fixed start. Fewer rows than asked for if the data's
/// rank is less. Of data that are a share, those of the data of all ranks.
template <class T>
Buffer<T> principal_directions(Context& context, Linalg<T> const& linalg, Matrix<T const> data,
                               Index count, SharedRows const& share = {});

/// The Hessian with the first layer's input X replaced by its projection X Qᵀ Q on a few principal
/// directions Q of the data, at the activations that the whole X gives: natural images and the like
/// have most of their variance there, so that it comes within some percent of the Hessian's largest
/// eigenvalues at a fraction of the cost. R maps W₁ to W₁ Qᵀ and leaves the other parameters alone.
template <class T>
class CoarseHessian final : public CoarseOperator<T> {
 public:
  static constexpr Index rank = 64;

  /// The network over the projected data, at most; nothing where `create` gives none.
  static std::optional<Network> network(Network const& fine, Index examples);
  /// Bytes of the context's memory over such a network, and how many more while it is made.
  static double bytes_needed(Network const& fine, Network const& coarse, Index examples);
  static double bytes_to_make(Network const& fine, Network const& coarse);

  /// Null where it would save less than half of a product's operations.
  static std::unique_ptr<CoarseHessian> create(Context& context, Operations<T> const& operations,
                                               Model const& model, Examples<T> const& examples);

  /// The pass whose last gradient, with curvature kept, says where the Hessian is taken.
  void at(Pass<T>& pass) { pass_ = &pass; }

  Index dimension() const override { return network_.parameters(); }
  void restrict_to_coarse(Matrix<T const> vectors, Matrix<T> coarse) override;
  void prolong(Matrix<T const> coarse, Matrix<T> vectors) override;
  void product(Matrix<T const> coarse_vectors, Matrix<T> coarse_products) override;

 private:
  CoarseHessian(Context& context, Operations<T> const& operations, Model const& model,
                Matrix<T const> data, Buffer<T> directions);
  void copy_upper_layers(Matrix<T const> from, Network const& from_network, Matrix<T> to,
                         Network const& to_network);

  Context* context_;
  Linalg<T> const* linalg_;
  Network const* fine_;
  Network network_;  // with as many inputs as there are directions
  Buffer<T> directions_, data_;
  Index examples_;
  Pass<T>* pass_ = nullptr;
};

}  // namespace brink
