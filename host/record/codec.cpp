#include "host/record/codec.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <array>

#include "kernels/error.hpp"

namespace brink {
namespace {

struct Spelling {
  DType dtype;
  std::string_view code;
};

constexpr std::array<Spelling, 9> spellings{{{DType::f4, "<f4"},
                                             {DType::f8, "<f8"},
                                             {DType::i2, "<i2"},
                                             {DType::i4, "<i4"},
                                             {DType::i8, "<i8"},
                                             {DType::u1, "|u1"},
                                             {DType::u2, "<u2"},
                                             {DType::u4, "<u4"},
                                             {DType::u8, "<u8"}}};

}  // namespace

std::int64_t item_size(DType dtype) {
  return with_element_type(dtype, [](auto zero) { return static_cast<std::int64_t>(sizeof zero); });
}

bool is_floating(DType dtype) {
  return with_element_type(dtype,
                           []<class Stored>(Stored) { return std::is_floating_point_v<Stored>; });
}

std::string dtype_code(DType dtype) {
  for (auto const& spelling : spellings) {
    if (spelling.dtype == dtype) return std::string(spelling.code);
  }
  throw std::logic_error("no such DType");
}

DType parse_dtype(std::string_view code, std::string const& name) {
  for (auto const& spelling : spellings) {
    if (spelling.code == code) return spelling.dtype;
  }
  throw InputError(
      fmt::format("{}: unknown dtype; brink writes <f4 <f8 <i2 <i4 <i8 |u1 <u2 <u4 and <u8", name));
}

std::vector<std::byte> fill_elements(DType dtype, std::int64_t count) {
  return with_element_type(dtype, [count]<class Stored>(Stored) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(count) * sizeof(Stored));
    if constexpr (std::is_floating_point_v<Stored>) {
      auto const fill = std::numeric_limits<Stored>::quiet_NaN();
      for (std::size_t at = 0; at < bytes.size(); at += sizeof fill) {
        std::memcpy(bytes.data() + at, &fill, sizeof fill);
      }
    }
    return bytes;
  });
}

void refuse_value(std::string const& name, long double value, std::size_t bytes, bool is_signed) {
  throw InputError(fmt::format("{}: {} does not fit in a {}-byte {} integer", name, value, bytes,
                               is_signed ? "signed" : "unsigned"));
}

std::vector<double> decode(DType dtype, std::span<std::byte const> bytes) {
  return with_element_type(dtype, [bytes]<class Stored>(Stored stored) {
    std::vector<double> values(bytes.size() / sizeof stored);
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
      values[i] = static_cast<double>(stored);
    }
    return values;
  });
}

std::vector<std::byte> compress(std::span<std::byte const> bytes) {
  thread_local std::vector<std::byte> frame;  // grows to the largest, and is not cleared again
  frame.resize(std::max(frame.size(), ZSTD_compressBound(bytes.size())));
  std::size_t const size =
      ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), compression_level);
  if (ZSTD_isError(size) != 0) {
    throw MachineError(
        fmt::format("zstd cannot compress {} bytes: {}", bytes.size(), ZSTD_getErrorName(size)));
  }
  return {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)};
}

std::vector<std::byte> decompress(std::span<std::byte const> frame, std::int64_t size,
                                  std::string const& name) {
  auto const expected = static_cast<std::size_t>(size);
  auto const stated = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (stated != expected) {
    throw InputError(
        fmt::format("{}: not a zstd frame of {} bytes; the chunk is damaged", name, expected));
  }
  std::vector<std::byte> bytes(expected);
  std::size_t const got = ZSTD_decompress(bytes.data(), expected, frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != expected) {
    throw InputError(fmt::format("{}: zstd data of {} bytes is damaged ({})", name, frame.size(),
                                 ZSTD_isError(got) != 0 ? ZSTD_getErrorName(got) : "too short"));
  }
  return bytes;
}

}  // namespace brink
