#pragma once

#include <cstdint>
#include <type_traits>

namespace brink {

using Index = std::int64_t;

/// A borrowed vector in a context's memory. The host passes views on and never reads through them.
template <class T>
struct Vector {
  T* data = nullptr;
  Index size = 0;

  operator Vector<T const>() const requires(!std::is_const_v<T>) { return {data, size}; }
  bool empty() const { return data == nullptr; }
};

/// A borrowed row-major matrix: element (r, c) is at data[r * stride + c].
template <class T>
struct Matrix {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  Matrix() = default;
  Matrix(T* first, Index row_count, Index col_count, Index row_stride)
      : data(first), rows(row_count), cols(col_count), stride(row_stride) {}
  Matrix(T* first, Index row_count, Index col_count)
      : Matrix(first, row_count, col_count, col_count) {}

  operator Matrix<T const>() const requires(!std::is_const_v<T>) {
    return {data, rows, cols, stride};
  }
  bool empty() const { return data == nullptr; }
  T* row(Index r) const { return data + r * stride; }
  Matrix row_range(Index first, Index count) const { return {row(first), count, cols, stride}; }
  Matrix col_range(Index first, Index count) const { return {data + first, rows, count, stride}; }
};

}  // namespace brink
