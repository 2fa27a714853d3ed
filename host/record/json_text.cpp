#include "host/record/json_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "kernels/error.hpp"

namespace brink {
namespace {

using nlohmann::json;

constexpr int deepest_nesting = 64;

}  // namespace

std::string spelled_non_finite(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

json replace_non_finite(json const& value, std::function<json(double)> const& replacement) {
  if (value.is_number_float()) {
    auto const number = value.get<double>();
    return std::isfinite(number) ? value : replacement(number);
  }
  if (!value.is_structured()) return value;
  json copy = value;
  for (auto& element : copy) element = replace_non_finite(element, replacement);
  return copy;
}

std::string json_text(json const& value) {
  json const finite =
      replace_non_finite(value, [](double number) -> json { return spelled_non_finite(number); });
  return finite.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

json parse_json_text(std::string_view text, std::string const& name) {
  // Deep nesting would overflow the stack of everything that walks the result.
  auto const limit_depth = [&name](int depth, json::parse_event_t, json&) {
    if (depth > deepest_nesting) {
      throw InputError(fmt::format("{}: JSON nested more than {} deep", name, deepest_nesting));
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), limit_depth);
  } catch (json::parse_error const& error) {
    throw InputError(fmt::format("{}: not valid JSON at byte {} of {}; the file is damaged", name,
                                 error.byte, text.size()));
  } catch (json::exception const&) {
    throw InputError(fmt::format("{}: holds a number that no double can", name));
  }
}

}  // namespace brink
