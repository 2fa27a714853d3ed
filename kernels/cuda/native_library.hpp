#pragma once

#include <string>

namespace brink::cuda {

/// One of CUDA's libraries, loaded for good when it is first needed: that takes a tenth of a second
/// and 200 MB, which programs that stay on the CPU can do without.
class NativeLibrary {
 public:
  /// `title` is for messages. Throws MachineError where there is no `file`.
  NativeLibrary(std::string title, std::string file);

  /// Sets `function` to the library's `symbol`; MachineError where it has none.
  template <class Function>
  void find(Function& function, char const* symbol) const {
    function = reinterpret_cast<Function>(address(symbol));
  }

 private:
  void* address(char const* symbol) const;

  std::string title_, file_;
  void* handle_;
};

}  // namespace brink::cuda
