#pragma once

#include <memory>
#include <vector>

#include "kernels/operations.hpp"

// What the rest of brink knows of the cuda backend. A program is linked with one of three bodies:
// the backend on CUDA (backend.cpp), the same on the emulated device, or backend_absent.cpp.

namespace brink::cuda {

/// One for each device that can be used, named cuda:0 …
std::vector<DeviceDescription> list_devices();

/// What `brink info` says of the backend: library versions, or why there are no devices.
std::string status();

/// The context of a device that list_devices() has.
std::unique_ptr<Context> make_context(int device, int threads, Products products);

/// The operations of a context that make_context made; empty for any other.
template <class T>
Operations<T> make_operations(Context& context);

}  // namespace brink::cuda
