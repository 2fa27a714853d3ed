#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

// NumPy's .npy format, versions 1.0 to 3.0: little-endian floats of 4 or 8 bytes, integers of 1 to
// 8 bytes, and booleans, in C or Fortran order.

namespace brink {

/// What an .npy file says of its items, with the check done that the file holds exactly those.
struct NpyHeader {
  std::vector<std::int64_t> shape;
  /// 'f' float, 'i' signed, 'u' unsigned, 'b' boolean.
  char kind = 'f';
  int item_size = 4;
  bool fortran_order = false;
  /// Where the items begin in the file, in bytes.
  std::int64_t data_offset = 0;
  /// Product of the shape.
  std::int64_t items = 1;

  /// The element type as NumPy spells it: "float32", "int64", "bool".
  std::string type_name() const;
};

/// A whole .npy file; `bytes` are its items as stored.
struct NpyArray : NpyHeader {
  std::vector<std::byte> bytes;
};

/// Reads the header of a file whose first bytes are `beginning` and which has `file_size` bytes.
/// InputError, naming `name`, on anything that is not a supported, complete file.
NpyHeader parse_npy_header(std::span<std::byte const> beginning, std::int64_t file_size,
                           std::string const& name);

/// parse_npy_header for a file on disk; reads no item.
NpyHeader read_npy_header(std::filesystem::path const& path);

/// A whole file in memory. InputError as for parse_npy_header.
NpyArray parse_npy(std::span<std::byte const> file, std::string const& name);

/// A whole file on disk. InputError as for parse_npy_header.
NpyArray read_npy(std::filesystem::path const& path);

/// The items converted to T, in C order. T is float, double, int32_t or int64_t. InputError when
/// floats are asked for as integers or an integer does not fit.
template <class T>
std::vector<T> npy_values(NpyArray const& array, std::string const& name);

/// The first `rows` rows (of the first dimension) of the file that `header` was read from, as
/// npy_values. Converts while reading, so that it needs hardly more memory than its result.
template <class T>
std::vector<T> read_npy_rows(std::filesystem::path const& path, NpyHeader const& header,
                             std::int64_t rows);

/// Writes `values` (C order, as many as the product of `shape`) as a version 1.0 file that appears
/// all at once. T as for npy_values. InputError where `path` cannot name a file, MachineError when
/// writing fails.
template <class T>
void write_npy(std::filesystem::path const& path, std::span<T const> values,
               std::vector<std::int64_t> const& shape);

}  // namespace brink
