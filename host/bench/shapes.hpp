#pragma once

#include <utility>
#include <vector>

#include "host/bench/operation.hpp"

// The shapes that operations have along the axes.
namespace brink {

/// Parameter vectors of a network, `directions` of them.
struct VectorShape {
  Index parameters;
  Index directions = 0;  ///< 0: one, which goes without saying
};

/// A minibatch: so many rows of as many examples as there are.
struct BatchShape {
  Index rows, examples;
  Index features = 0;  ///< 0: labels
};

/// A network with k directions.
struct NetworkTangentShape {
  NetworkShape network;
  Index directions = 0;
};

BenchSizes sizes_of(LayerShape const& shape);
BenchSizes sizes_of(TangentShape const& shape);
BenchSizes sizes_of(OutputShape const& shape);
BenchSizes sizes_of(VectorShape const& shape);
BenchSizes sizes_of(BatchShape const& shape);
BenchSizes sizes_of(LineShape const& shape);
BenchSizes sizes_of(NetworkTangentShape const& shape);

std::vector<LayerShape> first_layers(BenchAxes const& axes);
std::vector<LayerShape> inner_layers(BenchAxes const& axes);
std::vector<LayerShape> hidden_layers(BenchAxes const& axes);  ///< both
std::vector<TangentShape> first_layer_tangents(BenchAxes const& axes);
std::vector<TangentShape> inner_layer_tangents(BenchAxes const& axes);
std::vector<OutputShape> network_outputs(BenchAxes const& axes);
std::vector<OutputShape> network_output_tangents(BenchAxes const& axes);
std::vector<OutputShape> first_layer_outputs(BenchAxes const& axes);
std::vector<NetworkTangentShape> networks(BenchAxes const& axes);
std::vector<NetworkTangentShape> network_tangents(BenchAxes const& axes);
std::vector<VectorShape> vectors(BenchAxes const& axes);
std::vector<VectorShape> blocks(BenchAxes const& axes);
std::vector<BatchShape> batches(BenchAxes const& axes);
std::vector<BatchShape> label_batches(BenchAxes const& axes);
std::vector<LineShape> lines(BenchAxes const& axes);

}  // namespace brink
