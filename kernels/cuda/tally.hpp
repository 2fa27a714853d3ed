#pragma once

#include "kernels/cuda/context.hpp"
#include "kernels/tally.hpp"

namespace brink::cuda {

class CudaTally final : public Tally {
 public:
  explicit CudaTally(CudaContext const& context) : context_(context) {}

  VerdictCounts count(Verdicts const& verdicts, Index minima, Boxes boxes) const override;
  double workspace_bytes(Index starts, Index minima) const override;

 private:
  CudaContext const& context_;
  mutable Workspace counts_;
  mutable Workspace steps_;
  mutable Workspace room_;  ///< of the histograms and the sum
};

}  // namespace brink::cuda
