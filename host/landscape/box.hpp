#pragma once

#include <array>

#include "host/landscape/interval.hpp"
#include "kernels/math/point.hpp"

namespace brink {

/// A box of D coordinates.
template <int D>
using Box = Point<Interval, D>;

/// Bounds of the eigenvalues of every matrix in a box of symmetric matrices.
struct EigenvalueBounds {
  double least;     ///< no eigenvalue is below
  double greatest;  ///< none is above
};

/// Exact up to the width of the entries for D ≤ 2 and for diagonal matrices, Gershgorin's discs
/// otherwise.
template <int D>
EigenvalueBounds eigenvalue_bounds(SymmetricMatrix<Interval, D> const& h) {
  if constexpr (D == 2) {
    Interval const half(0.5);
    Interval const mean = half * (h(0, 0) + h(1, 1));
    Interval const squares = square(half * (h(0, 0) - h(1, 1))) + square(h(0, 1));
    Interval const spread = sqrt(max(Interval(0), squares));  // rounding went below 0 outwards
    return {(mean - spread).lower(), (mean + spread).upper()};
  }
  EigenvalueBounds bounds{h(0, 0).lower(), h(0, 0).upper()};
  for (int i = 0; i < D; ++i) {
    Interval radius(0);
    for (int j = 0; j < D; ++j) {
      bool const zero = h(i, j).lower() == 0 && h(i, j).upper() == 0;
      if (j != i && !zero) radius = radius + abs(h(i, j));
    }
    bounds.least = std::min(bounds.least, (h(i, i) - radius).lower());
    bounds.greatest = std::max(bounds.greatest, (h(i, i) + radius).upper());
  }
  return bounds;
}

template <int D>
Point<double, D> middle(Box<D> const& box) {
  Point<double, D> centre;
  for (int i = 0; i < D; ++i) centre[i] = box[i].middle();
  return centre;
}

template <int D>
Box<D> around(Point<double, D> const& centre, double reach) {
  Box<D> box;
  for (int i = 0; i < D; ++i) box[i] = Interval(centre[i]) + Interval(-reach, reach);
  return box;
}

/// The two halves of a box, cut across its longest side.
template <int D>
std::array<Box<D>, 2> halves(Box<D> const& box) {
  int longest = 0;
  for (int i = 1; i < D; ++i) {
    if (box[i].width() > box[longest].width()) longest = i;
  }
  std::array<Box<D>, 2> parts{box, box};
  double const cut = box[longest].middle();
  parts[0][longest] = Interval(box[longest].lower(), cut);
  parts[1][longest] = Interval(cut, box[longest].upper());
  return parts;
}

/// ‖θ − centre‖² over a box.
template <int D>
Interval distance_square(Box<D> const& box, Point<double, D> const& centre) {
  Interval sum = square(box[0] - Interval(centre[0]));
  for (int i = 1; i < D; ++i) sum = sum + square(box[i] - Interval(centre[i]));
  return sum;
}

/// The values of f over a box: the intersection of its formula's and of the mean value form
/// f(c) + ⟨∇f(box), box − c⟩, whose excess shrinks with the square of the box.
template <class Landscape, int D>
Interval values_over(Landscape const& f, Box<D> const& box) {
  Interval const plain = f.value(box);
  Box<D> centre;
  for (int i = 0; i < D; ++i) centre[i] = Interval(box[i].middle());
  Box<D> const slope = f.gradient(box);
  Interval mean = f.value(centre);
  for (int i = 0; i < D; ++i) mean = mean + slope[i] * (box[i] - centre[i]);
  return intersection(plain, mean);
}

}  // namespace brink
