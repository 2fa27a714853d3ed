#pragma once

#include <cstddef>

#include "kernels/view.hpp"

namespace brink {

/// Memory of a device, in bytes.
struct MemoryState {
  std::size_t available;  ///< that may still be allocated
  std::size_t total;
};

/// Bytes of a × b × … numbers of type T: a floating-point number, exact up to 2^53, as sizes that
/// no machine has must not overflow before somebody says so.
template <class T, class... Sizes>
double bytes_of(Sizes... sizes) {
  return (static_cast<double>(sizeof(T)) * ... * static_cast<double>(sizes));
}

}  // namespace brink
