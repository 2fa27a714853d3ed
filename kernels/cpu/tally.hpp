#pragma once

#include "kernels/cpu/context.hpp"
#include "kernels/tally.hpp"

namespace brink::cpu {

class CpuTally final : public Tally {
 public:
  explicit CpuTally(CpuContext const& context) : context_(context) {}

  VerdictCounts count(Verdicts const& verdicts, Index minima, Boxes boxes) const override;
  double workspace_bytes(Index, Index) const override { return 0; }

 private:
  CpuContext const& context_;
};

}  // namespace brink::cpu
