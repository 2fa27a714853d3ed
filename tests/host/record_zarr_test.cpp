#include "host/record/zarr.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "host/record/json_text.hpp"
#include "tests/host/record_support.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BRINK_CLANG_SANITIZER 1
#endif
#endif

namespace brink {
namespace {

using nlohmann::json;
using test::contents;
using test::expect_input_error;
using test::listing;
using test::no_process;
using test::temporary_of;
using test::TemporaryDirectory;

json const version = {{"brink_version", "0.1.0"}};
json const written_version = {{"brink_version", "0.1.0"}, {"brink_format", 1}};

ArraySpec growing(std::string const& name, std::vector<std::int64_t> chunks = {}) {
  return {.name = name,
          .dtype = DType::f8,
          .dimensions = {"step"},
          .shape = {0},
          .chunks = std::move(chunks),
          .attributes = {{"units", "1"}},
          .grows = true};
}

ArraySpec fixed(std::string const& name, DType dtype, std::vector<std::string> dimensions,
                std::vector<std::int64_t> shape, std::vector<std::int64_t> chunks = {}) {
  return {.name = name,
          .dtype = dtype,
          .dimensions = std::move(dimensions),
          .shape = std::move(shape),
          .chunks = std::move(chunks),
          .attributes = {},
          .grows = false};
}

std::vector<double> counting(std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}

void append_rows(ZarrGroup& record, std::string const& name, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    record.append(name, static_cast<double>(record.shape(name).front()));
  }
}

/// A record with `rows` losses in chunks of four.
void make_record(std::filesystem::path const& path, std::int64_t rows) {
  auto record = ZarrGroup::create(path, version);
  record.define(growing("loss", {4}));
  append_rows(record, "loss", rows);
  record.flush();
}

json file_json(std::filesystem::path const& path) {
  auto const bytes = read_file(path);
  return parse_json_text(as_text(bytes), path.string());
}

TEST(Zarr, ANewRecordIsAnEmptyGroup) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  {
    auto const record = ZarrGroup::create(path.string() + "/", version);
    EXPECT_EQ(record.path(), path);
  }
  EXPECT_EQ(listing(directory.path()),
            (std::vector<std::string>{"RUN.zarr", "RUN.zarr/.zattrs", "RUN.zarr/.zgroup",
                                      "RUN.zarr/.zmetadata"}));
  auto const record = ZarrGroup::open(path);
  EXPECT_EQ(record.attributes(), written_version);
  EXPECT_TRUE(record.names().empty());
}

TEST(Zarr, CreateRefusesWhatItCannotUse) {
  TemporaryDirectory const directory;
  write_atomically(directory / "file", "x");
  std::filesystem::create_directory(directory / "directory");
  std::filesystem::create_symlink("nowhere", directory / "link");
  for (auto const* taken : {"file", "directory", "link"}) {
    expect_input_error([&] { ZarrGroup::create(directory / taken, version); },
                       "already exists; choose another --out, or --resume, or --overwrite");
  }
  expect_input_error([&] { ZarrGroup::create(directory / "none/RUN.zarr", version); },
                     "No such file");
  expect_input_error([&] { ZarrGroup::create(directory / "file/RUN.zarr", version); },
                     "Not a directory");
  expect_input_error([&] { ZarrGroup::create("/proc/RUN.zarr", version); }, "cannot be created");
  expect_input_error([&] { ZarrGroup::create(directory / std::string(250, 'x'), version); },
                     "too long");
  expect_input_error([] { ZarrGroup::create("", version); }, "empty path");
  EXPECT_THROW(ZarrGroup::create(directory / "RUN.zarr", json::object()), std::logic_error);
  EXPECT_EQ(listing(directory.path()), (std::vector<std::string>{"directory", "file", "link"}));
}

TEST(Zarr, OpenRefusesWhatIsNoRecord) {
  TemporaryDirectory const directory;
  write_atomically(directory / "file", "x");
  expect_input_error([&] { ZarrGroup::open(directory / "none"); }, "no such record");
  expect_input_error([&] { ZarrGroup::open(directory / "file"); }, "not a brink record");
  expect_input_error([&] { ZarrGroup::open(directory.path()); }, "not a brink record");
  write_atomically(directory / ".zmetadata",
                   R"({"zarr_consolidated_format": 1,
                       "metadata": {".zgroup": {"zarr_format": 2}, ".zattrs": {"a": 1}}})");
  expect_input_error([&] { ZarrGroup::open(directory.path()); }, "no attribute brink_version");
}

TEST(Zarr, ValuesReturnBeforeAndAfterFlush) {
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  record.define(growing("loss", {4}));
  record.define({.name = "sharpness",
                 .dtype = DType::f4,
                 .dimensions = {"sharpness_step", "rank"},
                 .shape = {0, 5},
                 .chunks = {3, 2},
                 .attributes = {},
                 .grows = true});
  for (int i = 0; i < 11; ++i) {
    record.append("loss", i);
    auto row = counting(5);
    for (auto& value : row) value += 5 * i;
    record.append("sharpness", std::span<double const>(row));
    EXPECT_EQ(record.read("loss"), counting(i + 1));
    EXPECT_EQ(record.read("sharpness"), counting(5 * (i + 1)));
    if (i % 4 == 1) record.flush();
  }
  record.flush();
  auto const again = ZarrGroup::open(directory / "RUN.zarr");
  EXPECT_EQ(again.read("loss"), counting(11));
  EXPECT_EQ(again.read("sharpness"), counting(55));
  EXPECT_EQ(again.shape("sharpness"), (std::vector<std::int64_t>{11, 5}));
  EXPECT_TRUE(again.spec("loss").grows);
  EXPECT_EQ(again.spec("loss").attributes, json({{"units", "1"}}));
  EXPECT_EQ(again.names(), (std::vector<std::string>{"loss", "sharpness"}));
  EXPECT_FALSE(again.has("accuracy"));
}

TEST(Zarr, FixedArraysOfAnyRank) {
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  record.define(fixed("trace", DType::f8, {}, {}));
  record.define(fixed("outcome", DType::u1, {"y", "x"}, {5, 7}, {2, 3}));
  record.define(fixed("cube", DType::i2, {"lr", "y", "x"}, {2, 5, 7}, {1, 5, 4}));
  record.define(fixed("nothing", DType::u8, {"empty"}, {0}));
  record.define(fixed("unwritten", DType::f4, {"x"}, {7}));
  record.write("trace", 2.5);
  record.write("outcome", std::span<double const>(counting(35)));
  record.write("cube", std::span<double const>(counting(70)));
  record.write("nothing", std::span<double const>());
  record.flush();
  auto const again = ZarrGroup::open(directory / "RUN.zarr");
  EXPECT_EQ(again.read("trace"), std::vector<double>{2.5});
  EXPECT_EQ(again.read("outcome"), counting(35));
  EXPECT_EQ(again.read("cube"), counting(70));
  EXPECT_TRUE(again.read("nothing").empty());
  auto const unwritten = again.read("unwritten");
  EXPECT_EQ(unwritten.size(), 7U);
  EXPECT_TRUE(
      std::all_of(unwritten.begin(), unwritten.end(), [](double v) { return std::isnan(v); }));
}

TEST(Zarr, TilesMakeTheSameBytesAsTheWhole) {
  TemporaryDirectory const directory;
  auto const values = counting(35);
  for (auto const* name : {"whole", "tiles"}) {
    auto record = ZarrGroup::create(directory / name, version);
    record.define(fixed("outcome", DType::u1, {"y", "x"}, {5, 7}, {2, 4}));
    if (std::string(name) == "whole")
      record.write("outcome", std::span<double const>(values));
    else {
      for_each_index({3, 2}, [&](Extents const& tile) {
        std::vector<std::byte> raw;
        for (auto y = 2 * tile[0]; y < std::min<std::int64_t>(5, 2 * tile[0] + 2); ++y) {
          for (auto x = 4 * tile[1]; x < std::min<std::int64_t>(7, 4 * tile[1] + 4); ++x) {
            raw.push_back(static_cast<std::byte>(7 * y + x));
          }
        }
        record.write_chunk("outcome", tile, raw);
      });
    }
    record.flush();
    EXPECT_EQ(record.read("outcome"), values);
  }
  EXPECT_EQ(contents(directory / "whole"), contents(directory / "tiles"));
}

TEST(Zarr, BytesDoNotDependOnWhenItWasFlushed) {
  TemporaryDirectory const directory;
  std::map<std::string, std::vector<std::byte>> once;
  for (int const every : {1000, 1, 3, 4, 7}) {
    auto const path = directory / std::to_string(every);
    auto record = ZarrGroup::create(path, version);
    record.define(growing("loss", {4}));
    record.define(growing("accuracy", {4}));
    for (int i = 0; i < 23; ++i) {
      append_rows(record, "loss", 1);
      append_rows(record, "accuracy", 1);
      if (i % every == every - 1) record.flush(i % 2 == 0 ? Durable::no : Durable::yes);
    }
    record.set_attribute("stop_reason", "steps");
    record.flush();
    if (once.empty()) once = contents(path);
    EXPECT_EQ(contents(path), once) << "flushed every " << every;
  }
}

TEST(Zarr, ReadersSeeTheShortestArrayOfADimension) {
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  record.define(growing("loss"));
  record.define(growing("progress"));
  append_rows(record, "loss", 10);
  append_rows(record, "progress", 9);
  record.flush();
  auto const again = ZarrGroup::open(directory / "RUN.zarr");
  EXPECT_EQ(again.shape("loss").front(), 9);
  EXPECT_EQ(again.read("loss"), counting(9));
  EXPECT_EQ(again.read("progress"), counting(9));
}

TEST(Zarr, NothingIsWrittenWhenNothingIsNew) {
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  record.define(growing("loss", {4}));
  append_rows(record, "loss", 6);
  record.flush();
  auto const file = [&](char const* name) { return directory / "RUN.zarr" / name; };
  // File times tick too coarsely to compare with now.
  auto const past = std::filesystem::last_write_time(file("loss/0")) - std::chrono::hours(1);
  auto const untouched = [&](char const* name) {
    return std::filesystem::last_write_time(file(name)) == past;
  };
  for (auto const* name : {"loss/0", "loss/1", ".zmetadata", ".zattrs"}) {
    std::filesystem::last_write_time(file(name), past);
  }
  record.flush();
  EXPECT_TRUE(untouched("loss/1") && untouched(".zmetadata"));
  append_rows(record, "loss", 1);
  record.flush();
  EXPECT_FALSE(untouched("loss/1") || untouched(".zmetadata"));
  EXPECT_TRUE(untouched("loss/0")) << "a full chunk was written again";
  EXPECT_TRUE(untouched(".zattrs")) << "unchanged metadata was written again";
}

TEST(Zarr, TruncatedAndContinuedEqualsUninterrupted) {
  TemporaryDirectory const directory;
  auto const define = [](ZarrGroup& record) {
    record.define(growing("loss", {4}));
    record.define(growing("accuracy", {4}));
  };
  auto whole = ZarrGroup::create(directory / "whole", version);
  define(whole);
  append_rows(whole, "loss", 21);
  append_rows(whole, "accuracy", 21);
  whole.flush();
  for (std::int64_t const rows : {0, 3, 4, 8, 9, 15, 16, 17, 18}) {
    auto const path = directory / std::to_string(rows);
    {
      auto record = ZarrGroup::create(path, version);
      define(record);
      append_rows(record, "loss", 18);
      append_rows(record, "accuracy", 18);
      record.flush();
    }
    {
      auto record = ZarrGroup::open(path);
      record.truncate("loss", rows);
      EXPECT_EQ(record.read("loss"), counting(rows));
      EXPECT_EQ(ZarrGroup::open(path).shape("accuracy").front(), rows) << "rows shown differ";
      record.truncate("accuracy", rows);
      record.flush();
      EXPECT_EQ(ZarrGroup::open(path).read("accuracy"), counting(rows));
    }
    auto record = ZarrGroup::open(path);
    append_rows(record, "loss", 21 - rows);
    append_rows(record, "accuracy", 21 - rows);
    record.flush();
    EXPECT_EQ(contents(path), contents(directory / "whole")) << "cut to " << rows;
  }
}

TEST(Zarr, TruncationOfUnflushedRows) {
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  record.define(growing("loss", {4}));
  for (std::int64_t const rows : {8, 7, 5, 4, 3, 0}) {
    append_rows(record, "loss", 10 - record.shape("loss").front());
    record.truncate("loss", rows);
    EXPECT_EQ(record.read("loss"), counting(rows));
  }
  append_rows(record, "loss", 9);
  record.flush();
  EXPECT_EQ(ZarrGroup::open(directory / "RUN.zarr").read("loss"), counting(9));
  expect_input_error([&] { record.truncate("loss", 10); }, "cannot be cut to 10 rows; it has 9");
  expect_input_error([&] { record.truncate("loss", -1); }, "cannot be cut to -1 rows");
}

TEST(Zarr, WhatAKilledProcessLeftIsClearedAway) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  make_record(path, 6);
  auto const clean = contents(path);
  {
    auto record = ZarrGroup::open(path);
    append_rows(record, "loss", 7);  // writes chunks 1 and 2 but publishes nothing
  }
  write_atomically(path / "loss" / temporary_of("2", no_process), "x");
  write_atomically(path / temporary_of(".zmetadata", no_process), "x");
  std::filesystem::create_directory(path / "accuracy");
  write_atomically(path / "accuracy/9", "x");
  EXPECT_NE(contents(path), clean);
  EXPECT_EQ(ZarrGroup::open(path).read("loss"), counting(6));

  auto record = ZarrGroup::open(path);
  EXPECT_EQ(record.read("loss"), counting(6));
  std::filesystem::remove_all(path / "accuracy");
  record.flush();
  EXPECT_EQ(contents(path), clean);
}

TEST(Zarr, DefiningClearsAnUnpublishedArray) {
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  std::filesystem::create_directory(directory / "RUN.zarr/loss");
  write_atomically(directory / "RUN.zarr/loss/9", "x");
  record.define(growing("loss"));
  record.flush();
  EXPECT_FALSE(std::filesystem::exists(directory / "RUN.zarr/loss/9"));
}

TEST(Zarr, OneProcessWrites) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  auto first = ZarrGroup::create(path, version);
  first.define(growing("loss"));
  append_rows(first, "loss", 3);
  first.flush();
  auto second = ZarrGroup::open(path);
  EXPECT_EQ(second.read("loss"), counting(3));
  expect_input_error([&] { second.append("loss", 1.0); }, "another process is writing");
  expect_input_error([&] { remove_record(path); }, "another process is writing");
  append_rows(first, "loss", 1);
}

TEST(Zarr, MisuseIsRefusedAndChangesNothing) {
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  record.define(growing("loss", {4}));
  record.define(fixed("map", DType::u1, {"y", "x"}, {2, 3}, {2, 2}));
  append_rows(record, "loss", 5);
  std::vector<double> const two{1, 2};
  expect_input_error([&] { record.append("none", 1.0); }, "has no array none");
  expect_input_error([&] { record.read("none"); }, "has no array none");
  expect_input_error([&] { record.append("loss", std::span<double const>(two)); },
                     "a row of 16 bytes");
  expect_input_error([&] { record.append("map", std::span<double const>(two)); }, "fixed size");
  expect_input_error([&] { record.truncate("map", 1); }, "fixed size");
  expect_input_error([&] { record.write("loss", std::span<double const>(two)); }, "grows");
  expect_input_error([&] { record.write("map", std::span<double const>(two)); },
                     "2 bytes were written, but it has 6");
  expect_input_error([&] { record.write("map", 256); }, "map: 256 does not fit");
  std::vector<std::byte> const raw(4);
  expect_input_error([&] { record.write_chunk("map", {0, 2}, raw); }, "has no chunk 0.2");
  expect_input_error([&] { record.write_chunk("map", {-1, 0}, raw); }, "has no chunk");
  expect_input_error([&] { record.write_chunk("map", {0}, raw); }, "has no chunk");
  expect_input_error(
      [&] {
        record.write_chunk("map", {0, 1}, raw);
      },
      "4 bytes were written to chunk 0.1, but it has 2");
  expect_input_error([&] { record.write_chunk("loss", {0}, raw); }, "grows");
  EXPECT_EQ(record.read("loss"), counting(5));
}

TEST(Zarr, DefinitionsThatReadersWouldRefuse) {
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  record.define(growing("loss"));
  record.define(fixed("x", DType::f8, {"x"}, {7}));
  auto const refused = [&](ArraySpec const& spec, std::string const& part) {
    expect_input_error([&] { record.define(spec); }, part);
  };
  for (auto const* name : {"", ".hidden", "a/b", "..", "a b"}) refused(growing(name), "name");
  refused(growing("loss"), "already defined");
  refused(fixed("map", DType::u1, {"y", "x"}, {2, 8}), "dimension x has 8 fixed places here but 7");
  refused(fixed("map", DType::u1, {"x", "x"}, {7, 7}), "twice");
  refused(fixed("map", DType::u1, {"a b"}, {7}), "dimension whose name");
  refused(fixed("map", DType::u1, {"y", "x"}, {7}), "one of each per dimension");
  refused(fixed("map", DType::u1, {"y"}, {-1}, {1}), "at least 0 and 1");
  refused(fixed("map", DType::u1, {"y"}, {1}, {0}), "at least 0 and 1");
  refused(fixed("map", DType::f8, {"y"}, {1}, {1 << 30}), "make them smaller");
  refused(
      fixed("map", DType::f8, {"a", "b"}, {std::int64_t{1} << 40, std::int64_t{1} << 40}, {1, 1}),
      "62 bits");
  refused(fixed("map", DType::u1, {"step"}, {0}), "growing rows");
  auto scalar = fixed("scalar", DType::f8, {}, {});
  scalar.grows = true;
  refused(scalar, "no dimension to grow along");
  append_rows(record, "loss", 1);
  refused(growing("accuracy"), "dimension step has 0 growing rows here but 1 growing rows in loss");
  EXPECT_EQ(record.names(), (std::vector<std::string>{"loss", "x"}));
}

TEST(Zarr, DefaultChunksAreNeitherHugeNorTiny) {
  EXPECT_EQ(default_chunks(growing("loss")), (Extents{4096}));
  auto rows = fixed("rows", DType::f8, {"step", "rank"}, {0, 100});
  rows.grows = true;
  EXPECT_EQ(default_chunks(rows), (Extents{512, 100}));
  EXPECT_EQ(default_chunks(fixed("map", DType::u1, {"y", "x"}, {1024, 1024})), (Extents{64, 1024}));
  EXPECT_EQ(default_chunks(fixed("row", DType::u1, {"y", "x"}, {1, 1 << 20})),
            (Extents{1, 1 << 16}));
  EXPECT_EQ(default_chunks(fixed("scalar", DType::u1, {}, {})), Extents{});
  EXPECT_EQ(default_chunks(fixed("empty", DType::u1, {"x"}, {0})), Extents{1});
}

TEST(Zarr, MetadataIsWhatReadersExpect) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  auto record = ZarrGroup::create(path, version);
  auto loss = growing("loss");
  loss.attributes["largest"] = INFINITY;
  record.define(loss);
  record.define(fixed("outcome", DType::u1, {"x"}, {3}));
  record.set_attribute("lr", NAN);
  record.flush();
  auto const array = file_json(path / "loss/.zarray");
  EXPECT_EQ(array, json::parse(R"({"zarr_format": 2, "shape": [0], "chunks": [4096],
      "dtype": "<f8", "compressor": {"id": "zstd", "level": 3}, "fill_value": "NaN",
      "order": "C", "filters": null, "dimension_separator": "."})"));
  EXPECT_TRUE(file_json(path / "outcome/.zarray").at("fill_value").is_null());
  EXPECT_EQ(file_json(path / "loss/.zattrs"),
            json({{"_ARRAY_DIMENSIONS", {"step"}}, {"units", "1"}, {"largest", "Infinity"}}));
  EXPECT_EQ(file_json(path / ".zattrs"), json({{"brink_version", "0.1.0"},
                                               {"brink_format", 1},
                                               {"lr", "NaN"},
                                               {"unlimited_dimensions", {"step"}}}));
  auto const all = file_json(path / ".zmetadata");
  for (auto const& [file, document] : all.at("metadata").items()) {
    EXPECT_EQ(document, file_json(path / file)) << file;
  }
  EXPECT_EQ(all.at("metadata").size(), 6U);
}

TEST(Zarr, DamagedMetadataIsRefused) {
  json const good = consolidated(metadata_documents(
      {written_version,
       {{"loss", growing("loss", {4})}, {"x", fixed("x", DType::f4, {"x"}, {7}, {7})}}}));
  ASSERT_NO_THROW(parse_group_metadata(json_text(good), "m"));
  auto const refused = [&](char const* pointer, json const& value, std::string const& part) {
    auto bad = good;
    bad[json::json_pointer(pointer)] = value;
    expect_input_error([&] { parse_group_metadata(json_text(bad), "m"); }, part);
  };
  refused("/zarr_consolidated_format", 2, "zarr_consolidated_format");
  refused("/metadata", json::array(), "no JSON object");
  refused("/metadata/.zgroup/zarr_format", 3, "zarr_format");
  refused("/metadata/.zattrs", nullptr, "no JSON object");
  refused("/metadata/.zattrs/brink_format", 2, "use a newer one");
  refused("/metadata/.zattrs/brink_format", 0, "make the record anew");
  refused("/metadata/.zattrs/brink_format", "1", "make the record anew");
  refused("/metadata/.zattrs/unlimited_dimensions", 7, "unlimited_dimensions");
  refused("/metadata/loss~1.zarray", 1, "no JSON object");
  refused("/metadata/loss~1.zattrs", 1, "no JSON object");
  refused("/metadata/loss~1.zarray/dtype", 8, "array loss: unknown dtype");
  refused("/metadata/loss~1.zarray/dtype", ">f8", "array loss: unknown dtype");
  refused("/metadata/loss~1.zarray/compressor", nullptr, "compressor");
  refused("/metadata/loss~1.zarray/fill_value", 0, "fill_value");
  refused("/metadata/loss~1.zarray/order", "F", "order");
  refused("/metadata/loss~1.zarray/filters", json::array({1}), "filters");
  refused("/metadata/loss~1.zarray/dimension_separator", "/", "dimension_separator");
  for (auto const& shape :
       {json(-1), json(3), json("x"), json::array({-1}), json::array({0.5}),
        json::array({std::uint64_t{1} << 63}), json::array({1, 2}), json::array()}) {
    refused("/metadata/loss~1.zarray/shape", shape, "array loss: ");
    refused("/metadata/loss~1.zarray/chunks", shape, "array loss: ");
  }
  refused("/metadata/loss~1.zarray/chunks", json::array({0}), "at least 0 and 1");
  refused("/metadata/loss~1.zattrs/_ARRAY_DIMENSIONS", json::array({1}), "list of names");
  refused("/metadata/loss~1.zattrs/_ARRAY_DIMENSIONS", json::array({"x"}), "dimension x");
  refused("/metadata/a\nb~1.zarray", json::object(), "name brink does not write");
  auto lost = good;
  lost["metadata"].erase("x/.zattrs");
  expect_input_error([&] { parse_group_metadata(json_text(lost), "m"); }, "has no \"x/.zattrs\"");
  auto const text = json_text(good);
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    expect_input_error([&] { parse_group_metadata(text.substr(0, size), "m"); }, "m: ");
  }
}

TEST(Zarr, DamagedChunksAreRefused) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  make_record(path, 6);
  for (auto const* bytes : {"", "not zstd", "as long as a chunk is, but not one"}) {
    write_atomically(path / "loss/1", bytes);
    expect_input_error([&] { ZarrGroup::open(path).read("loss"); }, "is damaged: ");
  }
  std::filesystem::copy(path / "loss/0", path / "loss/1",
                        std::filesystem::copy_options::overwrite_existing);
  expect_input_error([&] { ZarrGroup::open(path).read("loss"); }, "of another content or place");
  std::filesystem::remove(path / "loss/1");
  expect_input_error([&] { ZarrGroup::open(path).read("loss"); }, "loss/1: no such file");
  auto record = ZarrGroup::open(path);
  expect_input_error([&] { record.append("loss", 1.0); }, "loss/1: no such file");
}

TEST(Zarr, MoreThanMemoryHoldsIsSaid) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || BRINK_CLANG_SANITIZER
  GTEST_SKIP() << "a sanitizer ends the program where an allocation fails";
#endif
  TemporaryDirectory const directory;
  auto record = ZarrGroup::create(directory / "RUN.zarr", version);
  record.define(fixed("map", DType::f8, {"x"}, {std::int64_t{1} << 56}, {1 << 20}));
  EXPECT_THROW(record.read("map"), MachineError);
}

TEST(Zarr, AFullDiskLosesNothingThatWasPublished) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  auto record = ZarrGroup::create(path, version);
  record.define(growing("loss", {100000}));
  append_rows(record, "loss", 10);
  record.flush();
  append_rows(record, "loss", 20000);

  try {
    test::FileSizeLimit const limit(4096);
    record.flush();
    ADD_FAILURE() << "nothing was thrown";
  } catch (MachineError const& error) {
    EXPECT_NE(std::string(error.what()).find("loss/0: File too large"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(ZarrGroup::open(path).read("loss"), counting(10));
  record.flush();
  EXPECT_EQ(ZarrGroup::open(path).read("loss"), counting(20010)) << "a later flush completes";
}

TEST(Zarr, ATruncationThatCannotBePublishedRemovesNothing) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  auto record = ZarrGroup::create(path, version);
  record.define(growing("loss", {4}));
  append_rows(record, "loss", 18);
  record.flush();
  {
    test::FileSizeLimit const limit(10);
    EXPECT_THROW(record.truncate("loss", 5), MachineError);
  }
  EXPECT_EQ(ZarrGroup::open(path).read("loss"), counting(18));
}

TEST(RemoveRecord, DeletesRecordsOnly) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  ZarrGroup::create(path, version);
  write_atomically(directory / "file", "x");
  std::filesystem::create_directory(directory / "home");
  write_atomically(directory / "home/letter", "x");
  std::filesystem::create_directory(directory / "foreign");
  write_atomically(directory / "foreign/.zgroup", R"({"zarr_format": 2})");
  expect_input_error([&] { remove_record(directory / "foreign"); }, "it has no .zattrs");
  write_atomically(directory / "foreign/.zattrs", R"({"title": "brink_version"})");
  auto const before = contents(directory.path());
  expect_input_error([&] { remove_record(directory / "none"); }, "no directory");
  expect_input_error([&] { remove_record(directory / "file"); }, "no directory");
  expect_input_error([&] { remove_record(directory / "home"); }, "it has no .zgroup");
  expect_input_error([&] { remove_record(directory / "foreign"); }, "no brink_version");
  EXPECT_EQ(contents(directory.path()), before);
  remove_record(path.string() + "/");
  EXPECT_EQ(listing(directory.path()),
            (std::vector<std::string>{"file", "foreign", "foreign/.zattrs", "foreign/.zgroup",
                                      "home", "home/letter"}));
}

}  // namespace
}  // namespace brink
