#pragma once

#include <string>

#include "host/ranks/ranks.hpp"

namespace brink {

/// What a command does where a launcher of parallel programs (mpirun, srun) starts it several
/// times.
enum class Copies {
  are_ranks,   ///< they share its work (in a build with MPI)
  know_files,  ///< the same, and those that know of no other find them by the record that they fill
  are_refused,  ///< all would do the same work, and write to one place
  are_welcome   ///< they write nothing, or see to it themselves that they share their work
};

/// This process among those that the launcher started; alone until join_launched.
Ranks& launched_ranks();

/// Makes launched_ranks() those of the launcher, where `command` shares its work over ranks.
/// InputError where copies of it make no sense.
void join_launched(std::string const& command, Copies copies);

/// Whether this process is the one that speaks for all. Known before join_launched.
bool speaks_for_all();

/// For a script that this process is to become: leaves "rank size place neighbours" in the
/// environment's BRINK_RANKS, the last two on its machine, where there are several ranks. What the
/// script starts is alone.
void hand_over_to_script();

}  // namespace brink
