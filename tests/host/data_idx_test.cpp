#include "host/data/idx.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "host/data/gzip.hpp"
#include "tests/host/data_files.hpp"

namespace brink {
namespace {

using test::as_bytes;
using test::expect_input_error;

std::string idx(std::vector<std::uint32_t> const& shape, std::string const& items,
                char type = '\x08') {
  std::string file{0, 0, type, static_cast<char>(shape.size())};
  for (std::uint32_t const extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      file += static_cast<char>(extent >> shift & 0xFF);
    }
  }
  return file + items;
}

std::string gzip(std::string const& content) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

IdxArray parse(std::string const& file) {
  return parse_idx(as_bytes(file), "a.idx");
}

void expect_refused(std::string const& file, std::string const& part) {
  expect_input_error([&] { parse(file); }, part);
  expect_input_error([&] { parse(file); }, "a.idx");
}

TEST(Idx, ReadsPlainAndCompressed) {
  std::string const plain = idx({2, 1, 3}, "abcdef");
  for (std::string const& file : {plain, gzip(plain)}) {
    IdxArray const array = parse(file);
    EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 1, 3}));
    ASSERT_EQ(array.bytes.size(), 6u);
    EXPECT_EQ(array.bytes[5], std::byte{'f'});
  }
}

TEST(Idx, RefusesOtherFiles) {
  expect_refused("", "not an IDX file");
  expect_refused("abcd", "not an IDX file");
  expect_refused(idx({1}, "abcd", '\x0d'), "type 0x0d are not supported");
  expect_refused(idx({2, 2}, "").substr(0, 9), "truncated in its header of 12 bytes");
  expect_refused(std::string(4, '\0') + "x", "not supported");
  expect_refused(idx({}, "x"), "more than the file can hold");
}

TEST(Idx, RefusesSizesThatDisagree) {
  std::string const body(1000, 'x');
  for (bool const compressed : {false, true}) {
    auto file = [&](std::uint32_t rows) {
      std::string const plain = idx({rows, 10}, body);
      return compressed ? gzip(plain) : plain;
    };
    expect_refused(file(101), "1010 bytes, but 1000 follow");
    expect_refused(file(99), "990 bytes, but more follow");
    EXPECT_NO_THROW(parse(file(100)));
  }
}

TEST(Idx, RefusesGiantShapesWithoutAllocating) {
  std::string const giant = idx({~0u, ~0u, ~0u}, "x");
  expect_refused(giant, "more than the file can hold");
  expect_refused(gzip(giant), "more than the file can hold");
  expect_refused(idx({0, ~0u, ~0u, ~0u}, "x"), "0 bytes, but more follow");
  // A long run of zeros packed 1000 to 1, of which the header wants a few.
  expect_refused(gzip(idx({2, 2}, std::string(50'000'000, '\0'))), "4 bytes, but more follow");
}

TEST(Idx, RefusesBrokenCompression) {
  std::string const whole = gzip(idx({50, 1}, std::string(50, 'q')));
  for (std::size_t length = 2; length < whole.size(); ++length) {
    expect_refused(whole.substr(0, length), "a.idx");
  }
  std::string damaged = whole;
  damaged[damaged.size() - 8] = static_cast<char>(damaged[damaged.size() - 8] ^ 1);
  expect_refused(damaged, "damaged gzip data");
}

TEST(Gzip, ReadsMembersInARowUpToTheLimit) {
  std::string const file = gzip("hello ") + gzip("world") + std::string(3, '\0');
  auto text = [&](std::int64_t limit) {
    auto const bytes = gunzip(as_bytes(file), limit, "a.gz");
    return std::string(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  };
  EXPECT_EQ(text(100), "hello world");
  EXPECT_EQ(text(8), "hello wo");
  EXPECT_EQ(text(0), "");
}

TEST(Gzip, GrowsOverManyChunks) {
  std::string content(1'000'000, 'x');
  for (std::size_t i = 0; i < content.size(); ++i) {
    content[i] = static_cast<char>(i * i >> 7);
  }
  std::string const file = gzip(content);
  auto const bytes = gunzip(as_bytes(file), 1 << 30, "a.gz");
  EXPECT_TRUE(std::ranges::equal(bytes, as_bytes(content)));
}

TEST(Idx, LoadsImagesWithLabels) {
  test::Files files;
  std::string const images = files.write("i", idx({3, 1, 2}, std::string("\0\1\2\3\xff\5", 6)));
  std::string const labels = files.write("l.gz", gzip(idx({3}, std::string("\0\1\4", 3))));
  Dataset<float> const data = load_idx<float>(images, labels, {});
  EXPECT_EQ(data.examples, 3);
  EXPECT_EQ(data.features, 2);
  EXPECT_EQ(data.outputs, 5);
  EXPECT_EQ(data.x, (std::vector<float>{0, 1, 2, 3, 255, 5}));
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{0, 1, 4}));
  Dataset<double> const first = load_idx<double>(images, labels, 1);
  EXPECT_EQ(first.x, (std::vector<double>{0, 1}));
  EXPECT_EQ(first.labels, (std::vector<std::int32_t>{0}));
  EXPECT_EQ(first.outputs, 5) << "the classes are those of the whole file";
}

TEST(Idx, HasAtLeastTwoClasses) {
  test::Files files;
  auto const images = files.write("i", idx({1, 1, 1}, "x"));
  auto const labels = files.write("l", idx({1}, std::string(1, '\0')));
  EXPECT_EQ(load_idx<float>(images, labels, {}).outputs, 2);
}

TEST(Idx, RefusesPairsThatDoNotFit) {
  test::Files files;
  auto const images = files.write("i", idx({2, 1, 1}, "xy"));
  auto const labels = files.write("l", idx({2}, std::string(2, '\1')));
  auto const three = files.write("l3", idx({3}, std::string(3, '\1')));
  auto const empty = files.write("e", idx({0, 1, 1}, ""));
  auto const none = files.write("n", idx({0}, ""));
  auto load = [](std::string const& x, std::string const& y, std::optional<std::int64_t> wanted) {
    return [=] { load_idx<float>(x, y, wanted); };
  };
  expect_input_error(load(images, three, {}), "has 2 images, but");
  expect_input_error(load(images, images, {}), "labels must have one dimension");
  expect_input_error(load(labels, labels, {}), "images x rows x columns");
  expect_input_error(load(empty, none, {}), "its shape is (0, 1, 1)");
  expect_input_error(load(images, labels, 3), "3 examples are wanted; it has 1 ... 2");
  expect_input_error(load(images, labels, 0), "0 examples are wanted");
  expect_input_error(load(files.string("missing"), labels, {}), "no such file");
}

}  // namespace
}  // namespace brink
