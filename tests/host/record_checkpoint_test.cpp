#include "host/record/checkpoint.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "tests/host/record_support.hpp"

namespace brink {
namespace {

using nlohmann::json;
using test::expect_input_error;
using test::TemporaryDirectory;

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.state = {{"step", 17}, {"loss", 0.1}, {"nested", {{"list", {1, 2.5, nullptr, true}}}}};
  std::vector<double> const theta{1.0 / 3, -0.0, NAN, INFINITY, 5e-324};
  std::vector<std::uint32_t> const words{1, 2, 4000000000U};
  checkpoint.put("theta", std::span<double const>(theta));
  checkpoint.put("words", std::span<std::uint32_t const>(words));
  checkpoint.put("empty", std::span<float const>());
  return checkpoint;
}

TEST(Checkpoint, ReturnsWhatWasSaved) {
  TemporaryDirectory const store;
  save_checkpoint(store.path(), example());
  auto const back = load_checkpoint(store.path());
  EXPECT_EQ(back.state, example().state);
  EXPECT_EQ(back.arrays, example().arrays);
  EXPECT_EQ(test::listing(store.path()), std::vector<std::string>{".checkpoint"});
}

TEST(Checkpoint, NumbersOfTheStateReturnExactly) {
  json list = json::array();
  for (double const value :
       std::initializer_list<double>{0.1, -0.0, 5e-324, 1.7976931348623157e308, 1.0 / 3, 1e23, NAN,
                                     INFINITY, -INFINITY, 3.0}) {
    list.push_back(value);
  }
  list.push_back(std::numeric_limits<std::uint64_t>::max());
  list.push_back(std::numeric_limits<std::int64_t>::min());
  auto const back = parse_checkpoint(checkpoint_bytes({list, {}}), "x").state;
  ASSERT_EQ(back.size(), list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(back[i].type(), list[i].type()) << i;
    if (list[i].is_number_float()) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i].get<double>()),
                std::bit_cast<std::uint64_t>(list[i].get<double>()))
          << list[i];
    } else {
      EXPECT_EQ(back[i], list[i]);
    }
  }
}

TEST(Checkpoint, ArraysAreSizeChecked) {
  auto const checkpoint = example();
  EXPECT_EQ(checkpoint.get<std::uint32_t>("words", 3),
            (std::vector<std::uint32_t>{1, 2, 4000000000U}));
  EXPECT_EQ(checkpoint.get<double>("theta").size(), 5U);
  EXPECT_TRUE(checkpoint.get<float>("empty", 0).empty());
  expect_input_error([&] { checkpoint.get<double>("theta", 6); },
                     "has 5 values, but this run needs 6");
  expect_input_error([&] { checkpoint.get<double>("words"); }, "12 bytes");
  expect_input_error([&] { checkpoint.get<double>("momentum"); }, "no \"momentum\"");
}

TEST(Checkpoint, AbsentIsSaid) {
  TemporaryDirectory const store;
  expect_input_error([&] { load_checkpoint(store.path()); }, "no checkpoint to resume from");
  expect_input_error([&] { load_checkpoint(store / "none"); }, "no checkpoint to resume from");
}

TEST(Checkpoint, EveryTruncationIsRefused) {
  auto const bytes = checkpoint_bytes(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    expect_input_error([&] { parse_checkpoint(std::span(bytes).first(size), "file"); }, "file: ");
  }
}

TEST(Checkpoint, EveryFlippedBitIsRefused) {
  auto const bytes = checkpoint_bytes(example());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    expect_input_error([&] { parse_checkpoint(damaged, "file"); }, "file: ");
  }
}

TEST(Checkpoint, LongerFilesAreRefused) {
  auto bytes = checkpoint_bytes(example());
  bytes.push_back(std::byte{0});
  expect_input_error([&] { parse_checkpoint(bytes, "file"); }, "truncated or corrupt");
}

TEST(Checkpoint, AFailedWriteKeepsTheOneBefore) {
  TemporaryDirectory const store;
  save_checkpoint(store.path(), example());
  Checkpoint large;
  large.put("theta", std::span<double const>(std::vector<double>(10000)));

  {
    test::FileSizeLimit const limit(1000);
    EXPECT_THROW(save_checkpoint(store.path(), large), MachineError);
  }
  EXPECT_EQ(load_checkpoint(store.path()).arrays, example().arrays);
  EXPECT_EQ(test::listing(store.path()), std::vector<std::string>{".checkpoint"});
}

}  // namespace
}  // namespace brink
