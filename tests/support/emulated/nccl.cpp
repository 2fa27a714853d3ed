// kernels/cuda/nccl.hpp between processes of one machine: what one sends is a file in a folder of
// theirs.
#include "kernels/cuda/nccl.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "tests/support/emulated/control.hpp"
#include "tests/support/emulated/runtime.hpp"

namespace brink::cuda {
namespace {

namespace fs = std::filesystem;

/// One of several processes, and the messages that it has had.
struct Member {
  Stream stream;
  fs::path folder;
  int rank, size;
  int message = 0;
  bool left = false;

  fs::path file(int from, int to) const {
    return folder / fmt::format("{}.{}.{}", message, from, to);
  }
};

/// Messages that are queued have it too.
std::shared_ptr<Member>& member(Communicator communicator) {
  return *static_cast<std::shared_ptr<Member>*>(communicator.handle);
}

/// Whole or not there.
void send(Member const& me, int to, char const* data, std::size_t bytes) {
  fs::path const unfinished = me.file(me.rank, to).string() + ".unfinished";
  std::ofstream(unfinished, std::ios::binary).write(data, static_cast<std::streamsize>(bytes));
  fs::rename(unfinished, me.file(me.rank, to));
}

void receive(Member const& me, int from, char* data, std::size_t bytes) {
  fs::path const file = me.file(from, me.rank);
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!fs::exists(file)) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw MachineError(fmt::format("NCCL: rank {} waits in vain for rank {}", me.rank, from));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  if (fs::file_size(file) != bytes) {
    throw emulated::EmulationError(fmt::format("NCCL: rank {} sends {} bytes, rank {} expects {}",
                                               from, fs::file_size(file), me.rank, bytes));
  }
  std::ifstream(file, std::ios::binary).read(data, static_cast<std::streamsize>(bytes));
  fs::remove(file);
}

/// Queues a message to each process, and one from each; `sent(r)` and `received(r)` are its place.
template <class Sent, class Received>
void queue_messages(Communicator communicator, char const* name, std::size_t bytes, Sent sent,
                    Received received) {
  std::shared_ptr<Member> const me = member(communicator);
  auto const check = [=] {
    for (int peer = 0; peer < me->size; ++peer) {
      emulated::check_device_memory(name, sent(peer), bytes);
      emulated::check_device_memory(name, received(peer), bytes);
    }
  };
  auto const run = [=] {
    if (me->left) {
      throw emulated::EmulationError(
          fmt::format("NCCL: {} was still queued when rank {} left", name, me->rank));
    }
    ++me->message;
    for (int peer = 0; peer < me->size; ++peer) send(*me, peer, sent(peer), bytes);
    for (int peer = 0; peer < me->size; ++peer) receive(*me, peer, received(peer), bytes);
  };
  emulated::queue(me->stream, name, {check, run});
}

/// The places of slices of so many bytes, one behind the other.
auto slices_at(void* first, std::size_t bytes) {
  return
      [=](int index) { return static_cast<char*>(first) + bytes * static_cast<unsigned>(index); };
}

}  // namespace

std::string nccl_library() {
  return "NCCL between processes of one machine";
}

/// BRINK_EMULATED_IDENTITY takes the place of one that no other process has.
std::string nccl_identity(int device) {
  char const* const given = std::getenv("BRINK_EMULATED_IDENTITY");
  return given != nullptr ? given : fmt::format("{}.{}", getpid(), device);
}

std::string make_nccl_meeting() {
  std::string folder = (fs::temp_directory_path() / "brink-nccl-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    throw MachineError(fmt::format("NCCL: cannot make a folder {}", folder));
  }
  return folder;
}

Communicator join(Stream stream, std::string const& meeting, int rank, int size) {
  emulated::count_handles("communicator", 1);
  return {new std::shared_ptr<Member>(new Member{stream, meeting, rank, size})};
}

void leave(Communicator communicator, bool) noexcept {
  emulated::count_handles("communicator", -1);
  std::shared_ptr<Member>* const mine = &member(communicator);
  (*mine)->left = true;
  std::error_code not_the_last;
  fs::remove((*mine)->folder, not_the_last);
  delete mine;
}

void exchange(Communicator communicator, void const* slices, void* received, std::size_t bytes) {
  queue_messages(communicator, "exchange", bytes, slices_at(const_cast<void*>(slices), bytes),
                 slices_at(received, bytes));
}

void gather(Communicator communicator, void* slices, std::size_t bytes) {
  char* const mine = slices_at(slices, bytes)(member(communicator)->rank);
  queue_messages(
      communicator, "gather", bytes, [mine](int) { return mine; }, slices_at(slices, bytes));
}

}  // namespace brink::cuda
