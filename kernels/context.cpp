#include "kernels/context.hpp"

#include <fmt/format.h>

#include "kernels/cpu/context.hpp"
#include "kernels/cuda/backend.hpp"
#include "kernels/error.hpp"

namespace brink {

std::vector<DeviceDescription> list_devices() {
  std::vector<DeviceDescription> devices = cuda::list_devices();
  devices.insert(devices.begin(), {"cpu", cpu::CpuContext(0).description()});
  return devices;
}

std::string cuda_status() {
  return cuda::status();
}

std::unique_ptr<Context> make_context(std::string const& device, int threads, Products products) {
  constexpr int most_threads = 1024;
  if (threads < 0 || threads > most_threads) {
    throw InputError(fmt::format("--threads {}: must be from 0 to {}", threads, most_threads));
  }
  // A GPU that is not asked for is not looked for.
  std::vector<DeviceDescription> const cuda_devices =
      device == "cpu" ? std::vector<DeviceDescription>{} : cuda::list_devices();
  if (device == "cpu" || (device == "auto" && cuda_devices.empty())) {
    if (products == Products::tf32) {
      throw InputError("--tf32 goes with a cuda device: the cpu backend has no such products");
    }
    return std::make_unique<cpu::CpuContext>(threads);
  }
  std::string const name = device == "auto" || device == "cuda" ? "cuda:0" : device;
  std::string there = " cpu";
  for (std::size_t i = 0; i < cuda_devices.size(); ++i) {
    if (cuda_devices[i].name == name)
      return cuda::make_context(static_cast<int>(i), threads, products);
    there += " " + cuda_devices[i].name;
  }
  throw InputError(fmt::format("--device {}: no such device; there is:{}", device, there));
}

}  // namespace brink
