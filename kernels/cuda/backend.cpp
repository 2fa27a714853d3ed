#include "kernels/cuda/backend.hpp"

#include <fmt/format.h>

#include "kernels/cuda/basin.hpp"
#include "kernels/cuda/context.hpp"
#include "kernels/cuda/dense.hpp"
#include "kernels/cuda/hvp.hpp"
#include "kernels/cuda/linalg.hpp"
#include "kernels/cuda/line.hpp"
#include "kernels/cuda/loss.hpp"
#include "kernels/cuda/nccl.hpp"
#include "kernels/cuda/step.hpp"
#include "kernels/cuda/tally.hpp"

namespace brink::cuda {

std::vector<DeviceDescription> list_devices() {
  std::vector<DeviceDescription> found;
  int const count = device_count();
  for (int device = 0; device < count; ++device) {
    found.push_back({fmt::format("cuda:{}", device), device_details(device_properties(device))});
  }
  return found;
}

std::string status() {
  return device_libraries() + ", " + nccl_library();
}

std::unique_ptr<Context> make_context(int device, int threads, Products products) {
  return std::make_unique<CudaContext>(device, threads, products);
}

template <class T>
Operations<T> make_operations(Context& context) {
  auto& mine = dynamic_cast<CudaContext&>(context);
  return {std::make_unique<CudaDense<T>>(mine), std::make_unique<CudaHvp<T>>(mine),
          std::make_unique<CudaLoss<T>>(mine),  std::make_unique<CudaStep<T>>(mine),
          std::make_unique<CudaLine<T>>(mine),  std::make_unique<CudaLinalg<T>>(mine),
          std::make_unique<CudaBasin<T>>(mine), std::make_unique<CudaTally>(mine)};
}
template Operations<float> make_operations<float>(Context&);
template Operations<double> make_operations<double>(Context&);

}  // namespace brink::cuda
