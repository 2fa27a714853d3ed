#include "apps/launcher.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "kernels/error.hpp"

namespace brink {
namespace {

/// In which launchers leave the number of copies: Open MPI; MPICH and its kin; MVAPICH; Slurm.
constexpr char const* sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE",
                                 "SLURM_STEP_NUM_TASKS"};

}  // namespace

void refuse_copies() {
  for (char const* const name : sizes) {
    char const* const value = std::getenv(name);
    if (value == nullptr || std::atoi(value) <= 1) continue;
    throw InputError(fmt::format(
        "started as one of {} copies ({}), but built without MPI: each would do the same "
        "work; start one (copies of brink basin can share a record: --resume)",
        value, name));
  }
}

}  // namespace brink
