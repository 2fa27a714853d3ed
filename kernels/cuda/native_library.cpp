#include "kernels/cuda/native_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include "kernels/error.hpp"

namespace brink::cuda {

NativeLibrary::NativeLibrary(std::string title, std::string file)
    : title_(std::move(title)),
      file_(std::move(file)),
      handle_(dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw MachineError(fmt::format("{}: {}", title_, dlerror()));
}

void* NativeLibrary::address(char const* symbol) const {
  void* const found = dlsym(handle_, symbol);
  if (found == nullptr) {
    throw MachineError(fmt::format("{}: {} has no {}", title_, file_, symbol));
  }
  return found;
}

}  // namespace brink::cuda
