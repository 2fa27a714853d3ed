#pragma once

#include <cstddef>
#include <vector>

// The order that `set_order` asks for, as the scheduler uses it.

namespace brink::emulated {

/// Back to the order of the environment.
void reset_order();

bool in_forward_order();

/// 0 … count−1 as the blocks are to run.
std::vector<std::size_t> order_of_blocks(std::size_t count);

/// Which of `count` threads that can go on is next, where the last would be in its turn.
std::size_t place_of_next(std::size_t count);

}  // namespace brink::emulated
