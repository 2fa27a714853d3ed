#include "host/record/checkpoint.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "host/data/atomic_file.hpp"
#include "host/data/file.hpp"
#include "host/record/json_text.hpp"
#include "host/record/seal.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

using nlohmann::json;

constexpr std::string_view magic = "brinkck1";
constexpr char const* non_finite_key = "non_finite";

template <class T>
void add_number(std::vector<std::byte>& bytes, T number) {
  auto const raw = std::as_bytes(std::span<T const>(&number, 1));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

template <class T>
T number_at(std::span<std::byte const> bytes, std::size_t offset) {
  T number;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

/// JSON has no NaN; {"non_finite": "NaN"} stands for it.
json tagged(json const& state) {
  return replace_non_finite(state, [](double number) -> json {
    return {{non_finite_key, spelled_non_finite(number)}};
  });
}

double non_finite_value(std::string const& spelling, std::string const& name) {
  for (double const value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    if (spelling == spelled_non_finite(value)) return value;
  }
  throw InputError(fmt::format("{}: its state holds a number that is none", name));
}

json untagged(json const& state, std::string const& name) {
  if (!state.is_structured()) return state;
  if (state.is_object() && state.size() == 1 && state.contains(non_finite_key)) {
    auto const& spelling = state.at(non_finite_key);
    return non_finite_value(spelling.is_string() ? spelling.get<std::string>() : "", name);
  }
  json copy = state;
  for (auto& element : copy) element = untagged(element, name);
  return copy;
}

/// Cuts the arrays out of the bytes that follow the header.
std::map<std::string, std::vector<std::byte>> parse_arrays(json const& list,
                                                           std::span<std::byte const> bytes,
                                                           std::string const& name) {
  auto const damaged = [&name] {
    return InputError(fmt::format("{}: its list of arrays does not match its content", name));
  };
  std::map<std::string, std::vector<std::byte>> arrays;
  if (!list.is_array()) throw damaged();
  for (auto const& entry : list) {
    bool const well_formed = entry.is_array() && entry.size() == 2 && entry[0].is_string() &&
                             entry[1].is_number_unsigned();
    if (!well_formed || entry[1].get<std::uint64_t>() > bytes.size()) throw damaged();
    auto const part = bytes.first(entry[1].get<std::size_t>());
    bytes = bytes.subspan(part.size());
    if (!arrays.try_emplace(entry[0].get<std::string>(), part.begin(), part.end()).second) {
      throw damaged();
    }
  }
  if (!bytes.empty()) throw damaged();
  return arrays;
}

std::filesystem::path checkpoint_path(std::filesystem::path const& store) {
  return store / ".checkpoint";
}

}  // namespace

std::span<std::byte const> Checkpoint::array(std::string const& name,
                                             std::size_t value_bytes) const {
  auto const found = arrays.find(name);
  if (found == arrays.end()) {
    throw InputError(
        fmt::format("the checkpoint holds no \"{}\"; it belongs to another kind of run", name));
  }
  if (found->second.size() % value_bytes != 0) {
    throw InputError(
        fmt::format("the checkpoint's \"{}\" has {} bytes, which are no whole number "
                    "of {}-byte values",
                    name, found->second.size(), value_bytes));
  }
  return found->second;
}

std::span<std::byte const> Checkpoint::array(std::string const& name, std::size_t value_bytes,
                                             std::size_t count) const {
  auto const bytes = array(name, value_bytes);
  if (bytes.size() / value_bytes != count) {
    throw InputError(fmt::format("the checkpoint's \"{}\" has {} values, but this run needs {}",
                                 name, bytes.size() / value_bytes, count));
  }
  return bytes;
}

std::vector<std::byte> checkpoint_bytes(Checkpoint const& checkpoint) {
  json list = json::array();
  std::size_t total = 0;
  for (auto const& [name, array] : checkpoint.arrays) {
    list.push_back(json::array({name, array.size()}));
    total += array.size();
  }
  auto const header =
      json_text(json{{"state", tagged(checkpoint.state)}, {"arrays", std::move(list)}});

  std::vector<std::byte> bytes;
  bytes.reserve(magic.size() + sizeof(std::uint64_t) + header.size() + total +
                sizeof(std::uint32_t));
  auto const add = [&bytes](std::span<std::byte const> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
  };
  add(std::as_bytes(std::span(magic)));
  add_number<std::uint64_t>(bytes, header.size());
  add(std::as_bytes(std::span(header)));
  for (auto const& [name, array] : checkpoint.arrays) add(array);
  add_number(bytes, crc_of(bytes));
  return bytes;
}

Checkpoint parse_checkpoint(std::span<std::byte const> bytes, std::string const& name) {
  constexpr std::size_t header_at = magic.size() + sizeof(std::uint64_t);
  constexpr std::size_t crc_bytes = sizeof(std::uint32_t);
  if (bytes.size() < header_at + crc_bytes || !as_text(bytes).starts_with(magic)) {
    throw InputError(fmt::format("{}: not a checkpoint that this version of brink wrote", name));
  }
  auto const body = bytes.first(bytes.size() - crc_bytes);
  if (crc_of(body) != number_at<std::uint32_t>(bytes, body.size())) {
    throw InputError(
        fmt::format("{}: its checksum does not match; the checkpoint of {} bytes is "
                    "truncated or corrupt",
                    name, bytes.size()));
  }
  auto const header_size = number_at<std::uint64_t>(bytes, magic.size());
  auto const rest = body.subspan(header_at);
  if (header_size > rest.size()) {
    throw InputError(
        fmt::format("{}: its header claims {} bytes of {}", name, header_size, rest.size()));
  }
  auto const header_bytes = rest.first(static_cast<std::size_t>(header_size));
  auto const header = parse_json_text(as_text(header_bytes), name);
  if (!header.is_object() || !header.contains("state") || !header.contains("arrays")) {
    throw InputError(fmt::format("{}: its header has no state or no arrays", name));
  }
  return {untagged(header.at("state"), name),
          parse_arrays(header.at("arrays"), rest.subspan(header_bytes.size()), name)};
}

void save_checkpoint(std::filesystem::path const& store, Checkpoint const& checkpoint) {
  write_atomically(checkpoint_path(store), checkpoint_bytes(checkpoint));
}

bool has_checkpoint(std::filesystem::path const& store) {
  return std::filesystem::exists(checkpoint_path(store));
}

void remove_checkpoint(std::filesystem::path const& store) {
  std::error_code ignored;  // one that is left resumes to the same record
  std::filesystem::remove(checkpoint_path(store), ignored);
}

Checkpoint load_checkpoint(std::filesystem::path const& store) {
  auto const path = checkpoint_path(store);
  if (!std::filesystem::exists(path)) {
    throw InputError(
        fmt::format("{}: has no checkpoint to resume from; start the run again with "
                    "another --out, or with --overwrite",
                    store.string()));
  }
  return parse_checkpoint(read_file(path), path.string());
}

}  // namespace brink
