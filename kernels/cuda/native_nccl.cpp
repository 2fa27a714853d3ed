// nccl.hpp on NCCL, which is loaded when several processes first come together.
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nccl.h>

#include <cstring>
#include <optional>

#include "kernels/cuda/native_library.hpp"
#include "kernels/cuda/nccl.hpp"
#include "kernels/error.hpp"

namespace brink::cuda {
namespace {

struct Library {
  decltype(&ncclGetVersion) get_version;
  decltype(&ncclGetUniqueId) get_unique_id;
  decltype(&ncclCommInitRank) comm_init_rank;
  decltype(&ncclCommDestroy) comm_destroy;
  decltype(&ncclCommAbort) comm_abort;
  decltype(&ncclGroupStart) group_start;
  decltype(&ncclGroupEnd) group_end;
  decltype(&ncclSend) send;
  decltype(&ncclRecv) receive;
  decltype(&ncclAllGather) all_gather;
  decltype(&ncclGetErrorString) error_string;
};

Library load() {
  NativeLibrary const file("NCCL", fmt::format("libnccl.so.{}", NCCL_MAJOR));
  Library library;
  file.find(library.get_version, "ncclGetVersion");
  file.find(library.get_unique_id, "ncclGetUniqueId");
  file.find(library.comm_init_rank, "ncclCommInitRank");
  file.find(library.comm_destroy, "ncclCommDestroy");
  file.find(library.comm_abort, "ncclCommAbort");
  file.find(library.group_start, "ncclGroupStart");
  file.find(library.group_end, "ncclGroupEnd");
  file.find(library.send, "ncclSend");
  file.find(library.receive, "ncclRecv");
  file.find(library.all_gather, "ncclAllGather");
  file.find(library.error_string, "ncclGetErrorString");
  return library;
}

Library const& library() {
  static Library const loaded = load();
  return loaded;
}

void check(ncclResult_t status, std::string const& call) {
  if (status == ncclSuccess) return;
  throw MachineError(fmt::format("NCCL: {}: {}", call, library().error_string(status)));
}

struct Member {
  ncclComm_t communicator = nullptr;
  cudaStream_t stream = nullptr;
  int rank = 0, size = 0;
};

Member& member(Communicator communicator) {
  return *static_cast<Member*>(communicator.handle);
}

}  // namespace

std::string nccl_library() {
  try {
    int version = 0;
    check(library().get_version(&version), "version");
    return fmt::format("NCCL {}.{}.{}", version / 10000, version / 100 % 100, version % 100);
  } catch (MachineError const&) {
    return "NCCL not found";
  }
}

std::string nccl_identity(int device) {
  try {
    library();
  } catch (MachineError const&) {
    return {};
  }
  cudaDeviceProp properties;
  cudaError_t const status = cudaGetDeviceProperties(&properties, device);
  if (status != cudaSuccess) {
    throw MachineError(
        fmt::format("CUDA: identity of device {}: {}", device, cudaGetErrorString(status)));
  }
  auto const* const bytes = reinterpret_cast<unsigned char const*>(properties.uuid.bytes);
  return fmt::format("{:02x}", fmt::join(bytes, bytes + sizeof(properties.uuid.bytes), ""));
}

std::string make_nccl_meeting() {
  ncclUniqueId id;
  check(library().get_unique_id(&id), "make an identifier");
  return {id.internal, sizeof(id.internal)};
}

Communicator join(Stream stream, std::string const& meeting, int rank, int size) {
  ncclUniqueId id;
  std::memcpy(id.internal, meeting.data(), sizeof(id.internal));
  Member joined{nullptr, static_cast<cudaStream_t>(stream.handle), rank, size};
  check(library().comm_init_rank(&joined.communicator, size, id, rank),
        fmt::format("join {} processes as rank {}", size, rank));
  return {new Member(joined)};
}

void leave(Communicator communicator, bool in_peace) noexcept {
  Member const* const left = &member(communicator);
  (in_peace ? library().comm_destroy : library().comm_abort)(left->communicator);
  delete left;
}

void exchange(Communicator communicator, void const* slices, void* received, std::size_t bytes) {
  Member const& me = member(communicator);
  std::string const call = fmt::format("exchange {} slices of {} bytes", me.size, bytes);
  check(library().group_start(), call);
  ncclResult_t status = ncclSuccess;
  for (int peer = 0; status == ncclSuccess && peer < me.size; ++peer) {
    std::size_t const at = static_cast<std::size_t>(peer) * bytes;
    status = library().send(static_cast<char const*>(slices) + at, bytes, ncclChar, peer,
                            me.communicator, me.stream);
    if (status != ncclSuccess) break;
    status = library().receive(static_cast<char*>(received) + at, bytes, ncclChar, peer,
                               me.communicator, me.stream);
  }
  ncclResult_t const ended = library().group_end();  // in any case
  check(status, call);
  check(ended, call);
}

void gather(Communicator communicator, void* slices, std::size_t bytes) {
  Member const& me = member(communicator);
  char const* const mine = static_cast<char*>(slices) + static_cast<std::size_t>(me.rank) * bytes;
  check(library().all_gather(mine, slices, bytes, ncclChar, me.communicator, me.stream),
        fmt::format("gather {} slices of {} bytes", me.size, bytes));
}

}  // namespace brink::cuda
