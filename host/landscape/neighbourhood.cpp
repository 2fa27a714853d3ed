#include "host/landscape/neighbourhood.hpp"

#include <fmt/format.h>

#include <deque>

#include "host/landscape/box.hpp"
#include "host/landscape/with_objective.hpp"

namespace brink {
namespace {

constexpr Index most_work = 100'000;  // steps of boxes and of their middles

/// How far a trajectory, or a box of them, was followed.
struct Verdict {
  Proof proof;
  std::string reason;
  std::ptrdiff_t minimum = -1;  ///< that is reached, where it is proved
};

template <class Objective>
class Prover {
  static constexpr int D = Objective::dimension;
  using Matrix = std::array<std::array<Interval, D>, D>;

 public:
  Prover(Objective const& objective, CertifiedDescent const& descent, StartSet set)
      : f_(objective),
        descent_(descent),
        step_(descent.step),
        must_fall_(set == StartSet::stable) {}

  NeighbourhoodProof prove(std::vector<double> const& start, double radius) const {
    if (std::string const reason = why_no_set(); !reason.empty()) return {Proof::open, reason, {}};
    Point<double, D> centre;
    for (int i = 0; i < D; ++i) centre[i] = start[i];
    Verdict const own = follow(centre);
    if (own.proof != Proof::proved) return failure(own, centre, "");
    if (radius == 0) return {Proof::proved, "", {}};
    return prove(around(centre, radius), own.minimum,
                 fmt::format("within {:.6g} is a start from which ", radius));
  }

 private:
  std::string why_no_set() const {
    if (descent_.sets.empty()) return "the landscape has no strict minimum";
    for (CertifiedSet const& set : descent_.sets) {
      if (set.exists()) return "";
    }
    return "there is no certified set: " + descent_.sets.front().reason;
  }

  static NeighbourhoodProof failure(Verdict const& verdict, Point<double, D> const& start,
                                    std::string const& where) {
    NeighbourhoodProof found{verdict.proof, where + verdict.reason, {}};
    if (verdict.proof == Proof::refuted) found.against.assign(start.at, start.at + D);
    return found;
  }

  /// Whether every start of a box is in the set of this minimum.
  NeighbourhoodProof prove(Box<D> const& all, std::ptrdiff_t minimum,
                           std::string const& where) const {
    std::deque<Box<D>> open{all};  // the largest first: what refutes is found early
    work_ = 0;
    while (!open.empty()) {
      Box<D> const box = open.front();
      open.pop_front();
      if (arrives(box, minimum)) continue;
      Point<double, D> const centre = middle(box);
      Verdict const own = follow(centre);
      if (own.proof != Proof::proved) return failure(own, centre, where);
      if (own.minimum != minimum) {
        return failure({Proof::refuted, "another minimum is reached"}, centre, where);
      }
      if (work_ > most_work) return {Proof::open, "it takes too many boxes", {}};
      for (Box<D> const& half : halves(box)) open.push_back(half);
    }
    return {Proof::proved, "", {}};
  }

  /// The verdict on one start.
  Verdict follow(Point<double, D> const& start) const {
    Box<D> at = around(start, 0.0);
    for (Index k = 0; k < descent_.most_steps; ++k) {
      if (auto const minimum = certifying_minimum(at); minimum >= 0) {
        return {Proof::proved, "", minimum};
      }
      ++work_;
      Box<D> const next = advanced(at);
      if (must_fall_) {
        Interval const change = f_.value(next) - f_.value(at);
        if (change.lower() > 0) {
          return {Proof::refuted, fmt::format("the loss rises at step {}", k + 1)};
        }
        if (!(change.upper() < 0)) {
          return {Proof::open,
                  fmt::format("the loss cannot be shown to fall at step {}: what it changes by is "
                              "within rounding",
                              k + 1)};
        }
      }
      if (!is_bounded(next)) {
        return {Proof::open, fmt::format("step {} leads beyond all bounds", k + 1)};
      }
      at = next;
    }
    return {Proof::open,
            fmt::format("no certified set is reached within {} steps", descent_.most_steps)};
  }

  /// Whether all starts of a box are proved to be in the set of this minimum, without splitting it.
  bool arrives(Box<D> const& starts, std::ptrdiff_t minimum) const {
    Box<D> centre = around(middle(starts), 0.0);
    Box<D> reach;  // of the starts from the centre
    for (int i = 0; i < D; ++i) reach[i] = starts[i] - centre[i];
    Box<D> at = starts;
    Matrix spread = identity();  // derivative of θ_k by the start, over the box
    for (Index k = 0; k < descent_.most_steps; ++k) {
      if (auto const reached = certifying_minimum(at); reached >= 0) return reached == minimum;
      ++work_;
      Box<D> const next_centre = advanced(centre);
      Matrix const next_spread = product(slope_of_step(at), spread);
      Box<D> next;
      Box<D> const plain = step_from(at);
      for (int i = 0; i < D; ++i) {
        next[i] = intersection(plain[i], next_centre[i] + inner(next_spread[i], reach));
      }
      if (!is_bounded(next)) return false;
      if (must_fall_ && !falls(at, next) && !falls(at, next, centre, next_centre, spread, reach)) {
        return false;
      }
      at = next;
      centre = next_centre;
      spread = next_spread;
    }
    return false;
  }

  /// The minimum in whose certified set all of a box lies, or −1.
  std::ptrdiff_t certifying_minimum(Box<D> const& box) const {
    for (std::size_t m = 0; m < descent_.sets.size(); ++m) {
      CertifiedSet const& set = descent_.sets[m];
      if (!set.exists()) continue;
      Point<double, D> centre;
      for (int i = 0; i < D; ++i) centre[i] = descent_.minima[m].at[i];
      if (distance_square(box, centre).upper() < square(Interval(set.radius)).lower() &&
          values_over(f_, box).upper() < set.level) {
        return static_cast<std::ptrdiff_t>(m);
      }
    }
    return -1;
  }

  /// By Lemma 1. Where the gradient vanishes the loss does not fall; but such a start stays where
  /// it is, and reaches no certified set.
  bool falls(Box<D> const& at, Box<D> const& next) const {
    Box<D> way;
    for (int i = 0; i < D; ++i) {
      way[i] = {std::min(at[i].lower(), next[i].lower()), std::max(at[i].upper(), next[i].upper())};
    }
    return eigenvalue_bounds(f_.hessian(way)).greatest < (Interval(2) / step_).lower();
  }

  /// By the mean value form of f(F(θ)) − f(θ), whose gradient is DF(θ)ᵀ∇f(F(θ)) − ∇f(θ).
  bool falls(Box<D> const& at, Box<D> const& next, Box<D> const& centre, Box<D> const& next_centre,
             Matrix const& spread, Box<D> const& reach) const {
    Matrix const onwards = slope_of_step(at);
    Box<D> const here = f_.gradient(at);
    Box<D> const there = f_.gradient(next);
    Interval change = f_.value(next_centre) - f_.value(centre);
    Box<D> slope;
    for (int i = 0; i < D; ++i) slope[i] = inner(onwards[i], there) - here[i];
    for (int j = 0; j < D; ++j) {
      Interval by_start(0);
      for (int i = 0; i < D; ++i) by_start = by_start + slope[i] * spread[i][j];
      change = change + by_start * reach[j];
    }
    return change.upper() < 0;
  }

  /// θ − η∇f(θ) over a box.
  Box<D> step_from(Box<D> const& at) const {
    Box<D> const g = f_.gradient(at);
    Box<D> next;
    for (int i = 0; i < D; ++i) next[i] = at[i] - step_ * g[i];
    return next;
  }
  /// I − η∇²f(θ) over a box.
  Matrix slope_of_step(Box<D> const& at) const {
    SymmetricMatrix<Interval, D> const h = f_.hessian(at);
    Matrix slope = identity();
    for (int i = 0; i < D; ++i) {
      for (int j = 0; j < D; ++j) slope[i][j] = slope[i][j] - step_ * h(i, j);
    }
    return slope;
  }
  /// The step of a box that is a point but for rounding, whose width grows by no more than the step
  /// stretches it.
  Box<D> advanced(Box<D> const& at) const {
    Box<D> const point = around(middle(at), 0.0);
    Box<D> apart;
    for (int i = 0; i < D; ++i) apart[i] = at[i] - point[i];
    Matrix const slope = slope_of_step(at);
    Box<D> next = step_from(point);
    for (int i = 0; i < D; ++i) next[i] = next[i] + inner(slope[i], apart);
    return next;
  }

  static Matrix identity() {
    Matrix m;
    for (int i = 0; i < D; ++i) m[i][i] = Interval(1);
    return m;
  }
  static Interval inner(std::array<Interval, D> const& row, Box<D> const& box) {
    Interval sum = row[0] * box[0];
    for (int i = 1; i < D; ++i) sum = sum + row[i] * box[i];
    return sum;
  }
  static Matrix product(Matrix const& a, Matrix const& b) {
    Matrix c;
    for (int i = 0; i < D; ++i) {
      for (int j = 0; j < D; ++j) {
        c[i][j] = a[i][0] * b[0][j];
        for (int k = 1; k < D; ++k) c[i][j] = c[i][j] + a[i][k] * b[k][j];
      }
    }
    return c;
  }
  static bool is_bounded(Box<D> const& box) {
    for (int i = 0; i < D; ++i) {
      if (!std::isfinite(box[i].width())) return false;
    }
    return true;
  }

  Objective f_;
  CertifiedDescent const& descent_;
  Interval step_;
  bool must_fall_;
  mutable Index work_ = 0;
};

}  // namespace

NeighbourhoodProof prove_neighbourhood(CertifiedDescent const& descent,
                                       std::vector<double> const& start, double radius,
                                       StartSet set) {
  return with_objective(descent.landscape, descent.objective, [&](auto const& f) {
    return Prover(f, descent, set).prove(start, radius);
  });
}

}  // namespace brink
