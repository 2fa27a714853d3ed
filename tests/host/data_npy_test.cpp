#include "host/data/npy.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "tests/host/data_files.hpp"

namespace brink {
namespace {

using test::as_bytes;
using test::expect_input_error;

/// A version 1.0 file with this dictionary and these items.
std::string npy(std::string const& dictionary, std::string const& items) {
  std::string file = std::string("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(dictionary.size() & 0xFF);
  file += static_cast<char>(dictionary.size() >> 8);
  return file + dictionary + items;
}

std::string dictionary(std::string const& descr, std::string const& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }";
}

template <class Item>
std::string items(std::vector<Item> const& values) {
  std::string bytes(values.size() * sizeof(Item), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <class T>
std::vector<T> values_of(std::string const& file) {
  return npy_values<T>(parse_npy(as_bytes(file), "a.npy"), "a.npy");
}

void expect_refused(std::string const& file, std::string const& part) {
  expect_input_error([&] { values_of<float>(file); }, part);
  expect_input_error([&] { values_of<float>(file); }, "a.npy");
}

TEST(Npy, WritesWhatItReads) {
  test::Files files;
  std::vector<float> const values{1.5f, -2.0f, 3.0f, 4.0f, 5.0f, 6.25f};
  write_npy<float>(files.path("a.npy"), values, {2, 3});
  NpyArray const array = read_npy(files.path("a.npy"));
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(array.kind, 'f');
  EXPECT_EQ(array.item_size, 4);
  EXPECT_FALSE(array.fortran_order);
  EXPECT_EQ(array.data_offset % 64, 0);
  EXPECT_EQ(npy_values<float>(array, "a"), values);
  EXPECT_EQ(files.count(), 1u) << "the temporary file is left";
}

TEST(Npy, WritesTheHeaderThatNumpyWrites) {
  test::Files files;
  write_npy<std::int32_t>(files.path("a.npy"), std::vector<std::int32_t>{7}, {1});
  std::ifstream file(files.path("a.npy"), std::ios::binary);
  std::string const text{std::istreambuf_iterator<char>(file), {}};
  std::string const expected = "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }";
  EXPECT_EQ(text.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(text.substr(10, expected.size()), expected);
  EXPECT_EQ(text.size(), 128u + 4u);
  EXPECT_EQ(text[127], '\n');
}

TEST(Npy, RoundTripsEveryWrittenType) {
  test::Files files;
  auto check = [&]<class T>(std::vector<T> const& values) {
    write_npy<T>(files.path("a.npy"), values, {std::ssize(values)});
    EXPECT_EQ(npy_values<T>(read_npy(files.path("a.npy")), "a"), values);
  };
  check(std::vector<double>{0.1, -1e300});
  check(std::vector<std::int32_t>{-5, std::numeric_limits<std::int32_t>::max()});
  check(std::vector<std::int64_t>{-5, std::numeric_limits<std::int64_t>::min()});
  check(std::vector<float>{});
}

TEST(Npy, WriteErrorsLeaveNothingBehind) {
  test::Files files;
  std::vector<float> const one{1.0f};
  expect_input_error([&] { write_npy<float>(files.path("no/such/a.npy"), one, {1}); },
                     "does not exist");
  expect_input_error([&] { write_npy<float>(files.path("."), one, {1}); }, "is a directory");
  EXPECT_THROW(write_npy<float>("/dev/full/a.npy", one, {1}), InputError);
  EXPECT_THROW(write_npy<float>(files.path("a.npy"), one, {2}), std::invalid_argument);
  EXPECT_EQ(files.count(), 0u);
}

TEST(Npy, ConvertsEveryStoredType) {
  EXPECT_EQ(values_of<float>(npy(dictionary("<f8", "(2,)"), items<double>({0.5, -3}))),
            (std::vector<float>{0.5f, -3}));
  EXPECT_EQ(values_of<double>(npy(dictionary("|i1", "(2,)"), items<std::int8_t>({-1, 2}))),
            (std::vector<double>{-1, 2}));
  EXPECT_EQ(values_of<double>(npy(dictionary("<i2", "(1,)"), items<std::int16_t>({-300}))),
            (std::vector<double>{-300}));
  EXPECT_EQ(values_of<double>(npy(dictionary("<i4", "(1,)"), items<std::int32_t>({-70000}))),
            (std::vector<double>{-70000}));
  EXPECT_EQ(values_of<double>(npy(dictionary("<i8", "(1,)"), items<std::int64_t>({-1}))),
            (std::vector<double>{-1}));
  EXPECT_EQ(values_of<std::int64_t>(npy(dictionary("|u1", "(1,)"), items<std::uint8_t>({255}))),
            (std::vector<std::int64_t>{255}));
  EXPECT_EQ(values_of<std::int64_t>(npy(dictionary("<u2", "(1,)"), items<std::uint16_t>({65535}))),
            (std::vector<std::int64_t>{65535}));
  EXPECT_EQ(values_of<std::int64_t>(npy(dictionary("<u4", "(1,)"), items<std::uint32_t>({~0u}))),
            (std::vector<std::int64_t>{4294967295}));
  EXPECT_EQ(values_of<std::int64_t>(npy(dictionary("<u8", "(1,)"), items<std::uint64_t>({9}))),
            (std::vector<std::int64_t>{9}));
  EXPECT_EQ(values_of<std::int32_t>(npy(dictionary("|b1", "(2,)"), items<std::uint8_t>({1, 0}))),
            (std::vector<std::int32_t>{1, 0}));
}

TEST(Npy, RefusesLossyIntegers) {
  expect_input_error([] { values_of<std::int32_t>(npy(dictionary("<f4", "(1,)"), "abcd")); },
                     "holds float32; integers are needed");
  expect_input_error(
      [] {
        values_of<std::int32_t>(
            npy(dictionary("<i8", "(2,)"), items<std::int64_t>({1, 3000000000})));
      },
      "item 1 is 3000000000");
  expect_input_error(
      [] {
        values_of<std::int64_t>(npy(dictionary("<u8", "(1,)"), items<std::uint64_t>({~0ull})));
      },
      "item 0 is 18446744073709551615");
}

TEST(Npy, TurnsFortranOrderRound) {
  // [[1, 2, 3], [4, 5, 6]] stored by columns.
  std::string const file = npy(dictionary("<f4", "(2, 3)", true), items<float>({1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values_of<float>(file), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  // Item (i, j, k) of a 2 x 2 x 2 cube is 100 i + 10 j + k.
  std::string const cube =
      npy(dictionary("<f4", "(2, 2, 2)", true), items<float>({0, 100, 10, 110, 1, 101, 11, 111}));
  EXPECT_EQ(values_of<float>(cube), (std::vector<float>{0, 1, 10, 11, 100, 101, 110, 111}));
}

TEST(Npy, ReadsTheFirstRows) {
  test::Files files;
  auto const rows = [&](bool fortran, std::vector<float> const& stored, std::int64_t count) {
    std::string const path =
        files.write("a.npy", npy(dictionary("<f4", "(3, 2)", fortran), items(stored)));
    return read_npy_rows<double>(path, read_npy_header(path), count);
  };
  EXPECT_EQ(rows(false, {1, 2, 3, 4, 5, 6}, 2), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(rows(true, {1, 3, 5, 2, 4, 6}, 2), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(rows(true, {1, 3, 5, 2, 4, 6}, 99), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, ReadsRowsAcrossManyChunks) {
  test::Files files;
  std::vector<double> values(400000);  // 3.2 MB: several chunks
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(i);
  }
  write_npy<double>(files.path("a.npy"), values, {100000, 4});
  NpyHeader const header = read_npy_header(files.path("a.npy"));
  auto const read = read_npy_rows<float>(files.path("a.npy"), header, 90000);
  ASSERT_EQ(read.size(), 360000u);
  for (std::size_t i = 0; i < read.size(); ++i) {
    ASSERT_EQ(read[i], static_cast<float>(i));
  }
}

TEST(Npy, AcceptsVersionsAndSpellings) {
  std::string const text = dictionary("<f4", "(1,)");
  std::string const length{static_cast<char>(text.size()), 0, 0, 0};
  for (char version : {'\x02', '\x03'}) {
    std::string const file =
        std::string("\x93NUMPY") + version + '\0' + length + text + items<float>({2});
    EXPECT_EQ(values_of<float>(file), std::vector<float>{2});
  }
  std::string const other = R"({"shape":(1,1) , "descr":"<f4","fortran_order":False}  )";
  EXPECT_EQ(values_of<float>(npy(other + "\n", items<float>({3}))), std::vector<float>{3});
  EXPECT_EQ(values_of<float>(npy(dictionary("<f4", "()"), items<float>({4}))),
            std::vector<float>{4});
  EXPECT_TRUE(values_of<float>(npy(dictionary("<f4", "(0, 3)"), "")).empty());
}

TEST(Npy, RefusesOtherFiles) {
  expect_refused("", "not an .npy file");
  expect_refused("PK\x03\x04", "not an .npy file");
  expect_refused("\x93NUMPY", "version 0.0 is not supported");
  expect_refused(std::string("\x93NUMPY\x04\x00zzzz", 12), "version 4.0");
  expect_refused(std::string("\x93NUMPY\x01\x00\x50\x00{", 11), "truncated");
  expect_refused(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff{", 13), "at most");
}

TEST(Npy, RefusesBadHeaders) {
  std::string const one = items<float>({1});
  expect_refused(npy("", one), "no '{'");
  expect_refused(npy("{'descr': '<f4', 'shape': (1,)}", one), "fortran_order or shape is missing");
  expect_refused(npy("{'descr: 1", one), "unfinished string");
  expect_refused(npy("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", one), "neither True");
  expect_refused(npy(dictionary("<f4", "(-1,)"), one), "no dimension");
  expect_refused(npy(dictionary("<f4", "(99999999999999999999,)"), one), "no dimension");
  expect_refused(npy("{'shape': (1}", one), "no ')'");
  expect_refused(npy(dictionary("<f4", "(1,)") + " x", one), "text after");
  expect_refused(npy("{'descr': '<f4', 'descr': '<f4'}", one), "unexpected key 'descr'");
  expect_refused(npy("{'a\nb': 1}", one), "unexpected key 'a?b'");
}

TEST(Npy, RefusesUnsupportedTypes) {
  for (char const* descr : {">f4", "<f2", "<f9", "<c8", "|O8", "<U3", "|S5", "", "f4", "<f16",
                            "|f4", "<i3", "<b2", "<f0", "<f/", "<M8[ns]"}) {
    expect_refused(npy(dictionary(descr, "(1,)"), "0123456789abcdef"), "not supported");
  }
  expect_refused(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "0123"),
                 "structured");
}

TEST(Npy, RefusesSizesThatDisagree) {
  expect_refused(npy(dictionary("<f4", "(2, 2)"), items<float>({1, 2, 3})), "only 12 bytes follow");
  expect_refused(npy(dictionary("<f4", "(2,)"), items<float>({1, 2, 3})), "8 bytes, but 12 follow");
  expect_refused(npy(dictionary("<f4", "(1,)"), "12345"), "4 bytes, but 5 follow");
  expect_refused(npy(dictionary("<f4", "()"), ""), "one item, but 0 bytes follow");
  expect_refused(npy(dictionary("<f4", "(0, 5)"), "1"), "0 bytes, but 1 follow");
}

TEST(Npy, RefusesGiantShapesWithoutAllocating) {
  std::string const giant = "(4611686018427387904, 4611686018427387904)";
  expect_refused(npy(dictionary("<f8", giant), "12345678"), "only 8 bytes follow");
  expect_refused(npy(dictionary("<f8", "(1099511627776,)"), "12345678"), "only 8 bytes follow");
  EXPECT_TRUE(values_of<float>(npy(dictionary("<f4", "(0, 9223372036854775807)"), "")).empty());
}

TEST(Npy, RefusesPathsThatAreNoFiles) {
  test::Files files;
  expect_input_error([&] { read_npy(files.path("missing.npy")); }, "no such file");
  expect_input_error([&] { read_npy(files.path(".")); }, "not a regular file");
  expect_input_error([&] { read_npy("/dev/zero"); }, "not a regular file");
  expect_input_error([&] { read_npy_header(files.write("empty.npy", "")); }, "not an .npy file");
}

}  // namespace
}  // namespace brink
