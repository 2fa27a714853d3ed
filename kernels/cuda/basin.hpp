#pragma once

#include "kernels/basin.hpp"
#include "kernels/cuda/context.hpp"

namespace brink::cuda {

template <class T>
class CudaBasin final : public Basin<T> {
 public:
  explicit CudaBasin(CudaContext const& context) : context_(context) {}

  void scan(BasinRule const& rule, Starts<T> const& starts,
            BasinResults<T> const& results) const override;
  double workspace_bytes(Index minima) const override;

 private:
  CudaContext const& context_;
  mutable Workspace targets_;  ///< the rule's minima
  mutable Workspace taken_;    ///< how many pieces of a scan its warps have
};

}  // namespace brink::cuda
