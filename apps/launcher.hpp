#pragma once

namespace brink {

/// InputError where a launcher of parallel programs (mpirun, srun) has started this program more
/// than once: the copies would do the same work, and all write to one place.
void refuse_copies();

}  // namespace brink
