#include <gtest/gtest.h>

#include <limits>

#include "host/run/memory_plan.hpp"
#include "kernels/cpu/memory.hpp"
#include "kernels/error.hpp"
#include "tests/host/data_files.hpp"

namespace brink::test {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// A file system with the files that tell of memory.
class ProcessMemory : public ::testing::Test {
 protected:
  void write(std::string const& name, std::string const& content) {
    std::filesystem::create_directories(files_.path(name).parent_path());
    files_.write(name, content);
  }
  void has_memory() {
    write("proc/meminfo",
          "MemTotal:       16384 kB\nMemFree:         1024 kB\nMemAvailable:    8192 kB\n"
          "Buffers:            10 kB\n");
  }
  void expect(std::size_t available, std::size_t total) const {
    MemoryState const state = cpu::memory_of_process(files_.path("."));
    EXPECT_EQ(state.available, available);
    EXPECT_EQ(state.total, total);
  }

  Files files_;
};

TEST_F(ProcessMemory, IsWhatTheKernelSaysIsAvailable) {
  has_memory();
  expect(8 * mebibyte, 16 * mebibyte);
}

TEST_F(ProcessMemory, IsUnlimitedWhereNothingIsKnown) {
  constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  expect(unlimited, unlimited);
  write("proc/meminfo", "MemTotal:       16384 kB\n");
  expect(16 * mebibyte, 16 * mebibyte);
}

TEST_F(ProcessMemory, IsLimitedByAGroupOfVersion2) {
  has_memory();
  write("proc/self/cgroup", "0::/jobs/one\n");
  write("sys/fs/cgroup/jobs/one/memory.max", "4194304\n");
  expect(4 * mebibyte, 4 * mebibyte);
  write("sys/fs/cgroup/jobs/one/memory.current", "3145728\n");
  expect(1 * mebibyte, 4 * mebibyte);
  // Of these three, two are cache.
  write("sys/fs/cgroup/jobs/one/memory.stat",
        "anon 1048576\nfile 2097152\ninactive_file 1572864\nactive_file 524288\n");
  expect(3 * mebibyte, 4 * mebibyte);
  // More than the limit, for a moment.
  write("sys/fs/cgroup/jobs/one/memory.current", "9999999\n");
  expect(0, 4 * mebibyte);
}

TEST_F(ProcessMemory, IsLimitedByTheGroupsAround) {
  has_memory();
  write("proc/self/cgroup", "0::/jobs/one\n");
  write("sys/fs/cgroup/jobs/one/memory.max", "max\n");
  expect(8 * mebibyte, 16 * mebibyte);
  write("sys/fs/cgroup/jobs/memory.max", "6291456\n");
  write("sys/fs/cgroup/jobs/memory.current", "1048576\n");
  expect(5 * mebibyte, 6 * mebibyte);
  write("sys/fs/cgroup/memory.max", "2097152\n");
  expect(2 * mebibyte, 2 * mebibyte);
}

TEST_F(ProcessMemory, IsLimitedByTheTopWhereAContainerSeesNoMore) {
  has_memory();
  write("proc/self/cgroup", "0::/../elsewhere\n");
  write("sys/fs/cgroup/memory.max", "2097152\n");
  expect(2 * mebibyte, 2 * mebibyte);
}

TEST_F(ProcessMemory, IsLimitedByAGroupOfVersion1) {
  has_memory();
  write("proc/self/cgroup", "12:cpu,cpuacct:/other\n7:rdma,memory:/job\n0::/ignored\n");
  write("sys/fs/cgroup/other/memory.limit_in_bytes", "1\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  expect(8 * mebibyte, 16 * mebibyte);
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4194304\n");
  write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "3145728\n");
  write("sys/fs/cgroup/memory/job/memory.stat",
        "inactive_file 7\ntotal_inactive_file 1048576\ntotal_active_file 0\n");
  expect(2 * mebibyte, 4 * mebibyte);
}

TEST_F(ProcessMemory, OfThisProcessIsKnown) {
  MemoryState const state = cpu::memory_of_process();
  EXPECT_GT(state.available, 0u);
  EXPECT_LE(state.available, state.total);
  EXPECT_LT(state.total, std::numeric_limits<std::size_t>::max());
}

MemoryPlan four_parts() {
  MemoryPlan plan("cuda:1");
  plan.add("data", 300 * mebibyte, "fewer --examples");
  plan.add("nothing", 0, "magic");
  plan.add("eigenvectors", 2048.0 * mebibyte, "smaller --top");
  plan.add("activations", 301 * mebibyte, "fewer --examples");
  plan.add("working memory", 1 * mebibyte, "narrower --hidden");
  return plan;
}

TEST(MemoryPlan, NamesItsLargestPartsFirst) {
  MemoryPlan const plan = four_parts();
  EXPECT_EQ(plan.bytes(), 2650.0 * mebibyte);
  EXPECT_EQ(plan.parts().size(), 4u);
  EXPECT_EQ(plan.text(),
            "2.6 GiB on cuda:1 (eigenvectors 2.0 GiB, activations 301.0 MiB, data 300.0 MiB, …)");
}

TEST(MemoryPlan, FitsToTheByte) {
  MemoryPlan const plan = four_parts();
  EXPECT_NO_THROW(plan.check({2650 * mebibyte, 2650 * mebibyte}));
  EXPECT_THROW(plan.check({2650 * mebibyte - 1, 4096 * mebibyte}), MachineError);
}

TEST(MemoryPlan, SaysWhatIsMissingAndWhatWouldHelp) {
  MemoryPlan plan = four_parts();
  plan.add_remedy("--precision float32");
  std::string message;
  try {
    plan.check({1536 * mebibyte, 4096 * mebibyte});
  } catch (MachineError const& error) {
    message = error.what();
  }
  EXPECT_EQ(message,
            "not enough memory: this needs up to 2.6 GiB on cuda:1 (eigenvectors 2.0 GiB, "
            "activations 301.0 MiB, data 300.0 MiB, …), and 1.5 GiB of 4.0 GiB are available; what "
            "would help: --precision float32, smaller --top, fewer --examples");
}

TEST(MemoryPlan, HoldsSizesThatNoMachineHas) {
  MemoryPlan plan("cpu");
  Index const large = Index{1} << 62;
  plan.add("eigenvectors", bytes_of<double>(large, large));
  EXPECT_GT(plan.bytes(), 1e38);
  EXPECT_THROW(plan.check({~std::size_t{0} >> 1, ~std::size_t{0} >> 1}), MachineError);
}

TEST(BytesText, TakesTheUnitThatReadsWell) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1.5 * mebibyte), "1.5 MiB");
  EXPECT_EQ(bytes_text(1e30), "867361737988.4 EiB");
}

}  // namespace
}  // namespace brink::test
