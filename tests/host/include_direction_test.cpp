// Includes go one way: apps → host → kernels, and within the host along the pipeline.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace brink::test {
namespace {

namespace fs = std::filesystem;

struct Include {
  std::string by;    // from the project root
  std::string what;  // as written
};

/// All includes in quotes of the sources under a directory of the project.
std::vector<Include> includes_under(std::string const& directory) {
  constexpr std::string_view start = "#include \"";
  std::set<std::string> const sources{".cpp", ".hpp", ".cu", ".cuh", ".in"};
  fs::path const root = BRINK_SOURCE_DIR;
  std::vector<Include> found;
  for (auto const& entry : fs::recursive_directory_iterator(root / directory)) {
    if (!sources.contains(entry.path().extension().string())) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with(start)) continue;
      std::string const what =
          line.substr(start.size(), line.find('"', start.size()) - start.size());
      found.push_back({fs::relative(entry.path(), root).string(), what});
    }
  }
  return found;
}

/// The directory names of a path, as "host/data" of "host/data/npy.hpp".
std::string room(std::string const& path) {
  return fs::path(path).parent_path().string();
}

TEST(IncludeDirection, KernelsKnowNothingAboveThem) {
  auto const includes = includes_under("kernels");
  EXPECT_GT(includes.size(), 20u);
  for (auto const& [by, what] : includes) {
    EXPECT_TRUE(what.starts_with("kernels/")) << by << " includes " << what;
  }
}

TEST(IncludeDirection, ContractsKnowNoBackend) {
  for (auto const& [by, what] : includes_under("kernels")) {
    bool const contract =
        fs::path(by).extension() == ".hpp" && (room(by) == "kernels" || room(by) == "kernels/math");
    if (contract) {
      EXPECT_NE(room(what), "kernels/cpu") << by;
      EXPECT_NE(room(what), "kernels/cuda") << by;
    }
  }
}

TEST(IncludeDirection, TheHostFollowsThePipeline) {
  std::vector<std::string> const pipeline{"host/data",      "host/network",  "host/ranks",
                                          "host/objective", "host/dynamics", "host/diagnostics",
                                          "host/landscape", "host/scan",     "host/record",
                                          "host/run",       "host/bench"};
  auto const place = [&](std::string const& path) {
    return std::find(pipeline.begin(), pipeline.end(), room(path)) - pipeline.begin();
  };
  auto const includes = includes_under("host");
  EXPECT_GT(includes.size(), 50u);
  for (auto const& [by, what] : includes) {
    if (what.starts_with("kernels/")) {
      EXPECT_NE(room(what), "kernels/cpu") << by << " asks which backend it has";
      EXPECT_NE(room(what), "kernels/cuda") << by << " asks which backend it has";
      continue;
    }
    EXPECT_LT(place(by), std::ssize(pipeline)) << by << " is in no room of the pipeline";
    EXPECT_LT(place(what), std::ssize(pipeline)) << by << " includes " << what;
    EXPECT_LE(place(what), place(by)) << by << " includes " << what;
  }
}

/// A clock that is set forth or back while a run lasts must not move its checkpoints.
TEST(WallClock, IsNotLookedAt) {
  fs::path const root = BRINK_SOURCE_DIR;
  int files = 0;
  for (char const* directory : {"kernels", "host", "apps"}) {
    for (auto const& entry : fs::recursive_directory_iterator(root / directory)) {
      if (!entry.is_regular_file()) continue;
      ++files;
      std::ifstream file(entry.path());
      std::string const text{std::istreambuf_iterator<char>(file), {}};
      for (char const* clock : {"system_clock", "gettimeofday", "CLOCK_REALTIME", "time.time()"}) {
        EXPECT_EQ(text.find(clock), std::string::npos) << entry.path() << ": " << clock;
      }
    }
  }
  EXPECT_GT(files, 200);
}

TEST(IncludeDirection, OracleKnowsNothingOfWhatItJudges) {
  for (auto const& [by, what] : includes_under("tests/oracle")) {
    if (fs::path(by).filename() == "oracle_test.cpp") continue;
    EXPECT_EQ(room(what), "tests/oracle") << by;
  }
}

}  // namespace
}  // namespace brink::test
