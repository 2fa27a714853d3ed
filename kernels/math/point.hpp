#pragma once

#include "kernels/math/number.hpp"

namespace brink {

/// A point or vector of D coordinates. N is a floating-point number, a SIMD vector of them (one
/// point per lane) or an interval (a box).
template <class N, int D>
struct Point {
  N at[D];

  BRINK_HOST_DEVICE N& operator[](int i) { return at[i]; }
  BRINK_HOST_DEVICE N const& operator[](int i) const { return at[i]; }
};

/// A symmetric D × D matrix: its upper triangle, row by row.
template <class N, int D>
struct SymmetricMatrix {
  N upper[D * (D + 1) / 2];

  BRINK_HOST_DEVICE static constexpr int place(int i, int j) {
    int const row = i < j ? i : j;
    int const col = i < j ? j : i;
    return row * D - row * (row - 1) / 2 + col - row;
  }
  BRINK_HOST_DEVICE N& operator()(int i, int j) { return upper[place(i, j)]; }
  BRINK_HOST_DEVICE N const& operator()(int i, int j) const { return upper[place(i, j)]; }
};

/// ⟨a, b⟩, added up in the order of the coordinates.
template <class N, int D>
BRINK_HOST_DEVICE N dot(Point<N, D> const& a, Point<N, D> const& b) {
  N sum = a[0] * b[0];
  for (int i = 1; i < D; ++i) sum = sum + a[i] * b[i];
  return sum;
}

}  // namespace brink
