#pragma once

#include "kernels/view.hpp"

// What one call of an operation takes at least. Operations are those in floating point: a
// multiplication, an addition, a comparison, a division, an exponential and a tanh count as one
// each. Memory traffic reads every input once and writes every output once.
namespace brink {

struct Work {
  double operations = 0;
  double numbers = 0;  ///< read or written, of the precision at hand
  double bytes = 0;    ///< read or written, of other types

  Work operator+(Work const& other) const {
    return {operations + other.operations, numbers + other.numbers, bytes + other.bytes};
  }
};

/// A dense layer over n examples: X is n × inputs, z is n × outputs.
struct LayerShape {
  Index examples, inputs, outputs;
};

/// z = X Wᵀ + b: 2 n·in·out; tanh and its slope 1 − tanh²: 3 n·out. Reads X, W, b; writes both.
Work dense_forward_work(LayerShape const& shape);
/// tanh and its slope 1 − tanh²: 3 n·out. Reads z; writes both.
Work dense_activate_work(LayerShape const& shape);
/// Δᵀ X: 2 n·in·out; Σ Δ: n·out. Reads Δ and X; writes both gradients.
Work dense_weight_gradient_work(LayerShape const& shape);
/// Δ W: 2 n·in·out; ⊙ φ'(z_below): n·in. Reads Δ, W, φ'; writes Δ_below.
Work dense_input_gradient_work(LayerShape const& shape);

/// The same with tangents of k directions. The input of the first layer is data and has none.
struct TangentShape {
  LayerShape layer;
  Index directions;
  bool of_data = false;
};

/// Per direction X Vᵀ + v: 2 n·in·out; but for data Ẋ Wᵀ: 2 n·in·out; ⊙ φ': n·out. Reads X, V, v
/// and φ', but for data Ẋ and W; writes ż and ȧ.
Work hvp_forward_work(TangentShape const& shape);
/// Per direction Δ̇ᵀ X: 2 n·in·out; but for data Δᵀ Ẋ: 2 n·in·out; Σ Δ̇: n·out. Reads Δ̇ and X, but
/// for data Δ and Ẋ; writes both gradients.
Work hvp_weight_gradient_work(TangentShape const& shape);
/// Per direction Δ̇ W + Δ V: 4 n·in·out; ⊙ φ' + bend ⊙ ż: 3 n·in. Reads Δ, Δ̇, W, V, φ', bend, ż;
/// writes Δ̇_below.
Work hvp_input_gradient_work(TangentShape const& shape);

/// Outputs of a network over n examples, with tangents of k directions.
struct OutputShape {
  Index examples, outputs;
  Index directions = 0;
};

/// Per output its part of the largest and of the sum, a difference, an exponential, a quotient:
/// 5 n·out. Reads z and labels (4 bytes each); writes Δ.
Work cross_entropy_work(OutputShape const& shape);
/// Per output a difference, its square, the sum, the average: 4 n·out. Reads z and labels; writes
/// Δ.
Work mse_work(OutputShape const& shape);
/// Softmax: 5 n·out; per direction ⟨p, ż⟩, and p ⊙ (ż − ⟨p, ż⟩) / n: 5 n·out. Reads z and ż;
/// writes Δ̇.
Work loss_tangent_work(OutputShape const& shape);

/// ⟨g, g⟩, ⟨u, g⟩ and θ − s g: 6 P. Reads θ, g, u; writes θ.
Work gd_work(Index parameters);
/// Four inner products, m = β m + g, θ − s m: 12 P. Reads θ, g, u, m; writes θ, m, u.
Work polyak_work(Index parameters);
/// ⟨g, g⟩ and ⟨u, g⟩: 4 P. Reads both.
Work observe_work(Index parameters);
/// ⟨Δ, M⟩ and ⟨M_before, Δ⟩ of n × out matrices: 4 n·out. Reads the three.
Work observe_in_span_work(OutputShape const& shape);
/// A − s Δ and z − s M: 4 n·out. Reads the four; writes A and z.
Work update_in_span_work(OutputShape const& shape);

/// X W, n × in by in × out: 2 n·in·out. Reads both; writes the product.
Work multiply_work(LayerShape const& shape);
/// The k × k products of two blocks of k parameter vectors: 2 k²·P. Reads both blocks.
Work inner_products_work(Index directions, Index parameters);
/// k combinations of k parameter vectors: 2 k²·P. Reads one block; writes the other.
Work combine_work(Index directions, Index parameters);
/// y + a x: 2 P. Reads both; writes y.
Work axpy_work(Index parameters);
/// Reads and writes a row of X per index.
Work gather_rows_work(Index rows, Index features);
/// Reads and writes a label of 4 bytes per index.
Work gather_work(Index labels);

/// A line through networks with a hidden layer above the first, h wide as that one.
struct LineShape {
  Index examples, width, outputs, taus;
};

/// Per τ three products with each of the two layers above the first: 6 n (h² + h·out); z₁ + τ ż₁,
/// tanh, its slope and ȧ of both hidden layers: 10 n·h; loss and its derivative along the line:
/// 7 n·out. Reads z₁, ż₁, both layers and their directions, and the labels, once for all τ.
Work line_sweep_work(LineShape const& shape);

/// A network with two hidden layers over n examples.
struct NetworkShape {
  Index examples, features, width, outputs;

  LayerShape layer(int index) const {
    return {examples, index == 0 ? features : width, index == 2 ? outputs : width};
  }
  Index parameters() const;
};

/// All operations of loss and gradient, and the update, added up.
Work gd_step_work(NetworkShape const& shape);
/// All operations of k Hessian-vector products at a θ whose state is kept, added up.
Work hessian_products_work(NetworkShape const& shape, Index directions);

/// Of a copy within the device: reads and writes.
Work copy_work(Index numbers);

}  // namespace brink
