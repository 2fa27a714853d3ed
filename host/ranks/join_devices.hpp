#pragma once

#include <memory>

#include "host/ranks/ranks.hpp"
#include "kernels/context.hpp"

namespace brink {

/// What makes sums over ranks among their devices: null unless each has a device of its own that
/// can, and there are several. Together.
std::unique_ptr<Collective> join_devices(Ranks& ranks, Context& context);

}  // namespace brink
