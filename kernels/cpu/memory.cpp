#include "kernels/cpu/memory.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

namespace brink::cpu {
namespace {

namespace fs = std::filesystem;

/// The number behind `name` in a file of lines `name number …`; the file's first word where `name`
/// is empty. Nothing where there is no such file, line or number ("max").
std::optional<std::size_t> number_in(fs::path const& file, std::string const& name = "") {
  std::ifstream stream(file);
  std::string line;
  while (std::getline(stream, line)) {
    std::istringstream words(line);
    std::string first;
    if (!name.empty() && (!(words >> first) || first != name)) continue;
    std::size_t number = 0;
    if (words >> number) return number;
    return {};
  }
  return {};
}

/// The files of a control group that tell of its memory, and two lines of its memory.stat.
struct GroupFiles {
  char const *limit, *usage;
  char const *inactive_cache, *active_cache;
};
constexpr GroupFiles version_2{"memory.max", "memory.current", "inactive_file", "active_file"};
constexpr GroupFiles version_1{"memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_inactive_file", "total_active_file"};

/// `state`, or less where the group in this directory has a limit.
MemoryState within(fs::path const& group, GroupFiles const& files, MemoryState state) {
  std::optional<std::size_t> const limit = number_in(group / files.limit);
  if (!limit) return state;
  fs::path const statistics = group / "memory.stat";
  std::size_t const cache = number_in(statistics, files.inactive_cache).value_or(0) +
                            number_in(statistics, files.active_cache).value_or(0);
  std::size_t const usage = number_in(group / files.usage).value_or(0);
  std::size_t const held = usage - std::min(usage, cache);
  return {std::min(state.available, *limit - std::min(*limit, held)),
          std::min(state.total, *limit)};
}

bool lists(std::string const& controllers, std::string const& name) {
  return ("," + controllers + ",").find("," + name + ",") != std::string::npos;
}

}  // namespace

MemoryState memory_of_process(fs::path const& root) {
  constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  auto const kilobytes = [&](char const* name) {
    auto const number = number_in(root / "proc/meminfo", name);
    return number ? *number * 1024 : unlimited;
  };
  MemoryState state{kilobytes("MemAvailable:"), kilobytes("MemTotal:")};
  state.available = std::min(state.available, state.total);

  // Lines ID:CONTROLLERS:PATH; version 2 has no controllers there.
  std::ifstream groups(root / "proc/self/cgroup");
  std::string id, controllers, name;
  while (std::getline(groups, id, ':') && std::getline(groups, controllers, ':') &&
         std::getline(groups, name)) {
    bool const is_version_2 = id == "0" && controllers.empty();
    if (!is_version_2 && !lists(controllers, "memory")) continue;
    fs::path const top = root / (is_version_2 ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
    // A container may see its own group as the top: directories that are not there have no limit.
    fs::path group = fs::path(name).lexically_normal().relative_path();
    while (true) {
      state = within(top / group, is_version_2 ? version_2 : version_1, state);
      if (group.empty()) break;
      group = group.parent_path();
    }
  }
  return state;
}

}  // namespace brink::cpu
