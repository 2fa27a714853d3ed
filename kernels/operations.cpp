#include "kernels/operations.hpp"

#include "kernels/cpu/basin.hpp"
#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/hvp.hpp"
#include "kernels/cpu/linalg.hpp"
#include "kernels/cpu/line.hpp"
#include "kernels/cpu/loss.hpp"
#include "kernels/cpu/step.hpp"
#include "kernels/cpu/tally.hpp"
#include "kernels/cuda/backend.hpp"

namespace brink {

template <class T>
Operations<T> make_operations(Context& context) {
  if (context.backend() == "cuda") return cuda::make_operations<T>(context);
  auto const& cpu_context = dynamic_cast<cpu::CpuContext const&>(context);
  return {std::make_unique<cpu::CpuDense<T>>(cpu_context),
          std::make_unique<cpu::CpuHvp<T>>(cpu_context),
          std::make_unique<cpu::CpuLoss<T>>(cpu_context),
          std::make_unique<cpu::CpuStep<T>>(cpu_context),
          std::make_unique<cpu::CpuLine<T>>(cpu_context),
          std::make_unique<cpu::CpuLinalg<T>>(cpu_context),
          std::make_unique<cpu::CpuBasin<T>>(cpu_context),
          std::make_unique<cpu::CpuTally>(cpu_context)};
}

template Operations<float> make_operations<float>(Context&);
template Operations<double> make_operations<double>(Context&);

}  // namespace brink
