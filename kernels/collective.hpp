#pragma once

#include "kernels/view.hpp"

namespace brink {

/// Sums over processes with a device each, made among the devices. All of them make the same calls.
class Collective {
 public:
  virtual ~Collective() = default;

  /// Replaces each element by the sum over processes of `factor` (this process's) times the
  /// element, rounded to T. Added in the order of processes and in double precision: the same in
  /// each of them, and from run to run.
  virtual void add_up(Matrix<float> values, double factor) = 0;
  virtual void add_up(Matrix<double> values, double factor) = 0;
};

}  // namespace brink
