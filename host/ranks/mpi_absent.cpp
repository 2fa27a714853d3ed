// join_ranks in a build without MPI.
#include "host/ranks/ranks.hpp"
#include "kernels/error.hpp"

namespace brink {

std::unique_ptr<Ranks> join_ranks() {
  throw InputError("this build knows no MPI");
}

std::string mpi_library() {
  return {};
}

}  // namespace brink
