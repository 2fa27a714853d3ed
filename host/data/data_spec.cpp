#include "host/data/data_spec.hpp"

#include <fmt/core.h>

#include <charconv>
#include <string>
#include <system_error>
#include <type_traits>

#include "host/data/split.hpp"
#include "kernels/error.hpp"

namespace brink {

namespace {

template <class Number>
void parse_number(std::string_view key, std::string_view text, Number& value) {
  char const* const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) {
    throw InputError(fmt::format("--data synthetic: {}={} is not {}", key, text,
                                 std::is_integral_v<Number> ? "an integer in range" : "a number"));
  }
}

void parse_synthetic_option(SyntheticOptions& options, std::string_view text) {
  std::size_t const equals = text.find('=');
  if (equals == text.npos) {
    throw InputError(fmt::format("--data synthetic: '{}' is not key=value", text));
  }
  std::string_view const key = text.substr(0, equals);
  std::string_view const value = text.substr(equals + 1);
  if (key == "examples") {
    parse_number(key, value, options.examples);
  } else if (key == "features") {
    parse_number(key, value, options.features);
  } else if (key == "classes") {
    parse_number(key, value, options.classes);
  } else if (key == "test") {
    parse_number(key, value, options.test);
  } else if (key == "modes") {
    parse_number(key, value, options.modes);
  } else if (key == "seed") {
    parse_number(key, value, options.seed);
  } else if (key == "scale") {
    parse_number(key, value, options.scale);
  } else if (key == "decay") {
    parse_number(key, value, options.decay);
  } else if (key == "separation") {
    parse_number(key, value, options.separation);
  } else {
    throw InputError(
        fmt::format("--data synthetic: unknown key '{}'; the keys are examples, features, classes, "
                    "test, modes, seed, scale, decay, separation",
                    key));
  }
}

/// InputError unless `rest` is two or four comma-separated paths.
std::vector<std::filesystem::path> parse_paths(std::string_view kind, std::string_view rest) {
  std::vector<std::filesystem::path> paths;
  bool complete = true;
  for (std::string_view const part : split(rest, ',')) {
    complete = complete && !part.empty();
    paths.emplace_back(part);
  }
  if (!complete || (paths.size() != 2 && paths.size() != 4)) {
    throw InputError(
        fmt::format("--data {}:{} names {} files; inputs and targets are needed, and may be "
                    "followed by those of a test set",
                    kind, rest, complete ? fmt::format("{}", paths.size()) : "empty"));
  }
  return paths;
}

}  // namespace

DataSpec parse_data_spec(std::string_view source) {
  std::size_t const colon = source.find(':');
  std::string_view const kind = source.substr(0, colon);
  bool const has_rest = colon != source.npos;
  std::string_view const rest = has_rest ? source.substr(colon + 1) : std::string_view();
  DataSpec spec;
  if (kind == "synthetic") {
    if (has_rest) {
      for (std::string_view const option : split(rest, ',')) {
        parse_synthetic_option(spec.synthetic, option);
      }
    }
    check_synthetic(spec.synthetic);
  } else if (kind == "cifar10") {
    spec.kind = DataKind::cifar10;
    if (rest.empty()) {
      throw InputError("--data cifar10 needs the directory of its .bin files: cifar10:DIR");
    }
    spec.paths.emplace_back(rest);
  } else if (kind == "idx" || kind == "npy") {
    spec.kind = kind == "idx" ? DataKind::idx : DataKind::npy;
    spec.paths = parse_paths(kind, rest);
  } else {
    throw InputError(
        fmt::format("--data {}: unknown source '{}'; give synthetic[:key=value,...], cifar10:DIR, "
                    "idx:IMAGES,LABELS or npy:X.npy,Y.npy",
                    source, kind));
  }
  return spec;
}

}  // namespace brink
