#include <algorithm>
#include <cmath>
#include <optional>

#include "host/landscape/box.hpp"
#include "host/landscape/landscape.hpp"
#include "kernels/view.hpp"

namespace brink {
namespace {

// How near a verified minimum is to the stationary point that it stands for.
constexpr double verified_within = 1e-9;
constexpr double same_within = 1e-7;
constexpr int newton_starts = 2500;
constexpr int newton_steps = 60;

template <int D>
using Square = std::array<std::array<double, D>, D>;

/// The inverse, by Gauss and Jordan with pivots; none of a singular matrix.
template <int D>
std::optional<Square<D>> inverse(SymmetricMatrix<double, D> const& h) {
  Square<D> a{}, b{};
  for (int i = 0; i < D; ++i) {
    for (int j = 0; j < D; ++j) a[i][j] = h(i, j);
    b[i][i] = 1;
  }
  for (int col = 0; col < D; ++col) {
    int pivot = col;
    for (int i = col + 1; i < D; ++i) {
      if (std::abs(a[i][col]) > std::abs(a[pivot][col])) pivot = i;
    }
    if (!(std::abs(a[pivot][col]) > 0)) return std::nullopt;
    std::swap(a[pivot], a[col]);
    std::swap(b[pivot], b[col]);
    for (int i = 0; i < D; ++i) {
      if (i == col) continue;
      double const factor = a[i][col] / a[col][col];
      for (int j = 0; j < D; ++j) {
        a[i][j] -= factor * a[col][j];
        b[i][j] -= factor * b[col][j];
      }
    }
  }
  for (int i = 0; i < D; ++i) {
    for (int j = 0; j < D; ++j) b[i][j] /= a[i][i];
  }
  return b;
}

template <class Landscape, int D>
std::optional<Point<double, D>> newton(Landscape const& f, Point<double, D> p) {
  for (int step = 0; step < newton_steps; ++step) {
    auto const inverted = inverse(f.hessian(p));
    if (!inverted) return std::nullopt;
    Point<double, D> const g = f.gradient(p);
    double moved = 0;
    double length = 1;
    for (int i = 0; i < D; ++i) {
      double shift = 0;
      for (int j = 0; j < D; ++j) shift += (*inverted)[i][j] * g[j];
      p[i] -= shift;
      moved = std::max(moved, std::abs(shift));
      length = std::max(length, std::abs(p[i]));
    }
    if (!std::isfinite(moved)) return std::nullopt;
    if (moved <= 4e-16 * length) break;
  }
  for (int i = 0; i < D; ++i) p[i] += 0.0;  // no negative zeros
  return p;
}

/// Whether Krawczyk's operator maps the box around p into itself (one stationary point) and the
/// Hessian is positive definite over it; its eigenvalues there if so.
template <class Landscape, int D>
std::optional<EigenvalueBounds> verify(Landscape const& f, Point<double, D> const& p) {
  auto const inverted = inverse(f.hessian(p));
  if (!inverted) return std::nullopt;
  Box<D> const box = around(p, verified_within);
  Box<D> const g = f.gradient(around(p, 0));
  SymmetricMatrix<Interval, D> const h = f.hessian(box);
  for (int i = 0; i < D; ++i) {
    Interval image(p[i]);
    for (int j = 0; j < D; ++j) image = image - Interval((*inverted)[i][j]) * g[j];
    for (int j = 0; j < D; ++j) {
      Interval defect(i == j ? 1 : 0);
      for (int k = 0; k < D; ++k) defect = defect - Interval((*inverted)[i][k]) * h(k, j);
      image = image + defect * (box[j] - Interval(p[j]));
    }
    if (!(image.lower() > box[i].lower() && image.upper() < box[i].upper())) return std::nullopt;
  }
  EigenvalueBounds const bounds = eigenvalue_bounds(h);
  return bounds.least > 0 ? std::optional(bounds) : std::nullopt;
}

bool same(std::vector<double> const& a, std::vector<double> const& b, double distance) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) > distance) return false;
  }
  return true;
}

/// Adds what Newton's method reaches from a grid over |θᵢ| ≤ `extent`, if it is a minimum within
/// `reach` that is not known yet.
template <class Landscape>
void search(Landscape const& f, double extent, double reach, std::vector<Minimum>& minima) {
  constexpr int D = Landscape::dimension;
  // Odd, so that the origin is among the starts.
  int const side = static_cast<int>(std::pow(newton_starts, 1.0 / D)) / 2 * 2 + 1;
  Index total = 1;
  for (int i = 0; i < D; ++i) total *= side;
  for (Index index = 0; index < total; ++index) {
    Point<double, D> p;
    Index rest = index;
    for (int i = 0; i < D; ++i) {
      p[i] = extent * (2 * static_cast<double>(rest % side) / (side - 1) - 1);
      rest /= side;
    }
    auto const found = newton(f, p);
    if (!found) continue;
    std::vector<double> const at(found->at, found->at + D);
    bool const known = std::any_of(minima.begin(), minima.end(), [&](Minimum const& minimum) {
      return same(at, minimum.at, same_within);
    });
    if (known || !same(at, std::vector<double>(D, 0.0), reach)) continue;
    auto const bounds = verify(f, *found);
    if (bounds) minima.push_back({at, f.value(*found), bounds->greatest, bounds->least});
  }
}

template <class Landscape>
std::vector<Minimum> find(Landscape const& f, double reach) {
  std::vector<Minimum> minima;
  // A narrow valley in a flat plain is only found from within.
  for (double const zoom : {1.0, 0.125, 0.015625}) search(f, zoom * reach, reach, minima);
  std::sort(minima.begin(), minima.end(),
            [](Minimum const& a, Minimum const& b) { return a.at < b.at; });
  return minima;
}

}  // namespace

std::vector<Minimum> find_minima(LandscapeChoice const& choice, double reach) {
  return with_landscape(choice, [&](auto const& f) { return find(f, reach); });
}

}  // namespace brink
