#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/dense.hpp"
#include "kernels/hvp.hpp"

namespace brink {

/// A multilayer perceptron: dense layers, the activation after each but the last.
///
/// Its parameters are one vector in the order of PyTorch's `parameters_to_vector`: W₁ (row-major,
/// outputs × inputs), b₁, W₂, b₂, …
class Network {
 public:
  /// widths: inputs, hidden …, outputs; at least two, each positive (InputError).
  Network(std::vector<Index> widths, Activation activation);

  Activation activation() const { return activation_; }
  std::vector<Index> const& widths() const { return widths_; }
  Index layers() const { return std::ssize(widths_) - 1; }
  Index inputs(Index layer) const { return widths_[layer]; }
  Index outputs(Index layer) const { return widths_[layer + 1]; }
  Index parameters() const { return offsets_.back(); }
  /// Widths of all layers' outputs added up.
  Index units() const;

  /// Where W of `layer` starts in the parameter vector; its bias follows it.
  Index offset(Index layer) const { return offsets_[layer]; }

  /// The part of a parameter vector that belongs to `layer`.
  template <class T>
  DenseLayer<T> layer(Vector<T> parameters, Index layer) const {
    Index const rows = outputs(layer);
    Index const cols = inputs(layer);
    T* const first = parameters.data + offset(layer);
    return {{first, rows, cols}, {first + rows * cols, rows}};
  }

  /// The part of k parameter vectors (rows) that belongs to `layer`.
  template <class T>
  DenseDirections<T> layer(Matrix<T> vectors, Index layer) const {
    Index const rows = outputs(layer);
    Index const cols = inputs(layer);
    T* const first = vectors.data + offset(layer);
    return {first, first + rows * cols, vectors.rows, vectors.stride, rows, cols};
  }

 private:
  std::vector<Index> widths_;
  std::vector<Index> offsets_;
  Activation activation_;
};

/// The activation called `name`; InputError that lists the names there are.
Activation parse_activation(std::string const& name);
std::string activation_name(Activation activation);

}  // namespace brink
