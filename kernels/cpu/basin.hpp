#pragma once

#include "kernels/basin.hpp"
#include "kernels/cpu/context.hpp"

namespace brink::cpu {

template <class T>
class CpuBasin final : public Basin<T> {
 public:
  explicit CpuBasin(CpuContext const& context) : context_(context) {}

  void scan(BasinRule const& rule, Starts<T> const& starts,
            BasinResults<T> const& results) const override;
  double workspace_bytes(Index) const override { return 0; }

 private:
  CpuContext const& context_;
};

}  // namespace brink::cpu
