#pragma once

#include <limits>

namespace brink {

/// What a record has where there is no number.
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

}  // namespace brink
