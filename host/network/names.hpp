#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "kernels/error.hpp"

namespace brink {

/// The names of an enumeration's values, one place for parsing and for printing.
template <class Enum, std::size_t count>
class Names {
 public:
  constexpr Names(std::string_view what, std::array<std::pair<std::string_view, Enum>, count> names)
      : what_(what), names_(names) {}

  /// InputError that lists the names there are.
  Enum parse(std::string_view name) const {
    std::string known;
    for (auto const& [candidate, value] : names_) {
      if (candidate == name) return value;
      known += known.empty() ? "" : ", ";
      known += candidate;
    }
    throw InputError(fmt::format("{} '{}' is unknown; there are: {}", what_, name, known));
  }

  std::string of(Enum value) const {
    for (auto const& [name, candidate] : names_) {
      if (candidate == value) return std::string(name);
    }
    return "?";
  }

 private:
  std::string_view what_;
  std::array<std::pair<std::string_view, Enum>, count> names_;
};

}  // namespace brink
