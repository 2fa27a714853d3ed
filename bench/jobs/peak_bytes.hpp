#pragma once

#include <sys/resource.h>

namespace brink::bench {

/// The most memory that the process has held so far.
inline double peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

}  // namespace brink::bench
