#include "host/bench/shapes.hpp"

#include <algorithm>
#include <set>

namespace brink {
namespace {

template <class Shape>
std::vector<Shape> joined(std::vector<Shape> first, std::vector<Shape> const& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// with(shape, k) for every shape and number of directions.
template <class Shape, class With>
auto with_directions(std::vector<Shape> const& shapes, BenchAxes const& axes, With with) {
  std::vector<decltype(with(shapes.front(), Index{}))> all;
  for (Shape const& shape : shapes) {
    for (Index const k : axes.directions) all.push_back(with(shape, k));
  }
  return all;
}

/// Of the networks; two of them may have the same.
std::set<Index> parameter_counts(BenchAxes const& axes) {
  std::set<Index> counts;
  for (NetworkTangentShape const& shape : networks(axes)) {
    counts.insert(shape.network.parameters());
  }
  return counts;
}

/// Directions come last, where there are any.
BenchSizes sized(BenchSizes sizes, Index directions) {
  if (directions > 0) sizes.emplace_back("k", directions);
  return sizes;
}

}  // namespace

BenchSizes sizes_of(LayerShape const& shape) {
  return {{"n", shape.examples}, {"in", shape.inputs}, {"out", shape.outputs}};
}
BenchSizes sizes_of(TangentShape const& shape) {
  return sized(sizes_of(shape.layer), shape.directions);
}
BenchSizes sizes_of(OutputShape const& shape) {
  return sized({{"n", shape.examples}, {"out", shape.outputs}}, shape.directions);
}
BenchSizes sizes_of(VectorShape const& shape) {
  return sized({{"P", shape.parameters}}, shape.directions);
}
BenchSizes sizes_of(BatchShape const& shape) {
  BenchSizes sizes{{"n", shape.rows}};
  if (shape.features > 0) sizes.emplace_back("in", shape.features);
  return sizes;
}
BenchSizes sizes_of(LineShape const& shape) {
  return {{"n", shape.examples}, {"h", shape.width}, {"taus", shape.taus}};
}
BenchSizes sizes_of(NetworkTangentShape const& shape) {
  NetworkShape const& network = shape.network;
  return sized({{"n", network.examples}, {"in", network.features}, {"h", network.width}},
               shape.directions);
}

std::vector<LayerShape> first_layers(BenchAxes const& axes) {
  std::vector<LayerShape> shapes;
  for (NetworkTangentShape const& shape : networks(axes)) shapes.push_back(shape.network.layer(0));
  return shapes;
}

std::vector<LayerShape> inner_layers(BenchAxes const& axes) {
  std::vector<LayerShape> shapes;
  for (Index const n : axes.examples) {
    for (Index const h : axes.width) shapes.push_back({n, h, h});
  }
  return shapes;
}

std::vector<LayerShape> hidden_layers(BenchAxes const& axes) {
  return joined(first_layers(axes), inner_layers(axes));
}

std::vector<TangentShape> first_layer_tangents(BenchAxes const& axes) {
  return with_directions(first_layers(axes), axes, [](LayerShape const& layer, Index k) {
    return TangentShape{layer, k, true};
  });
}

std::vector<TangentShape> inner_layer_tangents(BenchAxes const& axes) {
  return with_directions(inner_layers(axes), axes, [](LayerShape const& layer, Index k) {
    return TangentShape{layer, k, false};
  });
}

std::vector<OutputShape> network_outputs(BenchAxes const& axes) {
  std::vector<OutputShape> shapes;
  for (Index const n : axes.examples) shapes.push_back({n, BenchAxes::outputs});
  return shapes;
}

std::vector<OutputShape> network_output_tangents(BenchAxes const& axes) {
  return with_directions(network_outputs(axes), axes, [](OutputShape const& outputs, Index k) {
    return OutputShape{outputs.examples, outputs.outputs, k};
  });
}

std::vector<OutputShape> first_layer_outputs(BenchAxes const& axes) {
  std::vector<OutputShape> shapes;
  for (LayerShape const& layer : inner_layers(axes)) {
    shapes.push_back({layer.examples, layer.outputs});
  }
  return shapes;
}

std::vector<NetworkTangentShape> networks(BenchAxes const& axes) {
  std::vector<NetworkTangentShape> shapes;
  for (Index const n : axes.examples) {
    for (Index const d : axes.features) {
      for (Index const h : axes.width) shapes.push_back({{n, d, h, BenchAxes::outputs}});
    }
  }
  return shapes;
}

std::vector<NetworkTangentShape> network_tangents(BenchAxes const& axes) {
  return with_directions(networks(axes), axes, [](NetworkTangentShape const& shape, Index k) {
    return NetworkTangentShape{shape.network, k};
  });
}

std::vector<VectorShape> vectors(BenchAxes const& axes) {
  std::vector<VectorShape> shapes;
  for (Index const parameters : parameter_counts(axes)) shapes.push_back({parameters});
  return shapes;
}

std::vector<VectorShape> blocks(BenchAxes const& axes) {
  return with_directions(vectors(axes), axes, [](VectorShape const& shape, Index k) {
    return VectorShape{shape.parameters, k};
  });
}

std::vector<BatchShape> label_batches(BenchAxes const& axes) {
  constexpr Index usual = 32;  // the default of brink train
  Index const most = *std::max_element(axes.examples.begin(), axes.examples.end());
  return {{std::min(usual, most), most}};
}

std::vector<BatchShape> batches(BenchAxes const& axes) {
  BatchShape const labels = label_batches(axes).front();
  std::vector<BatchShape> shapes;
  for (Index const d : axes.features) shapes.push_back({labels.rows, labels.examples, d});
  return shapes;
}

std::vector<LineShape> lines(BenchAxes const& axes) {
  std::vector<LineShape> shapes;
  for (LayerShape const& layer : inner_layers(axes)) {
    for (Index const taus : axes.taus) {
      shapes.push_back({layer.examples, layer.inputs, BenchAxes::outputs, taus});
    }
  }
  return shapes;
}

}  // namespace brink
