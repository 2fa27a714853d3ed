#pragma once

#include <filesystem>

#include "kernels/memory.hpp"

namespace brink::cpu {

/// What this process may use: MemAvailable and MemTotal of /proc/meminfo, or less where a control
/// group (version 2 or 1) that it is in, or one around that, has a limit; the page cache of a group
/// counts as available, since the kernel gives it up. Without any of these files, no limit is
/// known: the largest number. `root` is where the file system begins.
MemoryState memory_of_process(std::filesystem::path const& root = "/");

}  // namespace brink::cpu
