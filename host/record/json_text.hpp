#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace brink {

/// How a non-finite number is spelled where JSON has none: "NaN", "Infinity", "-Infinity" (Zarr's
/// own spelling of fill values).
std::string spelled_non_finite(double value);

/// A copy of `value` with every non-finite number replaced by what `replacement` makes of it.
nlohmann::json replace_non_finite(nlohmann::json const& value,
                                  std::function<nlohmann::json(double)> const& replacement);

/// JSON as files hold it: sorted keys, two spaces, a final newline; non-finite numbers spelled out
/// as strings, bytes that are no UTF-8 replaced. The same value always gives the same text.
std::string json_text(nlohmann::json const& value);

/// Parses a whole file's text, nested at most 64 deep. Throws InputError that starts with `name`
/// and gives the byte where parsing failed.
nlohmann::json parse_json_text(std::string_view text, std::string const& name);

}  // namespace brink
