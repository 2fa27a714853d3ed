#pragma once

#include "kernels/context.hpp"
#include "kernels/cuda/blas.hpp"
#include "kernels/cuda/device.hpp"
#include "kernels/cuda/nccl.hpp"

namespace brink::cuda {

/// Where the blocks of a grid leave their sums (reduce.hpp), for each row of the grid.
struct GridSums {
  double* of_block;    ///< gridDim.y · gridDim.x · numbers that are summed
  unsigned* arrivals;  ///< gridDim.y; 0 before a launch, and after it
};

/// One device, and the stream that all of a context's operations are queued on.
class CudaContext final : public Context {
 public:
  /// `threads` of the host, as for the CPU's context.
  CudaContext(int device, int threads, Products products);
  ~CudaContext() override;
  CudaContext(CudaContext const&) = delete;
  CudaContext& operator=(CudaContext const&) = delete;

  std::string backend() const override { return "cuda"; }
  std::string device() const override { return "cuda:" + std::to_string(device_); }
  std::string description() const override;
  int threads() const override { return threads_; }
  MemoryState memory() const override { return memory_state(); }
  void* allocate(std::size_t bytes) override { return cuda::allocate(bytes); }
  void release(void* memory) noexcept override;
  void upload(void* to, void const* host, std::size_t bytes) override;
  void download(void* host, void const* from, std::size_t bytes) override;
  void copy(void* to, void const* from, std::size_t bytes) override;
  void fill_zero(void* memory, std::size_t bytes) override;
  void synchronize() override { cuda::synchronize(stream_); }
  /// Enough that a wait costs little beside them, few enough to be repeated where a run ends.
  Index run_ahead() const override { return 32; }
  std::unique_ptr<Recording> record(std::function<void()> issue) override;
  std::string identity() const override { return nccl_identity(device_); }
  std::string make_meeting() const override { return make_nccl_meeting(); }
  std::unique_ptr<Collective> join(std::string const& meeting, int rank, int size) override;

  Stream stream() const { return stream_; }
  Blas blas() const { return blas_; }
  /// Of what products that make derivatives may do; all others are exact.
  Products derivative_products() const { return products_; }
  DeviceProperties const& properties() const { return properties_; }

 private:
  int device_;
  int threads_;
  Products products_;
  DeviceProperties properties_;
  Stream stream_;
  Blas blas_;
  void* staging_ = nullptr;  ///< pinned, for small downloads
};

/// Scratch memory of an operation. It grows when more is asked for than ever before, which
/// does not happen again once every shape has been seen.
class Workspace {
 public:
  Workspace() = default;
  Workspace(Workspace const&) = delete;
  Workspace& operator=(Workspace const&) = delete;
  ~Workspace() { release(memory_); }

  /// Memory for `count` numbers, valid until the next call; what it held is lost.
  template <class T>
  T* get(Index count) {
    return static_cast<T*>(bytes(static_cast<std::size_t>(count) * sizeof(T)));
  }

 private:
  void* bytes(std::size_t count);

  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

/// What sums over the blocks of a grid need in device memory (reduce.hpp). Sums on one stream may
/// share it.
class SumsWorkspace {
 public:
  /// Bytes that `get` takes.
  static double bytes(Index rows, Index blocks, Index count) {
    return bytes_of<double>(rows, blocks, count) + bytes_of<unsigned>(rows);
  }
  /// For `rows` independent sums of `count` numbers, over `blocks` blocks each.
  GridSums get(CudaContext const& context, Index rows, Index blocks, Index count);

 private:
  Workspace of_block_;
  Workspace arrivals_;
  Index arrivals_size_ = 0;
};

}  // namespace brink::cuda
