#pragma once

#include "kernels/cpu/context.hpp"
#include "kernels/step.hpp"

namespace brink::cpu {

template <class T>
class CpuStep final : public Step<T> {
 public:
  explicit CpuStep(CpuContext const& context) : context_(context) {}

  void update(UpdateRule const& rule, double const* loss, Vector<T> theta, Vector<T const> gradient,
              Vector<T const> previous, Vector<T> momentum, Vector<T> update,
              StepScalars* scalars) const override;
  void observe(Vector<T const> gradient, Vector<T const> previous,
               StepScalars* scalars) const override;

 private:
  CpuContext const& context_;
};

}  // namespace brink::cpu
