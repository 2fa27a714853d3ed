#include "host/network/initialize.hpp"

#include <fmt/format.h>

#include <cmath>

#include "host/data/npy.hpp"
#include "kernels/error.hpp"
#include "kernels/math/random.hpp"

namespace brink {

template <class T>
std::vector<T> initialize(Network const& network, Initialization how, std::uint64_t seed) {
  std::vector<T> theta(static_cast<std::size_t>(network.parameters()));
  for (Index l = 0; l < network.layers(); ++l) {
    auto const fan_in = static_cast<double>(network.inputs(l));
    auto const fan_out = static_cast<double>(network.outputs(l));
    bool const xavier = how == Initialization::xavier;
    double const weight_bound = xavier ? std::sqrt(6 / (fan_in + fan_out)) : 1 / std::sqrt(fan_in);
    double const bias_bound = xavier ? 0 : weight_bound;
    Index const first = network.offset(l);
    Index const weights = network.inputs(l) * network.outputs(l);
    for (Index i = first; i < first + weights + network.outputs(l); ++i) {
      double const bound = i < first + weights ? weight_bound : bias_bound;
      double const draw = uniform(seed, 0, static_cast<std::uint64_t>(i));
      theta[i] = static_cast<T>(bound * (2 * draw - 1));
    }
  }
  return theta;
}

template <class T>
std::vector<T> load_parameters(Network const& network, std::string const& path) {
  std::vector<T> theta = npy_values<T>(read_npy(path), path);
  if (std::ssize(theta) != network.parameters()) {
    throw InputError(fmt::format("{}: holds {} parameters, the network has {}", path, theta.size(),
                                 network.parameters()));
  }
  for (std::size_t i = 0; i < theta.size(); ++i) {
    if (!std::isfinite(theta[i])) {
      throw InputError(fmt::format("{}: parameter {} is not finite", path, i));
    }
  }
  return theta;
}

template std::vector<float> initialize<float>(Network const&, Initialization, std::uint64_t);
template std::vector<double> initialize<double>(Network const&, Initialization, std::uint64_t);
template std::vector<float> load_parameters<float>(Network const&, std::string const&);
template std::vector<double> load_parameters<double>(Network const&, std::string const&);

}  // namespace brink
