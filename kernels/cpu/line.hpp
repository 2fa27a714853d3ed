#pragma once

#include "kernels/cpu/context.hpp"
#include "kernels/line.hpp"

namespace brink::cpu {

template <class T>
class CpuLine final : public Line<T> {
 public:
  explicit CpuLine(CpuContext const& context) : context_(context) {}

  std::vector<LinePoint> sweep(LineProblem<T> const& problem,
                               std::vector<double> const& taus) const override;
  double workspace_bytes(SweepShape const& shape) const override;

 private:
  CpuContext const& context_;
};

}  // namespace brink::cpu
