#include "host/landscape/landscape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <span>

#include "host/network/names.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

constexpr Names<LandscapeName, 11> landscape_names(
    "--landscape", {{{"f1", LandscapeName::f1},
                     {"f2", LandscapeName::f2},
                     {"f3", LandscapeName::f3},
                     {"f4", LandscapeName::f4},
                     {"quadratic", LandscapeName::quadratic},
                     {"tanh-quadratic", LandscapeName::tanh_quadratic},
                     {"neuron-linear", LandscapeName::neuron_linear},
                     {"neuron-tanh", LandscapeName::neuron_tanh},
                     {"normalized-neuron", LandscapeName::normalized_neuron},
                     {"arora", LandscapeName::arora},
                     {"hyperbola", LandscapeName::hyperbola}}});

bool has_weights(LandscapeName name) {
  return name == LandscapeName::quadratic || name == LandscapeName::tanh_quadratic;
}

std::span<double const> weights(LandscapeChoice const& choice) {
  return {choice.weight, static_cast<std::size_t>(choice.dimension)};
}

/// Numbers with commas between them.
void read_weights(std::string const& text, std::string const& whole, LandscapeChoice& choice) {
  auto const refuse = [&] {
    throw InputError(fmt::format(
        "--landscape {}: '{}' is not a list of 1 to {} positive numbers with commas between them",
        whole, text, LandscapeChoice::most_coordinates));
  };
  choice.dimension = 0;
  char const* at = text.data();
  char const* const end = at + text.size();
  while (true) {
    if (choice.dimension == LandscapeChoice::most_coordinates) refuse();
    double& weight = choice.weight[choice.dimension++];
    auto const [stop, error] = std::from_chars(at, end, weight);
    if (error != std::errc() || !std::isfinite(weight) || weight <= 0) refuse();
    if (stop == end) return;
    if (*stop != ',') refuse();
    at = stop + 1;
  }
}

}  // namespace

LandscapeChoice parse_landscape(std::string const& text) {
  std::size_t const colon = text.find(':');
  LandscapeChoice choice;
  choice.name = landscape_names.parse(text.substr(0, colon));
  if (colon == std::string::npos) return choice;
  if (!has_weights(choice.name)) {
    throw InputError(
        fmt::format("--landscape {}: {} takes no weights", text, landscape_names.of(choice.name)));
  }
  read_weights(text.substr(colon + 1), text, choice);
  return choice;
}

std::string landscape_name(LandscapeChoice const& choice) {
  std::string const name = landscape_names.of(choice.name);
  if (!has_weights(choice.name)) return name;
  return fmt::format("{}:{}", name, fmt::join(weights(choice), ","));
}

}  // namespace brink
