#include "host/network/network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>

#include "host/network/names.hpp"

namespace brink {
namespace {

constexpr Names<Activation, 7> activation_names("--activation",
                                                {{{"tanh", Activation::tanh},
                                                  {"relu", Activation::relu},
                                                  {"gelu", Activation::gelu},
                                                  {"elu", Activation::elu},
                                                  {"softplus", Activation::softplus},
                                                  {"hardtanh", Activation::hardtanh},
                                                  {"identity", Activation::identity}}});

}  // namespace

Network::Network(std::vector<Index> widths, Activation activation)
    : widths_(std::move(widths)), offsets_{0}, activation_(activation) {
  if (widths_.size() < 2) throw InputError("a network needs inputs and outputs");
  for (Index const width : widths_) {
    if (width < 1) {
      throw InputError(
          fmt::format("layer widths {} hold {}; each must be at least 1", widths_, width));
    }
  }
  for (Index l = 0; l < layers(); ++l) {
    offsets_.push_back(offsets_.back() + outputs(l) * (inputs(l) + 1));
  }
}

Index Network::units() const {
  return std::accumulate(widths_.begin() + 1, widths_.end(), Index{0});
}

Activation parse_activation(std::string const& name) {
  return activation_names.parse(name);
}
std::string activation_name(Activation activation) {
  return activation_names.of(activation);
}

}  // namespace brink
