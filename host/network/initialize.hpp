#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/network/network.hpp"

namespace brink {

/// `pytorch`: torch.nn.Linear's default, weights and biases uniform in ±1/√fan_in.
/// `xavier`: weights uniform in ±√(6/(fan_in + fan_out)) (Glorot and Bengio 2010), biases zero.
enum class Initialization { pytorch, xavier };

/// A parameter vector; a pure function of its arguments on every machine.
template <class T>
std::vector<T> initialize(Network const& network, Initialization how, std::uint64_t seed);

/// A parameter vector from a .npy file; InputError if its size is not the network's.
template <class T>
std::vector<T> load_parameters(Network const& network, std::string const& path);

}  // namespace brink
