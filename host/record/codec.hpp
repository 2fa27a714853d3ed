#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace brink {

static_assert(std::endian::native == std::endian::little, "records are little-endian");

/// Element types of a record's arrays: kind and bytes, as numpy spells them.
enum class DType { f4, f8, i2, i4, i8, u1, u2, u4, u8 };

/// Calls `function` with a zero of the element type, so that its body can be a template.
template <class Function>
decltype(auto) with_element_type(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::f4:
      return function(float{});
    case DType::f8:
      return function(double{});
    case DType::i2:
      return function(std::int16_t{});
    case DType::i4:
      return function(std::int32_t{});
    case DType::i8:
      return function(std::int64_t{});
    case DType::u1:
      return function(std::uint8_t{});
    case DType::u2:
      return function(std::uint16_t{});
    case DType::u4:
      return function(std::uint32_t{});
    case DType::u8:
      return function(std::uint64_t{});
  }
  throw std::logic_error("no such DType");
}

/// Bytes of one element.
std::int64_t item_size(DType dtype);
bool is_floating(DType dtype);

/// numpy's spelling with byte order: "<f8", "|u1", ...
std::string dtype_code(DType dtype);
/// The reverse. Throws InputError that starts with `name`.
DType parse_dtype(std::string_view code, std::string const& name);

/// `count` elements of what unwritten places hold: NaN, or 0 for integers.
std::vector<std::byte> fill_elements(DType dtype, std::int64_t count);

/// Throws InputError: the value does not fit in an integer of so many bytes.
[[noreturn]] void refuse_value(std::string const& name, long double value, std::size_t bytes,
                               bool is_signed);

/// One element converted to `Stored`. An integer type takes only values that it holds exactly;
/// for anything else throws InputError that starts with `name`.
template <class Stored, class Value>
Stored stored_value(Value value, std::string const& name) {
  if constexpr (std::is_floating_point_v<Stored>) {
    return static_cast<Stored>(value);
  } else {
    bool fits = false;
    if constexpr (std::is_floating_point_v<Value>) {
      // Both bounds are powers of two (or 0), hence exact in Value; NaN fails every comparison.
      auto const above = std::ldexp(Value{1}, std::numeric_limits<Stored>::digits);
      auto const lowest = std::is_signed_v<Stored> ? -above : Value{0};
      fits = value >= lowest && value < above && std::trunc(value) == value;
    } else {
      fits = std::in_range<Stored>(value);
    }
    if (!fits) {
      refuse_value(name, static_cast<long double>(value), sizeof(Stored), std::is_signed_v<Stored>);
    }
    return static_cast<Stored>(value);
  }
}

/// Values as the bytes of `dtype`; see stored_value for what is refused.
template <class Value>
requires std::is_arithmetic_v<Value> std::vector<std::byte> encode(DType dtype,
                                                                   std::span<Value const> values,
                                                                   std::string const& name) {
  std::vector<std::byte> bytes(values.size() * static_cast<std::size_t>(item_size(dtype)));
  with_element_type(dtype, [&]<class Stored>(Stored) {
    std::byte* out = bytes.data();
    for (Value const value : values) {
      auto const stored = stored_value<Stored>(value, name);
      std::memcpy(out, &stored, sizeof stored);
      out += sizeof stored;
    }
  });
  return bytes;
}

/// Elements of `dtype` as doubles (8-byte integers beyond 2^53 are rounded).
std::vector<double> decode(DType dtype, std::span<std::byte const> bytes);

/// The numcodecs "zstd" codec at `compression_level`: one frame that states its content's size.
inline constexpr int compression_level = 3;
std::vector<std::byte> compress(std::span<std::byte const> bytes);
/// The reverse, for content of exactly `size` bytes. Throws InputError that starts with `name`.
std::vector<std::byte> decompress(std::span<std::byte const> frame, std::int64_t size,
                                  std::string const& name);

}  // namespace brink
