#include <fmt/format.h>

#include "apps/commands.hpp"
#include "host/ranks/ranks.hpp"
#include "host/run/memory_plan.hpp"
#include "host/run/version.hpp"
#include "kernels/context.hpp"
#include "kernels/error.hpp"

namespace brink {

namespace {

/// What a device has, or why it cannot be asked.
std::string memory_text(std::string const& device) {
  try {
    MemoryState const memory = make_context(device, 1)->memory();
    return fmt::format("{} of {} available", bytes_text(static_cast<double>(memory.available)),
                       bytes_text(static_cast<double>(memory.total)));
  } catch (MachineError const& error) {
    return error.what();
  }
}

}  // namespace

Action add_info(CLI::App& program) {
  program.add_subcommand("info", "version, backends, devices, libraries, threads");
  return [] {
    fmt::print("brink {}\n", version);
    fmt::print("compiler: {}\n", __VERSION__);
    fmt::print("MPI: {}\n", mpi_library().empty() ? "none" : mpi_library());
    fmt::print("backends: cpu, cuda ({})\n", cuda_status());
    for (DeviceDescription const& device : list_devices()) {
      fmt::print("device {}: {}; {}\n", device.name, device.details, memory_text(device.name));
    }
    return 0;
  };
}

}  // namespace brink
