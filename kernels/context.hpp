#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/collective.hpp"
#include "kernels/memory.hpp"

namespace brink {

/// What large float32 products, those that a device's library makes, may do with their factors.
enum class Products {
  exact,  ///< take them as they are
  /// Round them to TF32's 10 bits on devices that have it, where the result is a derivative: weight
  /// and input gradients and Hessian-vector products. Values stay exact, since RP is a difference
  /// of losses; so does `Linalg`, whose vectors are to stay orthogonal.
  tf32,
};

/// Operations that a context issues again as one.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void replay() = 0;
};

/// Where and in which order operations run: a device, its memory, and its threads or stream.
/// Operations on one context run in the order they are issued; on a GPU they return at once.
/// Memory of a context is read by the host through `download` alone.
class Context {
 public:
  virtual ~Context() = default;

  virtual std::string backend() const = 0;      ///< "cpu" or "cuda"
  virtual std::string device() const = 0;       ///< as `--device` names it: "cpu", "cuda:0"
  virtual std::string description() const = 0;  ///< device, instruction set, libraries, one line
  virtual int threads() const = 0;              ///< host threads that operations use

  /// What may be allocated now, and all there is.
  virtual MemoryState memory() const = 0;
  /// 64-byte aligned memory. Throws MachineError that names need and availability.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;
  virtual void upload(void* to, void const* host, std::size_t bytes) = 0;
  virtual void download(void* host, void const* from, std::size_t bytes) = 0;  ///< waits
  virtual void copy(void* to, void const* from, std::size_t bytes) = 0;  ///< within the device
  virtual void fill_zero(void* memory, std::size_t bytes) = 0;
  virtual void synchronize() = 0;

  /// How many steps the host does well to issue before it looks at what they did: 1 where an
  /// operation is done when it returns.
  virtual Index run_ahead() const = 0;
  /// What `issue` issues, without running it. At every call that is the same operations on the same
  /// memory, with shapes that they were given before; none waits or allocates.
  virtual std::unique_ptr<Recording> record(std::function<void()> issue) = 0;

  /// Which of the devices of all machines this is, where it can add up with others (`join`); empty
  /// where it cannot.
  virtual std::string identity() const { return {}; }
  /// Names processes that are to come together. Made by one of them, for all.
  virtual std::string make_meeting() const { return {}; }
  /// This process as one of `size` whose devices add up with each other. Waits until all call it;
  /// no two may have one device. The context outlives it. Null where there is no identity.
  virtual std::unique_ptr<Collective> join(std::string const& /*meeting*/, int /*rank*/,
                                           int /*size*/) {
    return nullptr;
  }
};

/// One line per device that a context can be made for, as `--device` names it.
struct DeviceDescription {
  std::string name;     ///< "cpu", "cuda:0"
  std::string details;  ///< model, memory, capability
};
std::vector<DeviceDescription> list_devices();

/// Library versions of the cuda backend, or why it has no devices.
std::string cuda_status();

/// A context for `auto`, `cpu`, `cuda` or `cuda:N`; threads = 0 takes one per core the process may
/// use. Throws InputError that lists the devices when the one asked for is not there, and where
/// `products` asks for what it does not have.
std::unique_ptr<Context> make_context(std::string const& device, int threads,
                                      Products products = Products::exact);

/// Owns an array in a context's memory; uninitialised until written.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Context& context, Index size)
      : context_(&context),
        data_(static_cast<T*>(context.allocate(static_cast<std::size_t>(size) * sizeof(T)))),
        size_(size) {}
  Buffer(Context& context, std::vector<T> const& host) : Buffer(context, std::ssize(host)) {
    upload(host);
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Buffer() {
    if (context_ != nullptr) context_->release(data_);
  }

  void swap(Buffer& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  Index size() const { return size_; }
  Vector<T> view() const { return {data_, size_}; }
  Matrix<T> matrix(Index rows, Index cols) const { return {data_, rows, cols}; }

  void upload(std::vector<T> const& host) {
    if (size_ > 0) context_->upload(data_, host.data(), bytes());
  }
  std::vector<T> download() const {
    std::vector<T> host(static_cast<std::size_t>(size_));
    if (size_ > 0) context_->download(host.data(), data_, bytes());
    return host;
  }
  void copy_from(Vector<T const> other) { context_->copy(data_, other.data, bytes()); }
  void fill_zero() { context_->fill_zero(data_, bytes()); }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(size_) * sizeof(T); }

  Context* context_ = nullptr;
  T* data_ = nullptr;
  Index size_ = 0;
};

}  // namespace brink
