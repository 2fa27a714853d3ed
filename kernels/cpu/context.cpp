#include "kernels/cpu/context.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/cpu/blas.hpp"
#include "kernels/cpu/simd.hpp"
#include "kernels/error.hpp"

namespace brink::cpu {

namespace {

class Issue final : public Recording {
 public:
  explicit Issue(std::function<void()> issue) : issue_(std::move(issue)) {}
  void replay() override { issue_(); }

 private:
  std::function<void()> issue_;
};

}  // namespace

CpuContext::CpuContext(int threads) : threads_(threads > 0 ? threads : omp_get_num_procs()) {
  use_sequential_blas();
}

std::string CpuContext::description() const {
  return fmt::format("{} thread{}, {}, {}", threads_, threads_ == 1 ? "" : "s",
                     instruction_set().name, blas_description());
}

void* CpuContext::allocate(std::size_t bytes) {
  constexpr std::size_t alignment = 64;
  std::size_t const rounded = std::max((bytes + alignment - 1) / alignment * alignment, alignment);
  void* const memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) {
    throw MachineError(fmt::format("cannot allocate {} bytes: there are {} left", bytes,
                                   this->memory().available));
  }
  return memory;
}

void CpuContext::release(void* memory) noexcept {
  std::free(memory);
}

void CpuContext::upload(void* to, void const* host, std::size_t bytes) {
  std::memcpy(to, host, bytes);
}

void CpuContext::download(void* host, void const* from, std::size_t bytes) {
  std::memcpy(host, from, bytes);
}

void CpuContext::copy(void* to, void const* from, std::size_t bytes) {
  std::memmove(to, from, bytes);
}

std::unique_ptr<Recording> CpuContext::record(std::function<void()> issue) {
  return std::make_unique<Issue>(std::move(issue));
}

void CpuContext::fill_zero(void* memory, std::size_t bytes) {
  std::memset(memory, 0, bytes);
}

}  // namespace brink::cpu
