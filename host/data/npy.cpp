#include "host/data/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

#include "host/data/atomic_file.hpp"
#include "host/data/file.hpp"
#include "kernels/error.hpp"

static_assert(std::endian::native == std::endian::little, "items are read as they lie in the file");

namespace brink {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
/// Real headers have some hundred bytes; version 1.0 cannot exceed 65545.
constexpr std::int64_t header_limit = 65545;
constexpr std::size_t bytes_at_once = std::size_t{1} << 20;

/// Reads the Python dictionary literal in a header: strings, booleans and a tuple of integers.
class HeaderText {
 public:
  HeaderText(std::string_view text, std::string const& name) : text_(text), name_(name) {}

  [[noreturn]] void fail(std::string_view problem) const {
    throw InputError(fmt::format("{}: bad .npy header: {} at character {}", name_, problem, at_));
  }

  bool accept(char wanted) {
    skip_space();
    bool const found = at_ < text_.size() && text_[at_] == wanted;
    at_ += found ? 1 : 0;
    return found;
  }

  void expect(char wanted) {
    if (!accept(wanted)) {
      fail(fmt::format("no '{}'", wanted));
    }
  }

  void expect_end() {
    skip_space();
    if (at_ != text_.size()) {
      fail("text after the dictionary");
    }
  }

  std::string_view string() {
    char const quote = accept('"') ? '"' : '\'';
    if (quote == '\'') {
      expect('\'');
    }
    std::size_t const end = text_.find(quote, at_);
    if (end == text_.npos) {
      fail("unfinished string");
    }
    std::string_view const content = text_.substr(at_, end - at_);
    at_ = end + 1;
    return content;
  }

  bool boolean() {
    skip_space();
    for (auto const& [word, value] :
         {std::pair{std::string_view("True"), true}, std::pair{std::string_view("False"), false}}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    fail("neither True nor False");
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> values;
    expect('(');
    while (!accept(')')) {
      values.push_back(integer());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) {
      ++at_;
    }
  }

  std::int64_t integer() {
    skip_space();
    std::int64_t value = 0;
    auto const [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) {
      fail("no dimension");
    }
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::string_view text_;
  std::string const& name_;
  std::size_t at_ = 0;
};

/// File contents for an error message: short, one line.
std::string printable(std::string_view text) {
  std::string result;
  for (char const c : text.substr(0, 40)) {
    result += c >= ' ' && c <= '~' ? c : '?';
  }
  return result;
}

void set_type(NpyHeader& header, std::string_view descr, std::string const& name) {
  bool const well_formed = descr.size() == 3;
  char const order = well_formed ? descr[0] : ' ';
  header.kind = well_formed ? descr[1] : ' ';
  header.item_size = well_formed ? descr[2] - '0' : 0;
  int const size = header.item_size;
  bool const power = size == 1 || size == 2 || size == 4 || size == 8;
  bool const known = (header.kind == 'f' && (size == 4 || size == 8)) ||
                     ((header.kind == 'i' || header.kind == 'u') && power) ||
                     (header.kind == 'b' && size == 1);
  bool const little = order == '<' || (size == 1 && (order == '|' || order == '>'));
  if (!known || !little) {
    throw InputError(
        fmt::format("{}: items of type '{}' are not supported; save as little-endian float32, "
                    "float64, or integers of at most 64 bits",
                    name, printable(descr)));
  }
}

/// Product of the shape; InputError when it is not what `bytes` bytes hold.
std::int64_t checked_items(NpyHeader const& header, std::int64_t bytes, std::string const& name) {
  bool const empty = std::ranges::find(header.shape, 0) != header.shape.end();
  std::int64_t const present = bytes / header.item_size;
  std::int64_t items = empty ? 0 : 1;
  for (std::int64_t const extent : header.shape) {
    if (!empty && items > present / extent) {
      throw InputError(
          fmt::format("{}: its header claims shape ({}) of {}, but only {} bytes follow", name,
                      fmt::join(header.shape, ", "), header.type_name(), bytes));
    }
    items *= empty ? 1 : extent;
  }
  if (items > present) {
    throw InputError(
        fmt::format("{}: its header claims one item, but {} bytes follow", name, bytes));
  }
  if (items * header.item_size != bytes) {
    throw InputError(fmt::format("{}: its header claims shape ({}) of {}, {} bytes, but {} follow",
                                 name, fmt::join(header.shape, ", "), header.type_name(),
                                 items * header.item_size, bytes));
  }
  return items;
}

void parse_dictionary(NpyHeader& header, std::string_view dictionary, std::string const& name) {
  HeaderText text(dictionary, name);
  bool has_type = false;
  bool has_order = false;
  bool has_shape = false;
  text.expect('{');
  while (!text.accept('}')) {
    std::string_view const key = text.string();
    text.expect(':');
    if (key == "descr" && !has_type) {
      if (text.accept('[')) {
        throw InputError(
            fmt::format("{}: structured items are not supported; save one plain array", name));
      }
      set_type(header, text.string(), name);
      has_type = true;
    } else if (key == "fortran_order" && !has_order) {
      header.fortran_order = text.boolean();
      has_order = true;
    } else if (key == "shape" && !has_shape) {
      header.shape = text.tuple();
      has_shape = true;
    } else {
      text.fail(fmt::format("unexpected key '{}'", printable(key)));
    }
    if (!text.accept(',')) {
      text.expect('}');
      break;
    }
  }
  text.expect_end();
  if (!has_type || !has_order || !has_shape) {
    text.fail("descr, fortran_order or shape is missing");
  }
}

/// Calls `visit` with a value of the C++ type of the items.
template <class Visitor>
void visit_item_type(NpyHeader const& header, Visitor const& visit) {
  switch (header.kind) {
    case 'f':
      return header.item_size == 4 ? visit(float{}) : visit(double{});
    case 'i':
      switch (header.item_size) {
        case 1:
          return visit(std::int8_t{});
        case 2:
          return visit(std::int16_t{});
        case 4:
          return visit(std::int32_t{});
        default:
          return visit(std::int64_t{});
      }
    default:
      switch (header.item_size) {
        case 1:
          return visit(std::uint8_t{});
        case 2:
          return visit(std::uint16_t{});
        case 4:
          return visit(std::uint32_t{});
        default:
          return visit(std::uint64_t{});
      }
  }
}

/// Position in C order of the item stored at position `stored`.
std::int64_t c_position(NpyHeader const& header, std::int64_t stored) {
  if (!header.fortran_order) {
    return stored;
  }
  std::int64_t position = 0;
  for (std::int64_t const extent : header.shape) {
    position = position * extent + stored % extent;
    stored /= extent;
  }
  return position;
}

template <class T, class Item>
T converted(Item item, std::int64_t position, std::string const& name) {
  if constexpr (std::is_integral_v<T> && std::is_integral_v<Item>) {
    if (!std::in_range<T>(item)) {
      throw InputError(fmt::format("{}: item {} is {}; it must lie in {} ... {}", name, position,
                                   item, std::numeric_limits<T>::min(),
                                   std::numeric_limits<T>::max()));
    }
  }
  return static_cast<T>(item);
}

/// Converts `bytes`, the items from stored position `first` on, into their places in `out`, which
/// holds the beginning of the array in C order; what lies beyond it is dropped.
template <class T>
void convert(NpyHeader const& header, std::span<std::byte const> bytes, std::int64_t first,
             std::span<T> out, std::string const& name) {
  if (std::is_integral_v<T> && header.kind == 'f') {
    throw InputError(
        fmt::format("{}: holds {}; integers are needed here", name, header.type_name()));
  }
  visit_item_type(header, [&]<class Item>(Item item) {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(Item), ++first) {
      std::memcpy(&item, bytes.data() + at, sizeof(Item));
      std::int64_t const position = c_position(header, first);
      if (position < std::ssize(out)) {
        out[static_cast<std::size_t>(position)] = converted<T>(item, position, name);
      }
    }
  });
}

template <class T>
constexpr char kind_of() {
  return std::is_floating_point_v<T> ? 'f' : 'i';
}

}  // namespace

std::string NpyHeader::type_name() const {
  if (kind == 'b') {
    return "bool";
  }
  return fmt::format("{}{}", kind == 'f' ? "float" : kind == 'i' ? "int" : "uint", 8 * item_size);
}

NpyHeader parse_npy_header(std::span<std::byte const> beginning, std::int64_t file_size,
                           std::string const& name) {
  std::string_view const text(reinterpret_cast<char const*>(beginning.data()), beginning.size());
  if (!text.starts_with(magic)) {
    throw InputError(fmt::format("{}: not an .npy file; it does not begin with \\x93NUMPY", name));
  }
  auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  unsigned const version = byte(6);
  if (version < 1 || version > 3 || byte(7) != 0) {
    throw InputError(fmt::format("{}: .npy version {}.{} is not supported; 1.0, 2.0 and 3.0 are",
                                 name, version, byte(7)));
  }
  std::size_t const begin = version == 1 ? 10 : 12;
  std::int64_t const length =
      version == 1 ? byte(8) | byte(9) << 8
                   : byte(8) | byte(9) << 8 | byte(10) << 16 | std::int64_t{byte(11)} << 24;
  NpyHeader header;
  header.data_offset = static_cast<std::int64_t>(begin) + length;
  if (header.data_offset > header_limit) {
    throw InputError(fmt::format("{}: its header claims {} bytes; at most {} are supported", name,
                                 length, header_limit));
  }
  if (header.data_offset > std::ssize(text)) {
    throw InputError(fmt::format("{}: truncated: it has {} bytes, its header alone claims {}", name,
                                 file_size, header.data_offset));
  }
  parse_dictionary(header, text.substr(begin, static_cast<std::size_t>(length)), name);
  header.items = checked_items(header, file_size - header.data_offset, name);
  return header;
}

NpyHeader read_npy_header(std::filesystem::path const& path) {
  return parse_npy_header(read_file(path, header_limit), regular_file_size(path), path.string());
}

NpyArray parse_npy(std::span<std::byte const> file, std::string const& name) {
  NpyArray array{parse_npy_header(file, std::ssize(file), name), {}};
  auto const items = file.subspan(static_cast<std::size_t>(array.data_offset));
  array.bytes.assign(items.begin(), items.end());
  return array;
}

NpyArray read_npy(std::filesystem::path const& path) {
  return parse_npy(read_file(path), path.string());
}

template <class T>
std::vector<T> npy_values(NpyArray const& array, std::string const& name) {
  std::vector<T> values(static_cast<std::size_t>(array.items));
  convert<T>(array, array.bytes, 0, values, name);
  return values;
}

template <class T>
std::vector<T> read_npy_rows(std::filesystem::path const& path, NpyHeader const& header,
                             std::int64_t rows) {
  if (header.items == 0 || header.shape.empty()) {
    return npy_values<T>(read_npy(path), path.string());
  }
  std::int64_t const wanted = header.items / header.shape[0] * std::min(rows, header.shape[0]);
  std::vector<T> values(static_cast<std::size_t>(wanted));
  std::ifstream file(path, std::ios::binary);
  file.seekg(header.data_offset);
  std::vector<std::byte> chunk(bytes_at_once);
  // Fortran order has the rows interleaved, so the whole file has to pass by.
  std::int64_t const end = header.fortran_order ? header.items : wanted;
  for (std::int64_t first = 0; first < end;) {
    std::int64_t const count =
        std::min(end - first, static_cast<std::int64_t>(bytes_at_once) / header.item_size);
    file.read(reinterpret_cast<char*>(chunk.data()), count * header.item_size);
    if (!file) {
      throw MachineError(fmt::format("{}: reading failed", path.string()));
    }
    convert<T>(header, std::span(chunk).first(static_cast<std::size_t>(count * header.item_size)),
               first, values, path.string());
    first += count;
  }
  return values;
}

template <class T>
void write_npy(std::filesystem::path const& path, std::span<T const> values,
               std::vector<std::int64_t> const& shape) {
  std::int64_t items = 1;
  for (std::int64_t const extent : shape) {
    items *= extent;
  }
  if (items != std::ssize(values)) {
    throw std::invalid_argument("write_npy: the shape does not match the number of values");
  }
  std::string text =
      fmt::format("{{'descr': '<{}{}', 'fortran_order': False, 'shape': ({}{}), }}", kind_of<T>(),
                  sizeof(T), fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // NumPy aligns the items to 64 bytes.
  std::size_t const prefix = magic.size() + 4;
  text.resize((prefix + text.size() + 1 + 63) / 64 * 64 - prefix - 1, ' ');
  text += '\n';
  std::string bytes =
      fmt::format("{}\x01{}{}{}{}", magic, '\0', static_cast<char>(text.size() & 0xFF),
                  static_cast<char>(text.size() >> 8), text);
  bytes += as_text(std::as_bytes(values));
  check_names_file(path);
  remove_orphaned_siblings(path);  // of runs that were killed while they wrote
  write_atomically(path, bytes);
}

template std::vector<float> npy_values<float>(NpyArray const&, std::string const&);
template std::vector<double> npy_values<double>(NpyArray const&, std::string const&);
template std::vector<std::int32_t> npy_values<std::int32_t>(NpyArray const&, std::string const&);
template std::vector<std::int64_t> npy_values<std::int64_t>(NpyArray const&, std::string const&);
template std::vector<float> read_npy_rows<float>(std::filesystem::path const&, NpyHeader const&,
                                                 std::int64_t);
template std::vector<double> read_npy_rows<double>(std::filesystem::path const&, NpyHeader const&,
                                                   std::int64_t);
template std::vector<std::int32_t> read_npy_rows<std::int32_t>(std::filesystem::path const&,
                                                               NpyHeader const&, std::int64_t);
template std::vector<std::int64_t> read_npy_rows<std::int64_t>(std::filesystem::path const&,
                                                               NpyHeader const&, std::int64_t);
template void write_npy<float>(std::filesystem::path const&, std::span<float const>,
                               std::vector<std::int64_t> const&);
template void write_npy<double>(std::filesystem::path const&, std::span<double const>,
                                std::vector<std::int64_t> const&);
template void write_npy<std::int32_t>(std::filesystem::path const&, std::span<std::int32_t const>,
                                      std::vector<std::int64_t> const&);
template void write_npy<std::int64_t>(std::filesystem::path const&, std::span<std::int64_t const>,
                                      std::vector<std::int64_t> const&);

}  // namespace brink
