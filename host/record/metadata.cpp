#include "host/record/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "host/data/grid.hpp"
#include "host/record/json_text.hpp"
#include "host/record/seal.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

using nlohmann::json;

constexpr char const* dimensions_attribute = "_ARRAY_DIMENSIONS";
constexpr char const* growing_attribute = "unlimited_dimensions";
constexpr std::string_view array_suffix = "/.zarray";
constexpr std::size_t most_dimensions = 32;
constexpr std::size_t most_arrays = 1000;
constexpr std::size_t longest_name = 128;
// numcodecs refuses larger buffers.
constexpr std::int64_t largest_chunk_bytes = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t default_chunk_elements = std::int64_t{1} << 16;
constexpr std::int64_t most_default_rows = 4096;

bool is_name(std::string_view name) {
  auto const plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= longest_name && plain(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return plain(c) || c == '-' || c == '.'; });
}

json shape_json(std::vector<std::int64_t> const& extents) {
  return extents.empty() ? json::array() : json(extents);
}

// Integers have no fill value: xarray would take it for a missing value and turn them into floats.
json fill_value(DType dtype) {
  return is_floating(dtype) ? json("NaN") : json(nullptr);
}

json compressor() {
  return {{"id", "zstd"}, {"level", compression_level}};
}

json array_document(ArraySpec const& spec) {
  return {{"zarr_format", 2},
          {"shape", shape_json(spec.shape)},
          {"chunks", shape_json(spec.chunks)},
          {"dtype", dtype_code(spec.dtype)},
          {"compressor", compressor()},
          {"fill_value", fill_value(spec.dtype)},
          {"order", "C"},
          {"filters", nullptr},
          {"dimension_separator", "."}};
}

json array_attributes(ArraySpec const& spec) {
  json attributes = spec.attributes.is_object() ? spec.attributes : json::object();
  attributes[dimensions_attribute] =
      spec.dimensions.empty() ? json::array() : json(spec.dimensions);
  return attributes;
}

json group_attributes(GroupMetadata const& group) {
  json attributes = group.attributes.is_object() ? group.attributes : json::object();
  std::set<std::string> growing;
  for (auto const& [name, spec] : group.arrays) {
    if (spec.grows) growing.insert(spec.dimensions.front());
  }
  if (!growing.empty()) attributes[growing_attribute] = growing;
  return attributes;
}

json const& member(json const& object, std::string const& key, std::string const& where) {
  auto const found = object.find(key);
  if (found == object.end()) throw InputError(fmt::format("{}: has no \"{}\"", where, key));
  return *found;
}

json const& object_member(json const& object, std::string const& key, std::string const& where) {
  auto const& value = member(object, key, where);
  if (!value.is_object()) {
    throw InputError(fmt::format("{}: \"{}\" is no JSON object", where, key));
  }
  return value;
}

/// Requires a member to be exactly what brink writes there.
void expect(json const& object, char const* key, json const& expected, std::string const& where) {
  if (member(object, key, where) != expected) {
    throw InputError(fmt::format("{}: \"{}\" is not {}, which is what brink writes", where, key,
                                 expected.dump()));
  }
}

std::vector<std::int64_t> parse_extents(json const& document, char const* key,
                                        std::string const& where) {
  auto const& list = member(document, key, where);
  auto const is_extent = [](json const& value) {
    return value.is_number_integer() && value >= 0 && value <= largest_chunk_bytes * 1024;
  };
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_extent)) {
    throw InputError(fmt::format("{}: \"{}\" is no list of extents", where, key));
  }
  return list.get<std::vector<std::int64_t>>();
}

std::vector<std::string> parse_strings(json const& object, char const* key,
                                       std::string const& where) {
  auto const& list = member(object, key, where);
  if (!list.is_array() ||
      !std::all_of(list.begin(), list.end(), [](json const& value) { return value.is_string(); })) {
    throw InputError(fmt::format("{}: \"{}\" is no list of names", where, key));
  }
  return list.get<std::vector<std::string>>();
}

ArraySpec parse_array(std::string const& name, json const& document, json attributes,
                      std::vector<std::string> const& growing, std::string const& where) {
  ArraySpec spec;
  spec.name = name;
  auto const& dtype = member(document, "dtype", where);
  spec.dtype = parse_dtype(dtype.is_string() ? dtype.get<std::string>() : std::string(), where);
  expect(document, "zarr_format", 2, where);
  expect(document, "compressor", compressor(), where);
  expect(document, "fill_value", fill_value(spec.dtype), where);
  expect(document, "order", "C", where);
  expect(document, "filters", nullptr, where);
  expect(document, "dimension_separator", ".", where);
  spec.shape = parse_extents(document, "shape", where);
  spec.chunks = parse_extents(document, "chunks", where);
  spec.dimensions = parse_strings(attributes, dimensions_attribute, where);
  attributes.erase(dimensions_attribute);
  spec.attributes = std::move(attributes);
  spec.grows = !spec.dimensions.empty() &&
               std::find(growing.begin(), growing.end(), spec.dimensions.front()) != growing.end();
  return spec;
}

}  // namespace

std::vector<std::int64_t> default_chunks(ArraySpec const& spec) {
  Extents chunks = spec.shape;
  for (auto& extent : chunks) extent = std::max<std::int64_t>(extent, 1);
  if (spec.grows && !chunks.empty()) chunks.front() = most_default_rows;
  auto const too_many = [&chunks] {
    auto const count = element_count(chunks);
    return count < 0 || count > default_chunk_elements;
  };
  // Fewer rows first; rows that are too long by themselves are then halved where they are longest.
  while (too_many()) {
    auto const longest =
        chunks.front() > 1 ? chunks.begin() : std::max_element(chunks.begin(), chunks.end());
    *longest = (*longest + 1) / 2;
  }
  return chunks;
}

void check_array(ArraySpec const& spec, std::string const& where) {
  auto const refuse = [&where](std::string const& what) {
    throw InputError(fmt::format("{}: {}", where, what));
  };
  auto const rank = spec.dimensions.size();
  if (!is_name(spec.name)) {
    refuse(fmt::format("not an array's name; use at most {} letters, digits, _ - and .",
                       longest_name));
  }
  if (!std::all_of(spec.dimensions.begin(), spec.dimensions.end(), is_name)) {
    refuse("has a dimension whose name is not made of letters, digits, _ - and .");
  }
  if (rank > most_dimensions || spec.shape.size() != rank || spec.chunks.size() != rank) {
    refuse(
        fmt::format("{} dimensions, {} extents and {} chunk extents, but one of each per "
                    "dimension, at most {}, are needed",
                    rank, spec.shape.size(), spec.chunks.size(), most_dimensions));
  }
  if (std::set<std::string>(spec.dimensions.begin(), spec.dimensions.end()).size() != rank) {
    refuse("names a dimension twice");
  }
  if (spec.grows && rank == 0) refuse("grows, but has no dimension to grow along");
  for (std::size_t d = 0; d < rank; ++d) {
    if (spec.shape[d] < 0 || spec.chunks[d] < 1) {
      refuse(
          fmt::format("dimension {} has extent {} and chunk extent {}; at least 0 and 1 are "
                      "needed",
                      spec.dimensions[d], spec.shape[d], spec.chunks[d]));
    }
  }
  auto const chunk_elements = element_count(spec.chunks);
  if (chunk_elements < 0 || chunk_elements > largest_chunk_bytes / item_size(spec.dtype)) {
    refuse(fmt::format("its chunks exceed {} bytes; make them smaller", largest_chunk_bytes));
  }
  auto const elements = element_count(spec.shape);
  if (elements < 0 || elements > std::numeric_limits<std::int64_t>::max() / 8) {
    refuse("has more elements than can be counted in 62 bits");
  }
}

void check_shared_dimensions(ArraySpec const& spec, ArraySpec const& other,
                             std::string const& where) {
  auto const grows = [](ArraySpec const& array, std::size_t d) { return array.grows && d == 0; };
  for (std::size_t a = 0; a < spec.dimensions.size(); ++a) {
    for (std::size_t b = 0; b < other.dimensions.size(); ++b) {
      if (spec.dimensions[a] != other.dimensions[b]) continue;
      if (spec.shape[a] != other.shape[b] || grows(spec, a) != grows(other, b)) {
        throw InputError(fmt::format(
            "{}: dimension {} has {} {} here but {} {} in {}", where, spec.dimensions[a],
            spec.shape[a], grows(spec, a) ? "growing rows" : "fixed places", other.shape[b],
            grows(other, b) ? "growing rows" : "fixed places", other.name));
      }
    }
  }
}

std::map<std::string, json> metadata_documents(GroupMetadata const& group) {
  std::map<std::string, json> documents;
  documents[".zgroup"] = {{"zarr_format", 2}};
  documents[".zattrs"] = group_attributes(group);
  for (auto const& [name, spec] : group.arrays) {
    documents[name + "/.zarray"] = array_document(spec);
    documents[name + "/.zattrs"] = array_attributes(spec);
  }
  return documents;
}

std::string metadata_checksum(json const& documents) {
  auto const text = json_text(documents);
  return fmt::format("{:08x}", crc_of(std::as_bytes(std::span(text))));
}

json consolidated(std::map<std::string, json> const& documents) {
  return {{"zarr_consolidated_format", 1},
          {"metadata", documents},
          {checksum_key, metadata_checksum(documents)}};
}

json const& record_attributes(json const& root, std::string const& name) {
  if (!root.is_object()) throw InputError(fmt::format("{}: is no JSON object", name));
  auto const& attributes = object_member(object_member(root, "metadata", name), ".zattrs", name);
  if (!attributes.contains(version_attribute)) {
    throw InputError(fmt::format("{}: a Zarr group, but not a brink record: it has no attribute {}",
                                 name, version_attribute));
  }
  json const format = attributes.value(format_attribute, json(0));
  if (format == record_format) return attributes;
  bool const newer = format.is_number() && format > record_format;
  throw InputError(
      fmt::format("{}: written by brink {} in record format {}, but this brink has format {}; {}",
                  name, attributes.at(version_attribute).dump(), format.dump(), record_format,
                  newer ? "use a newer one" : "make the record anew"));
}

GroupMetadata parse_group_metadata(std::string_view text, std::string const& name) {
  auto const root = parse_json_text(text, name);
  GroupMetadata group;
  group.attributes = record_attributes(root, name);
  expect(root, "zarr_consolidated_format", 1, name);
  auto const& documents = object_member(root, "metadata", name);
  expect(object_member(documents, ".zgroup", name), "zarr_format", 2, name);
  std::vector<std::string> growing;
  if (group.attributes.contains(growing_attribute)) {
    growing = parse_strings(group.attributes, growing_attribute, name);
    group.attributes.erase(growing_attribute);
  }
  for (auto const& [key, document] : documents.items()) {
    if (!key.ends_with(array_suffix)) continue;
    auto const array = key.substr(0, key.size() - array_suffix.size());
    if (!is_name(array)) {
      throw InputError(fmt::format("{}: holds an array whose name brink does not write", name));
    }
    auto const where = fmt::format("{}: array {}", name, array);
    auto spec = parse_array(array, object_member(documents, key, name),
                            object_member(documents, array + "/.zattrs", name), growing, where);
    check_array(spec, where);
    for (auto const& [other_name, other] : group.arrays) {
      check_shared_dimensions(spec, other, where);
    }
    group.arrays.emplace(array, std::move(spec));
    if (group.arrays.size() > most_arrays) {
      throw InputError(fmt::format("{}: holds more than {} arrays", name, most_arrays));
    }
  }
  return group;
}

}  // namespace brink
