#pragma once

#include <cstdint>
#include <functional>

namespace brink {

/// Calls body(0) … body(count − 1), by so many threads at a time, each index handed to whichever is
/// free. The first exception that a call throws ends the rest and is thrown on.
void in_parallel(int threads, std::int64_t count, std::function<void(std::int64_t)> const& body);

}  // namespace brink
