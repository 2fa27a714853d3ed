#pragma once

#include <concepts>
#include <cstdint>

#include "kernels/math/host_device.hpp"

namespace brink {

using Index = std::int64_t;

/// A borrowed vector in a context's memory. The host passes views on and never reads through them.
template <class T>
struct Vector {
  T* data = nullptr;
  Index size = 0;

  template <std::same_as<T const> Const>
  BRINK_HOST_DEVICE operator Vector<Const>() const {
    return {data, size};
  }
  BRINK_HOST_DEVICE bool empty() const { return data == nullptr; }
};

/// A borrowed row-major matrix: element (r, c) is at data[r * stride + c].
template <class T>
struct Matrix {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  Matrix() = default;
  BRINK_HOST_DEVICE Matrix(T* first, Index row_count, Index col_count, Index row_stride)
      : data(first), rows(row_count), cols(col_count), stride(row_stride) {}
  BRINK_HOST_DEVICE Matrix(T* first, Index row_count, Index col_count)
      : Matrix(first, row_count, col_count, col_count) {}

  template <std::same_as<T const> Const>
  BRINK_HOST_DEVICE operator Matrix<Const>() const {
    return {data, rows, cols, stride};
  }
  BRINK_HOST_DEVICE bool empty() const { return data == nullptr; }
  BRINK_HOST_DEVICE T* row(Index r) const { return data + r * stride; }
  BRINK_HOST_DEVICE Matrix row_range(Index first, Index count) const {
    return {row(first), count, cols, stride};
  }
  BRINK_HOST_DEVICE Matrix col_range(Index first, Index count) const {
    return {data + first, rows, count, stride};
  }
};

}  // namespace brink
