#pragma once

#include <vector>

#include "kernels/cpu/basin_lanes.hpp"
#include "kernels/math/activation.hpp"
#include "kernels/view.hpp"

namespace brink::cpu {

/// The loops whose speed depends on the instruction set, one table for each that is compiled in.
template <class T>
struct SimdLoops {
  /// The arrays are contiguous; `slope` and `curvature` may be null; `z` may be `value`.
  void (*activate)(Activation activation, Index count, T const* z, T* value, T* slope,
                   T* curvature);
  /// One thread's part of a scan: all ranges that it can get hold of.
  void (*scan)(BasinTask<T> const& task);
};

struct InstructionSet {
  char const* name;
  SimdLoops<float> single_precision;
  SimdLoops<double> double_precision;
};

/// The compiled-in instruction sets that this processor runs, the narrowest first.
std::vector<InstructionSet const*> runnable_instruction_sets();

/// The widest of them.
InstructionSet const& instruction_set();

template <class T>
SimdLoops<T> const& loops(InstructionSet const& set) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return set.single_precision;
  } else {
    return set.double_precision;
  }
}

template <class T>
SimdLoops<T> const& simd_loops() {
  return loops<T>(instruction_set());
}

}  // namespace brink::cpu
