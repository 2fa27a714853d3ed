#include "host/record/png.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/math/random.hpp"
#include "tests/host/record_support.hpp"
#include "tests/support/picture.hpp"

namespace brink::test {
namespace {

std::vector<Colour> const colours{{0, 0, 0}, {255, 0, 0}, {1, 2, 3}, {250, 251, 252}, {0, 255, 0}};

using Row = std::vector<std::uint8_t>;

void write(std::filesystem::path const& path, std::vector<Row> const& rows) {
  PngWriter picture(path, static_cast<std::uint32_t>(rows.front().size()),
                    static_cast<std::uint32_t>(rows.size()), colours);
  for (Row const& row : rows) picture.write_row(row);
  picture.finish();
}

/// Rows of colour indices without a pattern.
std::vector<Row> noise(Index height, Index width) {
  std::vector<Row> rows(static_cast<std::size_t>(height), Row(static_cast<std::size_t>(width)));
  std::uint64_t i = 0;
  for (Row& row : rows) {
    for (auto& index : row) index = static_cast<std::uint8_t>(5 * uniform(1, 0, i++));
  }
  return rows;
}

void expect_equal(Picture const& picture, std::vector<Row> const& rows) {
  ASSERT_EQ(picture.height, std::ssize(rows));
  ASSERT_EQ(picture.width, std::ssize(rows.front()));
  for (Index r = 0; r < picture.height; ++r) {
    for (Index c = 0; c < picture.width; ++c) {
      ASSERT_EQ(picture.at(r, c), rgb(colours[rows[r][c]])) << r << ", " << c;
    }
  }
}

TEST(Png, HoldsTheColoursRowByRowFromTheTop) {
  TemporaryDirectory const directory;
  for (auto const& [height, width] : std::vector<std::pair<Index, Index>>{
           {1, 1}, {2, 3}, {3, 2}, {1, 700}, {700, 1}, {123, 457}}) {
    SCOPED_TRACE(fmt::format("{} x {}", height, width));
    auto const rows = noise(height, width);
    write(directory / "a.png", rows);
    Picture const picture = read_picture(directory / "a.png");
    EXPECT_TRUE(picture.has_palette);
    expect_equal(picture, rows);
  }
  EXPECT_EQ(listing(directory.path()), std::vector<std::string>{"a.png"});
}

TEST(Png, AppearsAtTheEndAndReplacesWhatWasThere) {
  TemporaryDirectory const directory;
  auto const path = directory / "a.png";
  write(path, {{1, 1}});
  PngWriter picture(path, 1, 2, colours);
  picture.write_row(Row{2});
  picture.write_row(Row{3});
  expect_equal(read_picture(path), {{1, 1}});
  picture.finish();
  expect_equal(read_picture(path), {{2}, {3}});
  EXPECT_EQ(listing(directory.path()), std::vector<std::string>{"a.png"});
}

TEST(Png, LeavesNothingWithoutItsEnd) {
  TemporaryDirectory const directory;
  {
    PngWriter picture(directory / "a.png", 2, 2, colours);
    picture.write_row(Row{1, 2});
    EXPECT_EQ(listing(directory.path()).size(), 1u);
  }
  EXPECT_TRUE(listing(directory.path()).empty());
}

TEST(Png, SaysWhereItCannotBe) {
  TemporaryDirectory const directory;
  try {
    write(directory / "none/a.png", {{0}});
    ADD_FAILURE() << "nothing was thrown";
  } catch (MachineError const& error) {
    EXPECT_NE(std::string(error.what()).find("none/a.png: No such file"), std::string::npos)
        << error.what();
  }
  std::filesystem::create_directory(directory / "b.png");
  EXPECT_THROW(write(directory / "b.png", {{0}}), MachineError);
  EXPECT_EQ(listing(directory.path()), std::vector<std::string>{"b.png"});
}

TEST(Png, OnAFullDiskLeavesNothing) {
  TemporaryDirectory const directory;
  auto const rows = noise(300, 300);
  for (rlim_t const bytes : {0, 100, 5000, 20000}) {
    FileSizeLimit const limit(bytes);
    EXPECT_THROW(write(directory / "a.png", rows), MachineError) << bytes;
    EXPECT_TRUE(listing(directory.path()).empty()) << bytes;
  }
}

}  // namespace
}  // namespace brink::test
