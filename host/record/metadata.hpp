#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "host/record/codec.hpp"

namespace brink {

/// What an array of a record is. Dimensions that share a name share their length.
struct ArraySpec {
  std::string name;  // letters, digits, "_", "-" and "."
  DType dtype = DType::f8;
  std::vector<std::string> dimensions;  // the first is the growing one when `grows`
  std::vector<std::int64_t> shape;      // of the whole; shape[0] starts at 0 when `grows`
  std::vector<std::int64_t> chunks;     // empty: chosen by default_chunks
  nlohmann::json attributes;            // units, long_name, flag_values, flag_meanings ...
  bool grows = false;                   // along dimension 0, by append
};

/// The attribute by which a group is known as a brink record: the program's version.
inline constexpr char const* version_attribute = "brink_version";

/// The attribute that says how a record is laid out, and the layout that this program writes: Zarr
/// format 2, sealed chunks (seal.hpp), metadata with a checksum.
inline constexpr char const* format_attribute = "brink_format";
inline constexpr int record_format = 1;

/// The attribute of a scan that names the arrays whose chunks come one by one.
inline constexpr char const* scanned_attribute = "scanned";

/// The file that holds all metadata of a group, by which readers go.
inline constexpr char const* consolidated_file = ".zmetadata";

/// Where ".zmetadata" has the checksum of the rest.
inline constexpr char const* checksum_key = "brink_checksum";

/// Chunks of about half a megabyte that hold whole rows where they can; at most 4096 rows of a
/// growing array.
std::vector<std::int64_t> default_chunks(ArraySpec const& spec);

/// Throws InputError that starts with `where` unless name, dimensions, shape and chunks (all given)
/// make an array that readers accept.
void check_array(ArraySpec const& spec, std::string const& where);

/// Throws InputError that starts with `where` if the two share a dimension but not its length, or
/// if it grows for one only.
void check_shared_dimensions(ArraySpec const& spec, ArraySpec const& other,
                             std::string const& where);

/// All that a Zarr group says of itself.
struct GroupMetadata {
  nlohmann::json attributes;
  std::map<std::string, ArraySpec> arrays;
};

/// The metadata files of a Zarr (format 2) group, by their path in it: ".zgroup", ".zattrs" and
/// "NAME/.zarray", "NAME/.zattrs" of each array.
std::map<std::string, nlohmann::json> metadata_documents(GroupMetadata const& group);

/// The CRC-32 of the metadata files' text, in hexadecimal.
std::string metadata_checksum(nlohmann::json const& documents);

/// Those files in one, as ".zmetadata" holds them, with their checksum.
nlohmann::json consolidated(std::map<std::string, nlohmann::json> const& documents);

/// The attributes of the record whose ".zmetadata" holds `root`. Throws InputError that starts with
/// `name` unless it is a record, and its layout one that this program knows.
nlohmann::json const& record_attributes(nlohmann::json const& root, std::string const& name);

/// Reads the text of a ".zmetadata" that consolidated() made. Throws InputError that starts with
/// `name` for anything else.
GroupMetadata parse_group_metadata(std::string_view text, std::string const& name);

}  // namespace brink
