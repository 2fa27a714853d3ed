#pragma once

#include <vector>

#include "kernels/math/landscape.hpp"

namespace brink::test {

/// Every landscape, the quadratics in more than one dimension.
inline std::vector<LandscapeChoice> all_landscapes() {
  std::vector<LandscapeChoice> all;
  for (LandscapeName const name :
       {LandscapeName::f1, LandscapeName::f2, LandscapeName::f3, LandscapeName::f4,
        LandscapeName::neuron_linear, LandscapeName::neuron_tanh, LandscapeName::normalized_neuron,
        LandscapeName::arora, LandscapeName::hyperbola}) {
    all.push_back({name, 2, {}});
  }
  for (LandscapeName const name : {LandscapeName::quadratic, LandscapeName::tanh_quadratic}) {
    for (int const dimension : {1, 2, 3, 4}) all.push_back({name, dimension, {20, 1, 0.5, 3}});
  }
  return all;
}

}  // namespace brink::test
