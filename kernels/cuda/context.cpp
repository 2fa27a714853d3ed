#include "kernels/cuda/context.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <atomic>
#include <cstring>

#include "kernels/cuda/collective.hpp"

namespace brink::cuda {
namespace {

constexpr std::size_t staging_bytes = std::size_t{1} << 16;

}  // namespace

std::string device_details(DeviceProperties const& properties) {
  return fmt::format("{}, capability {}.{}, {:.1f} GiB", properties.name,
                     properties.capability_major, properties.capability_minor,
                     static_cast<double>(properties.memory) / (1 << 30));
}

CudaContext::CudaContext(int device, int threads, Products products)
    : device_(device),
      threads_(threads > 0 ? threads : omp_get_num_procs()),
      products_(products),
      properties_(device_properties(device)) {
  use_device(device_);
  stream_ = make_stream();
  try {
    blas_ = make_blas(stream_);
  } catch (...) {
    destroy(stream_);
    throw;
  }
}

CudaContext::~CudaContext() {
  if (staging_ != nullptr) release_pinned(staging_);
  destroy(blas_);
  destroy(stream_);
}

std::string CudaContext::description() const {
  return fmt::format("{}, {}", device_details(properties_), device_libraries());
}

void CudaContext::upload(void* to, void const* host, std::size_t bytes) {
  cuda::upload(stream_, to, host, bytes);
}

/// Metrics come through pinned memory: from pageable memory the driver would copy once more, and
/// wait for that.
void CudaContext::download(void* host, void const* from, std::size_t bytes) {
  bool const small = bytes <= staging_bytes;
  if (small && staging_ == nullptr) staging_ = allocate_pinned(staging_bytes);
  cuda::download(stream_, small ? staging_ : host, from, bytes);
  cuda::synchronize(stream_);
  if (small) std::memcpy(host, staging_, bytes);
}

void CudaContext::copy(void* to, void const* from, std::size_t bytes) {
  cuda::copy(stream_, to, from, bytes);
}

void CudaContext::fill_zero(void* memory, std::size_t bytes) {
  cuda::fill_zero(stream_, memory, bytes);
}

namespace {

/// How much memory has been given back, which a graph may have had addresses of.
std::atomic<Index> memory_generation = 0;

/// A graph, captured anew where what it was captured with may be gone.
class GraphRecording final : public Recording {
 public:
  GraphRecording(Stream stream, std::function<void()> issue)
      : stream_(stream), issue_(std::move(issue)) {}
  ~GraphRecording() override { forget(); }
  GraphRecording(GraphRecording const&) = delete;
  GraphRecording& operator=(GraphRecording const&) = delete;

  void replay() override {
    if (generation_ != memory_generation) capture();
    launch(stream_, graph_);
  }

 private:
  void forget() noexcept {
    if (graph_.handle != nullptr) destroy(graph_);
    graph_ = {};
  }
  void capture() {
    forget();
    begin_capture(stream_);
    try {
      issue_();
    } catch (...) {
      abandon_capture(stream_);
      throw;
    }
    graph_ = end_capture(stream_);
    generation_ = memory_generation;
  }

  Stream stream_;
  std::function<void()> issue_;
  Graph graph_;
  Index generation_ = -1;
};

}  // namespace

void CudaContext::release(void* memory) noexcept {
  if (memory == nullptr) return;
  ++memory_generation;
  cuda::release(memory);
}

std::unique_ptr<Recording> CudaContext::record(std::function<void()> issue) {
  return std::make_unique<GraphRecording>(stream_, std::move(issue));
}

std::unique_ptr<Collective> CudaContext::join(std::string const& meeting, int rank, int size) {
  return std::make_unique<CudaCollective>(*this, meeting, rank, size);
}

void* Workspace::bytes(std::size_t count) {
  if (count > size_) {
    ++memory_generation;
    release(memory_);
    memory_ = nullptr;
    size_ = 0;
    memory_ = allocate(count);
    size_ = count;
  }
  return memory_;
}

GridSums SumsWorkspace::get(CudaContext const& context, Index rows, Index blocks, Index count) {
  unsigned* const arrivals = arrivals_.get<unsigned>(rows);
  if (rows > arrivals_size_) {
    cuda::fill_zero(context.stream(), arrivals, static_cast<std::size_t>(rows) * sizeof(unsigned));
    arrivals_size_ = rows;
  }
  return {of_block_.get<double>(rows * blocks * count), arrivals};
}

}  // namespace brink::cuda
