#pragma once

#include <omp.h>

#include <algorithm>
#include <exception>

#include "kernels/context.hpp"
#include "kernels/cpu/memory.hpp"

namespace brink::cpu {

class CpuContext final : public Context {
 public:
  explicit CpuContext(int threads);

  std::string backend() const override { return "cpu"; }
  std::string device() const override { return "cpu"; }
  std::string description() const override;
  int threads() const override { return threads_; }
  MemoryState memory() const override { return memory_of_process(); }
  void* allocate(std::size_t bytes) override;
  void release(void* memory) noexcept override;
  void upload(void* to, void const* host, std::size_t bytes) override;
  void download(void* host, void const* from, std::size_t bytes) override;
  void copy(void* to, void const* from, std::size_t bytes) override;
  void fill_zero(void* memory, std::size_t bytes) override;
  void synchronize() override {}
  Index run_ahead() const override { return 1; }
  std::unique_ptr<Recording> record(std::function<void()> issue) override;

 private:
  int threads_;
};

struct Range {
  Index first;
  Index count;
};

/// Part `part` of 0 … size−1 cut into `parts`; the cuts are multiples of `grain`.
inline Range share(Index size, int part, int parts, Index grain) {
  Index const grains = (size + grain - 1) / grain;
  Index const first = std::min(size, grains * part / parts * grain);
  return {first, std::min(size, grains * (part + 1) / parts * grain) - first};
}

/// Calls body(Range) on each thread with its share of 0 … size−1. The shares depend on the size and
/// the number of threads alone, so that results repeat bit for bit. Throws what one of them threw.
template <class Body>
void for_shares(int threads, Index size, Index grain, Body&& body) {
  std::exception_ptr failure;
#pragma omp parallel num_threads(threads)
  {
    Range const mine = share(size, omp_get_thread_num(), omp_get_num_threads(), grain);
    try {
      if (mine.count > 0) body(mine);
    } catch (...) {
#pragma omp critical(brink_failure)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace brink::cpu
