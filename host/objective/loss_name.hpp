#pragma once

#include <string>

#include "kernels/loss.hpp"

namespace brink {

/// "cross-entropy" or "mse"; InputError that lists them for anything else.
LossKind parse_loss(std::string const& name);
std::string loss_name(LossKind loss);

}  // namespace brink
