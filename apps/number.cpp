#include "apps/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "host/data/split.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

std::optional<double> whole_number(std::string_view text) {
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

double parse_number(std::string const& text, std::string const& option) {
  std::string_view const all = text;
  std::size_t const slash = all.find('/');
  std::optional<double> value = whole_number(all.substr(0, slash));
  if (value && slash != std::string_view::npos) {
    std::optional<double> const divisor = whole_number(all.substr(slash + 1));
    value = divisor ? std::optional(*value / *divisor) : std::nullopt;
  }
  if (!value || !std::isfinite(*value)) {
    throw InputError(fmt::format("{} '{}': not a number; write 0.05, 5e-2 or a fraction like 2/30",
                                 option, text));
  }
  return *value;
}

std::vector<double> parse_numbers(std::string const& text, std::string const& option) {
  std::vector<double> numbers;
  for (std::string const& part : split(text, ',')) numbers.push_back(parse_number(part, option));
  return numbers;
}

std::string is_whole_number(std::string const& text) {
  bool const digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? "" : fmt::format("'{}' is not a whole number from 0 on", text);
}

}  // namespace brink
