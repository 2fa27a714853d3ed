#pragma once

#include "kernels/view.hpp"

namespace brink::bench {

/// Makes `rounds` rounds of operations and returns their number. `factor` and `term` (1 and 0 keep
/// the numbers where they are) come from outside, so that no compiler knows them; the results go to
/// `out`.
template <class T>
using PeakLoop = Index (*)(Index rounds, T factor, T term, T* out);

/// One table per instruction set, compiled with its flags.
struct PeakLoops {
  char const* name;
  PeakLoop<float> single_precision;
  PeakLoop<double> double_precision;
};

}  // namespace brink::bench
