#pragma once

#include "kernels/cuda/context.hpp"
#include "kernels/line.hpp"

namespace brink::cuda {

/// The working memory of a sweep.
struct LineMemory {
  Workspace taus, points, weights, biases, activations;
  SumsWorkspace sums;
};

template <class T>
class CudaLine final : public Line<T> {
 public:
  explicit CudaLine(CudaContext& context) : context_(context) {}

  std::vector<LinePoint> sweep(LineProblem<T> const& problem,
                               std::vector<double> const& taus) const override;
  double workspace_bytes(SweepShape const& shape) const override;

 private:
  CudaContext& context_;
  mutable LineMemory memory_;
};

}  // namespace brink::cuda
