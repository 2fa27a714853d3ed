#pragma once

#include "kernels/basin.hpp"

namespace brink::cpu {

/// Starts (row, col) … (row, col + count − 1).
struct StartRange {
  Index row;
  Index col;
  Index count;
};

/// What the threads of a scan share. Plain data and a function, so that the loops that are compiled
/// for one instruction set call nothing that is shared with another's.
template <class T>
struct BasinTask {
  BasinRule const* rule;
  BasinMinimum const* minima;
  int minimum_count;
  Starts<T> starts;
  BasinResults<T> results;
  bool (*next)(void* queue, StartRange* range);  ///< hands out ranges until it returns false
  void* queue;
};

}  // namespace brink::cpu
