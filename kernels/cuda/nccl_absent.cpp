#include "kernels/cuda/nccl.hpp"

namespace brink::cuda {

std::string nccl_library() {
  return "built without NCCL";
}

std::string nccl_identity(int) {
  return {};
}

// Without identities, processes do not come together.

std::string make_nccl_meeting() {
  return {};
}
Communicator join(Stream, std::string const&, int, int) {
  return {};
}
void leave(Communicator, bool) noexcept {}
void exchange(Communicator, void const*, void*, std::size_t) {}
void gather(Communicator, void*, std::size_t) {}

}  // namespace brink::cuda
