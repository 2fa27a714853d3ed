#include "host/record/codec.hpp"
#include "host/record/seal.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "host/data/grid.hpp"
#include "host/record/json_text.hpp"
#include "tests/host/record_support.hpp"

namespace brink {
namespace {

using nlohmann::json;
using test::expect_input_error;

constexpr DType all_types[] = {DType::f4, DType::f8, DType::i2, DType::i4, DType::i8,
                               DType::u1, DType::u2, DType::u4, DType::u8};

template <class Value>
std::vector<double> through(DType dtype, std::vector<Value> const& values) {
  return decode(dtype, encode(dtype, std::span<Value const>(values), "array"));
}

TEST(Codec, EveryTypeKeepsSmallNumbers) {
  for (auto const dtype : all_types) {
    EXPECT_EQ(through<double>(dtype, {0, 1, 127}), (std::vector<double>{0, 1, 127}));
    EXPECT_EQ(through<int>(dtype, {0, 1, 127}), (std::vector<double>{0, 1, 127}));
    EXPECT_EQ(parse_dtype(dtype_code(dtype), "x"), dtype);
    EXPECT_EQ(fill_elements(dtype, 3).size(), 3 * static_cast<std::size_t>(item_size(dtype)));
  }
}

TEST(Codec, EveryIntegerTypeKeepsItsBoundsAndRefusesTheNextValue) {
  for (auto const dtype : all_types) {
    if (is_floating(dtype)) continue;
    with_element_type(dtype, [dtype]<class Stored>(Stored) {
      using Limits = std::numeric_limits<Stored>;
      if constexpr (!std::is_floating_point_v<Stored>) {
        EXPECT_NO_THROW(through<Stored>(dtype, {Limits::min(), Limits::max()}));
        double const above = std::ldexp(1.0, Limits::digits);
        double const below = std::is_signed_v<Stored> ? -above : 0.0;
        EXPECT_EQ(through<double>(dtype, {below}), std::vector<double>{below});
        expect_input_error([&] { through<double>(dtype, {above}); }, "does not fit");
        expect_input_error([&] { through<double>(dtype, {2 * below - 1}); }, "does not fit");
      }
    });
  }
}

TEST(Codec, IntegersRefuseWhatTheyCannotHold) {
  expect_input_error([] { through<double>(DType::u1, {256}); },
                     "array: 256 does not fit in a 1-byte");
  expect_input_error([] { through<int>(DType::u1, {-1}); }, "-1 does not fit");
  expect_input_error([] { through<double>(DType::i4, {0.5}); }, "0.5 does not fit");
  expect_input_error([] { through<double>(DType::i2, {std::nan("")}); }, "nan does not fit");
  expect_input_error([] { through<float>(DType::i8, {INFINITY}); }, "inf does not fit");
}

TEST(Codec, FloatsKeepNonFiniteValues) {
  for (auto const dtype : {DType::f4, DType::f8}) {
    auto const back = through<double>(dtype, {INFINITY, -INFINITY, NAN, -0.0});
    EXPECT_EQ(back[0], INFINITY);
    EXPECT_EQ(back[1], -INFINITY);
    EXPECT_TRUE(std::isnan(back[2]));
    EXPECT_TRUE(std::signbit(back[3]));
  }
  for (auto const value : decode(DType::f4, fill_elements(DType::f4, 5))) {
    EXPECT_TRUE(std::isnan(value));
  }
  EXPECT_EQ(decode(DType::u2, fill_elements(DType::u2, 2)), (std::vector<double>{0, 0}));
}

TEST(Codec, UnknownTypesAreRefused) {
  for (auto const* code : {"", ">f8", "<f2", "f8", "<i1", "|b1", "<U5"}) {
    expect_input_error([code] { parse_dtype(code, "a/.zarray"); }, "a/.zarray: unknown dtype");
  }
}

TEST(Codec, CompressionReturnsTheSameBytes) {
  for (std::size_t const size : {0, 1, 31, 4096, 100000}) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * i >> 3);
    auto const frame = compress(bytes);
    EXPECT_EQ(decompress(frame, std::ssize(bytes), "chunk"), bytes);
    EXPECT_EQ(compress(bytes), frame);
    expect_input_error([&] { decompress(frame, std::ssize(bytes) + 1, "chunk"); }, "chunk: not a");
  }
}

TEST(Codec, DamagedFramesAreRefused) {
  std::vector<std::byte> bytes(1000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * i >> 3);
  auto const frame = compress(bytes);
  for (std::size_t size = 0; size < frame.size(); ++size) {
    expect_input_error([&] { decompress(std::span(frame).first(size), 1000, "chunk"); }, "damaged");
  }
  expect_input_error([] { decompress(std::vector<std::byte>(64), 1000, "chunk"); }, "damaged");
}

TEST(Seal, ChecksumIsThatOfZlib) {
  std::string const text = "123456789";
  auto const bytes = std::as_bytes(std::span(text));
  EXPECT_EQ(crc_of(bytes), 0xCBF43926U);  // the check value of CRC-32
  EXPECT_EQ(crc_of(bytes.subspan(4), crc_of(bytes.first(4))), 0xCBF43926U);
  EXPECT_EQ(crc_of({}), 0U);
}

TEST(Seal, IsGoodForOneContentAndPlace) {
  std::vector<std::byte> const bytes(1000, std::byte{7});
  auto const frame = compress(bytes);
  auto const file = sealed(frame, "loss/3");
  EXPECT_EQ(file.size(), frame.size() + 12);
  auto const inner = unsealed(file, "loss/3", "chunk");
  EXPECT_EQ(std::vector<std::byte>(inner.begin(), inner.end()), frame);
  // Decoders that know nothing of it pass over it.
  EXPECT_EQ(decompress(file, 1000, "chunk"), bytes);
  expect_input_error([&] { unsealed(file, "loss/4", "chunk"); }, "chunk: of ");
  for (std::size_t size = 0; size < file.size(); ++size) {
    expect_input_error([&] { unsealed(std::span(file).first(size), "loss/3", "chunk"); },
                       "damaged");
  }
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    auto flipped = file;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    expect_input_error([&] { unsealed(flipped, "loss/3", "chunk"); }, "damaged");
  }
}

TEST(Grid, CountsElementsWithoutOverflow) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({3, 0, 5}), 0);
  EXPECT_EQ(element_count({1 << 20, 1 << 20}), std::int64_t{1} << 40);
  EXPECT_EQ(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), -1);
}

TEST(Grid, NamesAndVisitsChunks) {
  std::vector<std::string> keys;
  for_each_index(chunk_counts({5, 7}, {3, 4}),
                 [&](auto const& i) { keys.push_back(chunk_key(i)); });
  EXPECT_EQ(keys, (std::vector<std::string>{"0.0", "0.1", "1.0", "1.1"}));
  EXPECT_EQ(chunk_key({}), "0");
  EXPECT_EQ(chunk_place({1, 1}, {5, 7}, {3, 4}).extent, (Extents{2, 3}));
  for_each_index({2, 0}, [](auto const&) { ADD_FAILURE() << "there is no chunk to visit"; });
}

TEST(JsonText, SpellsOutWhatJsonCannotHold) {
  json const value = {{"nan", NAN}, {"list", {INFINITY, -INFINITY, 1.5}}, {"text", "\xff"}};
  auto const back = parse_json_text(json_text(value), "x");
  EXPECT_EQ(back["nan"], "NaN");
  EXPECT_EQ(back["list"], json({"Infinity", "-Infinity", 1.5}));
  EXPECT_EQ(back["text"], "\xef\xbf\xbd");
}

TEST(JsonText, RefusesBadTextInOneLine) {
  for (auto const* text :
       {"", "{", "[1,", "{\"a\" 1}", "nul", "\"\xff\"", "1e999", "{}x", "\n\n\x01"}) {
    expect_input_error([text] { parse_json_text(text, "f.json"); }, "f.json: ");
  }
  expect_input_error([] { parse_json_text(std::string(100000, '['), "f.json"); }, "64 deep");
}

}  // namespace
}  // namespace brink
