#include "host/record/claim.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "host/record/zarr.hpp"
#include "tests/host/record_support.hpp"

namespace brink::test {
namespace {

TEST(Claim, IsForOneAtATime) {
  TemporaryDirectory const directory;
  auto first = Claim::take(directory.path(), "0.3");
  ASSERT_TRUE(first);
  EXPECT_FALSE(Claim::take(directory.path(), "0.3"));
  EXPECT_TRUE(Claim::take(directory.path(), "0.4"));
  first.reset();
  EXPECT_TRUE(Claim::take(directory.path(), "0.3"));
  EXPECT_TRUE(std::filesystem::is_empty(directory / ".claims"));
  remove_claims(directory.path(), false);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(Claim, OfOthersIsLeftAloneUnlessThereAreNone) {
  TemporaryDirectory const directory;
  auto const claim = Claim::take(directory.path(), "0.3");
  remove_claims(directory.path(), false);
  EXPECT_FALSE(Claim::take(directory.path(), "0.3"));
  remove_claims(directory.path(), true);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(Claim, EndsWithItsProcess) {
  TemporaryDirectory const directory;
  pid_t const child = ::fork();
  if (child == 0) {
    auto const claim = Claim::take(directory.path(), "7");
    ::_exit(claim ? 0 : 1);  // and nothing is cleared away
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::exists(directory / ".claims/7"));
  EXPECT_TRUE(Claim::take(directory.path(), "7"));
}

class Sharing : public ::testing::Test {
 protected:
  Sharing() {
    ZarrGroup record = ZarrGroup::create(path_, {{"brink_version", "0.1.0"}});
    ArraySpec spec;
    spec.name = "codes";
    spec.dtype = DType::u1;
    spec.dimensions = {"x"};
    spec.shape = {6};
    spec.chunks = {3};
    record.define(spec);
    record.flush();
  }
  static void write(ZarrGroup& record, std::int64_t chunk) {
    std::vector<std::byte> const codes(3, static_cast<std::byte>(chunk + 1));
    record.write_chunk("codes", {chunk}, codes);
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "RUN.zarr";
};

TEST_F(Sharing, SeveralWriteChunksAndTheLastEndsIt) {
  auto first = ZarrGroup::join(path_);
  ASSERT_TRUE(first && first->is_alone());
  EXPECT_FALSE(ZarrGroup::join(path_)) << "while one is alone";
  first->share();
  auto second = ZarrGroup::join(path_);
  ASSERT_TRUE(second && !second->is_alone());
  write(*first, 0);
  write(*second, 1);
  expect_input_error([&] { remove_record(path_); }, "another process is writing");
  EXPECT_FALSE(second->try_alone());
  EXPECT_TRUE(first->try_alone()) << "the other one has given up its share to wait";
  first->set_attribute("stop_reason", "complete");
  first->flush();
  EXPECT_FALSE(second->try_alone());
  first.reset();
  ASSERT_TRUE(second->try_alone());
  EXPECT_EQ(second->attributes().at("stop_reason"), "complete");
  EXPECT_EQ(second->read("codes"), (std::vector<double>{1, 1, 1, 2, 2, 2}));
}

TEST_F(Sharing, OneThatIsAloneClearsAway) {
  auto first = ZarrGroup::join(path_);
  auto const left = path_ / temporary_of("codes", no_process);
  write_atomically(left, "left");
  // Of a process that was killed while it made the record, and is gone.
  auto const orphan = path_.parent_path() / temporary_of(path_.filename(), no_process);
  std::filesystem::create_directory(orphan);
  first->share();
  auto const claim = Claim::take(path_, "codes");
  auto second = ZarrGroup::join(path_);
  EXPECT_TRUE(std::filesystem::exists(left)) << "may be the other's";
  second.reset();
  EXPECT_TRUE(first->try_alone());
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_FALSE(std::filesystem::exists(path_ / ".claims"));
  EXPECT_FALSE(std::filesystem::exists(orphan));
}

}  // namespace
}  // namespace brink::test
