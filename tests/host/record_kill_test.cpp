#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include "host/record/checkpoint.hpp"
#include "host/record/zarr.hpp"
#include "tests/host/record_support.hpp"

namespace brink {
namespace {

using test::contents;
using test::TemporaryDirectory;

constexpr std::int64_t chunk_rows = 37;

double loss_at(std::int64_t step) {
  return 1.0 / static_cast<double>(step + 1);
}

ZarrGroup new_record(std::filesystem::path const& path) {
  auto record = ZarrGroup::create(path, {{"brink_version", "test"}});
  for (auto const* name : {"step", "loss", "relative_progress"}) {
    record.define({.name = name,
                   .dtype = std::string(name) == "step" ? DType::i8 : DType::f8,
                   .dimensions = {"step"},
                   .shape = {0},
                   .chunks = {chunk_rows},
                   .attributes = {{"units", "1"}},
                   .grows = true});
  }
  record.define({.name = "eigenvector",
                 .dtype = DType::f4,
                 .dimensions = {"step", "parameter"},
                 .shape = {0, 5},
                 .chunks = {chunk_rows, 3},
                 .attributes = {},
                 .grows = true});
  return record;
}

void append_step(ZarrGroup& record, std::int64_t step) {
  record.append("step", step);
  record.append("loss", loss_at(step));
  std::vector<double> const row(5, static_cast<double>(step));
  record.append("eigenvector", std::span<double const>(row));
  // Known one step later, as in a training run.
  if (record.shape("relative_progress").front() < step) {
    record.append("relative_progress", loss_at(step - 1));
  }
}

std::int64_t saved_step(std::filesystem::path const& store) {
  return load_checkpoint(store).state.at("step").get<std::int64_t>();
}

std::int64_t resume_point(ZarrGroup& record) {
  auto const step = saved_step(record.path());
  for (auto const& name : record.names()) record.truncate(name, step);
  return step;
}

/// The relative progress of the last step is not known yet, so a checkpoint lies one row back.
void save_point(ZarrGroup& record) {
  record.flush();
  auto const rows = record.shape("relative_progress").front();
  save_checkpoint(record.path(), {{{"step", rows}}, {}});
}

/// Goes on with a record as a resumed run does, up to `end` steps; calls `saved` at each
/// checkpoint.
template <class Saved>
void run(std::filesystem::path const& path, std::int64_t end, Saved&& saved) {
  auto record = ZarrGroup::open(path);
  auto const first = resume_point(record);
  for (auto step = first; step < end; ++step) {
    append_step(record, step);
    if (step % 2 == 1) record.flush(Durable::no);
    if (step > first && step % 10 == 9) {
      save_point(record);
      saved();
    }
  }
  record.append("relative_progress", loss_at(end - 1));
  record.flush();
}

/// A process that goes on with a record until it is killed.
class Victim {
 public:
  explicit Victim(std::filesystem::path const& path) {
    if (::pipe(progress_) != 0) throw MachineError("no pipe");
    child_ = ::fork();
    if (child_ != 0) return;
    run(path, 1'000'000'000, [this] {
      if (::write(progress_[1], "x", 1) != 1) ::_exit(1);
    });
    ::_exit(0);
  }
  Victim(Victim const&) = delete;
  Victim& operator=(Victim const&) = delete;
  ~Victim() {
    ::close(progress_[0]);
    ::close(progress_[1]);
  }

  /// Returns once the process has saved a checkpoint.
  bool await_checkpoint() {
    ::close(std::exchange(progress_[1], -1));  // so that the end of the process ends the wait
    char byte = 0;
    return ::read(progress_[0], &byte, 1) == 1;
  }
  /// Whether it was this that ended the process.
  bool kill() {
    int status = 0;
    return ::kill(child_, SIGKILL) == 0 && ::waitpid(child_, &status, 0) == child_ &&
           WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  int progress_[2] = {-1, -1};
  pid_t child_ = -1;
};

void expect_consistent_prefix(std::filesystem::path const& path, std::int64_t at_least) {
  auto const record = ZarrGroup::open(path);
  auto const rows = record.shape("step").front();
  EXPECT_GE(rows, at_least);
  for (auto const& name : record.names()) EXPECT_EQ(record.shape(name).front(), rows) << name;
  auto const step = record.read("step");
  auto const loss = record.read("loss");
  auto const progress = record.read("relative_progress");
  auto const vectors = record.read("eigenvector");
  for (std::int64_t i = 0; i < rows; ++i) {
    ASSERT_EQ(step[i], i);
    ASSERT_EQ(loss[i], loss_at(i));
    ASSERT_EQ(progress[i], loss_at(i));
    for (std::int64_t j = 0; j < 5; ++j) ASSERT_EQ(vectors[5 * i + j], i);
  }
}

TEST(Kill, AtAnyInstantLeavesAConsistentPrefixThatResumes) {
  TemporaryDirectory const directory;
  auto const path = directory / "RUN.zarr";
  {
    auto record = new_record(path);
    record.flush();
    save_checkpoint(path, {{{"step", 0}}, {}});
  }
  auto const killed_stores = directory / "killed";
  std::filesystem::create_directory(killed_stores);
  std::mt19937 random(20240607);
  std::uniform_int_distribution<int> delay(0, 40'000);  // microseconds
  for (int repetition = 0; repetition < 20; ++repetition) {
    auto const before = saved_step(path);
    // Every fourth is killed while it resumes, the others after at least one checkpoint.
    bool const early = repetition % 4 == 3;
    Victim victim(path);
    if (!early) {
      ASSERT_TRUE(victim.await_checkpoint()) << "the process ended by itself";
    }
    std::this_thread::sleep_for(std::chrono::microseconds(delay(random)));
    ASSERT_TRUE(victim.kill()) << "the process ended by itself";
    auto const saved = saved_step(path);
    expect_consistent_prefix(path, saved);
    if (repetition % 4 == 0) {
      std::filesystem::copy(path, killed_stores / std::to_string(repetition),
                            std::filesystem::copy_options::recursive);
    }
    EXPECT_TRUE(early || saved > before) << saved;
  }
  int const readers = test::readers_status("killed", killed_stores);
  EXPECT_TRUE(readers == 0 || readers == test::without_readers) << readers;

  auto const end = saved_step(path) + 10;
  run(path, end, [] {});
  expect_consistent_prefix(path, end);
  auto killed = contents(path);

  auto const whole = directory / "WHOLE.zarr";
  {
    auto record = new_record(whole);
    for (std::int64_t step = 0; step < end; ++step) append_step(record, step);
    record.append("relative_progress", loss_at(end - 1));
    record.flush();
  }
  killed.erase(".checkpoint");
  EXPECT_EQ(killed, contents(whole)) << "a record depends on its content alone";
}

}  // namespace
}  // namespace brink
