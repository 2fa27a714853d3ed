// solver.hpp on cuSOLVER, which is loaded with the first handle.
#include <cusolverDn.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/cuda/context.hpp"
#include "kernels/cuda/native_library.hpp"
#include "kernels/cuda/solver.hpp"
#include "kernels/error.hpp"

namespace brink::cuda {
namespace {

struct Library {
  decltype(&cusolverDnCreate) create;
  decltype(&cusolverDnDestroy) destroy;
  decltype(&cusolverDnSetStream) set_stream;
  decltype(&cusolverDnCreateParams) create_parameters;
  decltype(&cusolverDnDestroyParams) destroy_parameters;
  decltype(&cusolverDnXsyevd_bufferSize) syevd_size;
  decltype(&cusolverDnXsyevd) syevd;
};

Library load() {
  NativeLibrary const file("cuSOLVER", fmt::format("libcusolver.so.{}", CUSOLVER_VER_MAJOR));
  Library library;
  file.find(library.create, "cusolverDnCreate");
  file.find(library.destroy, "cusolverDnDestroy");
  file.find(library.set_stream, "cusolverDnSetStream");
  file.find(library.create_parameters, "cusolverDnCreateParams");
  file.find(library.destroy_parameters, "cusolverDnDestroyParams");
  file.find(library.syevd_size, "cusolverDnXsyevd_bufferSize");
  file.find(library.syevd, "cusolverDnXsyevd");
  return library;
}

Library const& library() {
  static Library const loaded = load();
  return loaded;
}

void check(cusolverStatus_t status, std::string const& call) {
  if (status == CUSOLVER_STATUS_SUCCESS) return;
  throw MachineError(fmt::format("cuSOLVER: {}: status {}", call, static_cast<int>(status)));
}

struct Handle {
  explicit Handle(Stream on) : stream(on) {
    check(library().create(&native), "make a handle");
    check(library().set_stream(native, static_cast<cudaStream_t>(on.handle)), "choose the stream");
    check(library().create_parameters(&parameters), "make parameters");
  }
  ~Handle() {
    if (parameters != nullptr) library().destroy_parameters(parameters);
    if (native != nullptr) library().destroy(native);
  }
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;

  Stream stream;
  cusolverDnHandle_t native = nullptr;
  cusolverDnParams_t parameters = nullptr;
};

Handle const& handle_of(Solver solver) {
  return *static_cast<Handle const*>(solver.handle);
}

template <class T>
constexpr auto data_type = std::is_same_v<T, float> ? CUDA_R_32F : CUDA_R_64F;

std::string call_name(Index order) {
  return fmt::format("eigenvalues of a matrix of {0}x{0}", order);
}

/// Bytes that the solver works in.
struct Room {
  std::size_t device = 0, host = 0;
};

template <class T>
Room room_for(Handle const& handle, Matrix<T> a, T* values) {
  Room room;
  check(library().syevd_size(handle.native, handle.parameters, CUSOLVER_EIG_MODE_NOVECTOR,
                             CUBLAS_FILL_MODE_LOWER, a.rows, data_type<T>, a.data, a.stride,
                             data_type<T>, values, data_type<T>, &room.device, &room.host),
        call_name(a.rows));
  return room;
}

}  // namespace

Solver make_solver(Stream stream) {
  return {std::make_unique<Handle>(stream).release()};
}

void destroy(Solver solver) noexcept {
  delete static_cast<Handle*>(solver.handle);
}

template <class T>
void symmetric_eigenvalues(Solver solver, Matrix<T> a, T* values) {
  constexpr auto type = data_type<T>;
  auto const& handle = handle_of(solver);
  std::string const call = call_name(a.rows);
  Room const room = room_for(handle, a, values);
  Workspace device_memory;
  Workspace status_memory;
  std::vector<char> host_memory(room.host);
  int* const status = status_memory.get<int>(1);
  check(library().syevd(handle.native, handle.parameters, CUSOLVER_EIG_MODE_NOVECTOR,
                        CUBLAS_FILL_MODE_LOWER, a.rows, type, a.data, a.stride, type, values, type,
                        device_memory.get<char>(static_cast<Index>(room.device)), room.device,
                        host_memory.data(), room.host, status),
        call);
  int found = 0;
  download(handle.stream, &found, status, sizeof found);
  synchronize(handle.stream);
  if (found != 0) throw MachineError(fmt::format("cuSOLVER: {}: info {}", call, found));
}

template <class T>
std::size_t eigenvalues_bytes(Solver solver, Index order) {
  Room const room = room_for<T>(handle_of(solver), {nullptr, order, order}, nullptr);
  return room.device + sizeof(int);
}

template std::size_t eigenvalues_bytes<float>(Solver, Index);
template std::size_t eigenvalues_bytes<double>(Solver, Index);
template void symmetric_eigenvalues<float>(Solver, Matrix<float>, float*);
template void symmetric_eigenvalues<double>(Solver, Matrix<double>, double*);

}  // namespace brink::cuda
