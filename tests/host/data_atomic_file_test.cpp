#include "host/data/atomic_file.hpp"
#include "host/data/file.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/host/record_support.hpp"

namespace brink {
namespace {

using test::expect_input_error;
using test::listing;
using test::TemporaryDirectory;

std::string text_of(std::filesystem::path const& path) {
  auto const bytes = read_file(path);
  return std::string(as_text(bytes));
}

/// The id of a process that has ended.
pid_t ended_process() {
  pid_t const child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(AtomicFile, WritesAndReplaces) {
  TemporaryDirectory const directory;
  for (auto const durable : {Durable::no, Durable::yes}) {
    write_atomically(directory / "a", "first", durable);
    EXPECT_EQ(text_of(directory / "a"), "first");
    write_atomically(directory / "a", "", durable);
    EXPECT_EQ(text_of(directory / "a"), "");
  }
  EXPECT_EQ(listing(directory.path()), std::vector<std::string>{"a"});
}

TEST(AtomicFile, FailureNamesTheFileAndLeavesNothing) {
  TemporaryDirectory const directory;
  try {
    write_atomically(directory / "missing/a", "text");
    ADD_FAILURE() << "nothing was thrown";
  } catch (MachineError const& error) {
    EXPECT_NE(std::string(error.what()).find("missing/a: No such file"), std::string::npos)
        << error.what();
  }
  std::filesystem::create_directories(directory / "taken/x");
  EXPECT_THROW(write_atomically(directory / "taken", "text"), MachineError);
  EXPECT_EQ(listing(directory.path()), (std::vector<std::string>{"taken", "taken/x"}));
}

TEST(AtomicFile, RemovesTemporariesOnly) {
  TemporaryDirectory const directory;
  std::filesystem::create_directory(directory / "array");
  for (auto const* name : {"array/.0.tmp-17", ".zmetadata.tmp-99", "array/0", ".checkpoint",
                           "x.tmp-1", ".x.tmp-", ".x.tmp-1a"}) {
    write_atomically(directory / name, "x", Durable::no);
  }
  remove_temporaries(directory.path());
  EXPECT_EQ(listing(directory.path()),
            (std::vector<std::string>{".checkpoint", ".x.tmp-", ".x.tmp-1a", "array", "array/0",
                                      "x.tmp-1"}));
}

TEST(AtomicFile, RemovesSiblingsOfEndedProcessesOnly) {
  TemporaryDirectory const directory;
  auto const record = directory / "RUN.zarr";
  auto const orphan = directory / (".RUN.zarr.tmp-" + std::to_string(ended_process()));
  std::filesystem::create_directories(orphan / "loss");
  std::filesystem::create_directory(temporary_name(record));
  remove_orphaned_siblings(record);
  EXPECT_FALSE(std::filesystem::exists(orphan));
  EXPECT_TRUE(std::filesystem::exists(temporary_name(record)));
}

TEST(AtomicFile, ReadingNeedsAFile) {
  TemporaryDirectory const directory;
  expect_input_error([&] { read_file(directory / "none"); }, "none: no such file");
  expect_input_error([&] { read_file(directory.path()); }, "not a regular file");
}

}  // namespace
}  // namespace brink
