#include "apps/launcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "kernels/error.hpp"

namespace brink {
namespace {

/// Where launchers leave the number of copies and which one this is, in all and on its machine.
struct Launcher {
  char const* size;
  char const* rank;
  char const* local_size;
  char const* local_rank;
};
constexpr Launcher launchers[] = {
    // Open MPI
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE",
     "OMPI_COMM_WORLD_LOCAL_RANK"},
    // MPICH and its kin
    {"PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS", "MPI_LOCALRANKID"},
    // MVAPICH
    {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_LOCAL_SIZE",
     "MV2_COMM_WORLD_LOCAL_RANK"},
    // Slurm
    {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE", "SLURM_LOCALID"},
};

int number(char const* variable) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? 0 : std::atoi(text);
}

/// The launcher that started more than one copy.
std::optional<Launcher> launcher() {
  for (Launcher const& one : launchers) {
    if (number(one.size) > 1) return one;
  }
  return {};
}

std::unique_ptr<Ranks>& joined() {
  static std::unique_ptr<Ranks> ranks;
  return ranks;
}

}  // namespace

Ranks& launched_ranks() {
  return joined() ? *joined() : alone();
}

bool speaks_for_all() {
  auto const by = launcher();
  return !by || number(by->rank) == 0;
}

void join_launched(std::string const& command, Copies copies) {
  auto const by = launcher();
  bool const has_mpi = !mpi_library().empty();
  if (!by || copies == Copies::are_welcome || (copies == Copies::know_files && !has_mpi)) return;
  std::string const started =
      fmt::format("started as one of {} copies ({})", number(by->size), by->size);
  if (copies == Copies::are_refused) {
    throw InputError(
        fmt::format("{}, but brink {} is the work of one: start one", started, command));
  }
  if (!has_mpi) {
    throw InputError(fmt::format(
        "{}, but built without MPI: each would do the same work; start one (copies of brink basin "
        "can share a record: --resume)",
        started));
  }
  joined() = join_ranks();
  if (!joined()->is_alone() || copies == Copies::know_files) return;
  throw InputError(
      fmt::format("{}, but {} knows of no other: start them with its own mpirun, or by "
                  "srun --mpi=pmix",
                  started, mpi_library()));
}

void hand_over_to_script() {
  unsetenv("BRINK_RANKS");
  auto const by = launcher();
  if (!by) return;
  std::string const ranks =
      fmt::format("{} {} {} {}", number(by->rank), number(by->size), number(by->local_rank),
                  std::max(1, number(by->local_size)));
  setenv("BRINK_RANKS", ranks.c_str(), 1);
  for (Launcher const& one : launchers) unsetenv(one.size);
}

}  // namespace brink
