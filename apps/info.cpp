#include <fmt/format.h>

#include "apps/commands.hpp"
#include "host/run/version.hpp"
#include "kernels/context.hpp"

namespace brink {

Action add_info(CLI::App& program) {
  program.add_subcommand("info", "version, backends, devices, libraries, threads");
  return [] {
    fmt::print("brink {}\n", version);
    fmt::print("compiler: {}\n", __VERSION__);
    fmt::print("backends: cpu, cuda ({})\n", cuda_status());
    for (DeviceDescription const& device : list_devices()) {
      fmt::print("device {}: {}\n", device.name, device.details);
    }
    return 0;
  };
}

}  // namespace brink
