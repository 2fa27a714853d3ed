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
              StepScalars const* elsewhere, StepScalars* scalars) const override;
  void observe(Vector<T const> gradient, Vector<T const> previous, StepScalars const* elsewhere,
               StepScalars* scalars) const override;
  void append(LossSums const* sums, StepScalars const* scalars, StepLog log) const override;
  void observe_in_span(Vector<T const> delta, Vector<T const> image, Vector<T const> previous_image,
                       StepScalars* scalars) const override;
  void update_in_span(StepScalars const* scalars, Vector<T const> delta, Vector<T const> image,
                      Vector<T> coefficients, Vector<T> preactivation) const override;
  double workspace_bytes(Index size) const override;

 private:
  CpuContext const& context_;
};

}  // namespace brink::cpu
