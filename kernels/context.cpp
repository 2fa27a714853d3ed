#include "kernels/context.hpp"

#include <fmt/format.h>

#include "kernels/cpu/context.hpp"
#include "kernels/error.hpp"

namespace brink {

std::vector<DeviceDescription> list_devices() {
  return {{"cpu", cpu::CpuContext(0).description()}};
}

std::unique_ptr<Context> make_context(std::string const& device, int threads) {
  constexpr int most_threads = 1024;
  if (threads < 0 || threads > most_threads) {
    throw InputError(fmt::format("--threads {}: must be from 0 to {}", threads, most_threads));
  }
  if (device == "auto" || device == "cpu") return std::make_unique<cpu::CpuContext>(threads);
  std::string there;
  for (auto const& found : list_devices()) there += " " + found.name;
  throw InputError(fmt::format("--device {}: no such device; there is:{}", device, there));
}

}  // namespace brink
