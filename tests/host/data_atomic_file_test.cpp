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
using test::temporary_of;
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
  for (std::string const& name :
       {temporary_of("array/0", ended_process()), temporary_of("zmetadata", ended_process()),
        std::string("array/0"), std::string(".checkpoint"), std::string("x.tmp-1@h"),
        std::string(".x.tmp-@h"), std::string(".x.tmp-1a@h"), std::string(".x.tmp-1")}) {
    write_atomically(directory / name, "x", Durable::no);
  }
  remove_temporaries(directory.path(), false);
  EXPECT_EQ(listing(directory.path()),
            (std::vector<std::string>{".checkpoint", ".x.tmp-1", ".x.tmp-1a@h", ".x.tmp-@h",
                                      "array", "array/0", "x.tmp-1@h"}));
}

TEST(AtomicFile, RemovesTemporariesThatNobodyComesBackForOnly) {
  TemporaryDirectory const directory;
  std::string const alive = temporary_of("z", ::getpid());
  for (std::string const& name :
       {alive, std::string(".x.tmp-1@another"), std::string(".y.tmp-1@another")}) {
    write_atomically(directory / name, "x", Durable::no);
  }
  auto const yesterday = std::filesystem::file_time_type::clock::now() - std::chrono::hours(25);
  std::filesystem::last_write_time(directory / ".y.tmp-1@another", yesterday);
  remove_temporaries(directory.path(), false);
  EXPECT_EQ(listing(directory.path()), (std::vector<std::string>{".x.tmp-1@another", alive}));
  remove_temporaries(directory.path(), true);
  // On a local file system those of other machines, too.
  EXPECT_FALSE(std::filesystem::exists(directory / alive));
}

TEST(AtomicFile, RemovesSiblingsOfEndedProcessesOnly) {
  TemporaryDirectory const directory;
  auto const record = directory / "RUN.zarr";
  auto const orphan = directory / temporary_of("RUN.zarr", ended_process());
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
