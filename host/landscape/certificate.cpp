#include "host/landscape/certificate.hpp"

#include <fmt/format.h>

#include <cmath>
#include <queue>

#include "host/landscape/box.hpp"
#include "host/landscape/with_objective.hpp"

namespace brink {
namespace {

constexpr double farthest = 64;    // radius
constexpr double safety = 0.9999;  // curvatures stay so far below 2/η
constexpr int bisections = 40;
constexpr int radii = 32;           // tried below the largest
constexpr int most_boxes = 20'000;  // of one bound
// Sizes, in radii, at which boxes are split no further: for a bound, and for a stationary point
// that then cannot be ruled out.
constexpr double finest = 1.0 / 512;
constexpr double narrowest = 1.0 / 4096;

/// Boxes in the order of a bound: the best first.
template <int D>
struct Bounded {
  double bound;
  Box<D> box;
  bool operator<(Bounded const& other) const { return bound < other.bound; }
};

template <class Objective>
class Certifier {
  static constexpr int D = Objective::dimension;

 public:
  Certifier(Objective const& objective, Minimum const& minimum, double step)
      : f_(objective), step_(step), limit_(safety * 2 / step) {
    for (int i = 0; i < D; ++i) centre_[i] = minimum.at[i];
  }

  CertifiedSet certify() const {
    Interval const value = f_.value(around(centre_, 0.0));
    double const sharpness = eigenvalue_bounds(f_.hessian(around(centre_, 0.0))).greatest;
    if (!std::isfinite(sharpness)) {
      return {0, 0, 0, "the objective is not smooth at the minimum, where f vanishes"};
    }
    if (!(sharpness < limit_)) {
      return {
          0, 0, 0,
          fmt::format("the largest eigenvalue at the minimum, {:.6g}, is {} 2/lr = {:.6g}",
                      sharpness, sharpness < 2 / step_ ? "too close to" : "not below", 2 / step_)};
    }
    double const falling = largest_radius([&](double radius) {
      return stays_below(radius, limit_,
                         [&](Box<D> const& box) { return greatest_eigenvalue(box); });
    });
    double const convex = largest_radius([&](double radius) {
      return radius <= falling &&
             stays_below(radius, 0, [&](Box<D> const& box) { return -least_eigenvalue(box); });
    });
    std::priority_queue<std::pair<double, double>> by_level;
    for (int k = 1; k <= radii; ++k) {
      double const radius = falling * k / radii;
      by_level.emplace(least_on_sphere(radius), radius);
    }
    for (; !by_level.empty(); by_level.pop()) {
      auto const [level, radius] = by_level.top();
      if (!(level > value.upper())) break;
      if (is_alone(radius, level, std::min(convex, radius))) {
        return {radius, level, std::min(limit_, greatest_curvature(radius)), ""};
      }
    }
    return {0, 0, 0, "no ball around the minimum could be shown to hold no other stationary point"};
  }

 private:
  static double widest(Box<D> const& box) {
    double width = 0;
    for (int i = 0; i < D; ++i) width = std::max(width, box[i].width());
    return width;
  }
  Interval distance(Box<D> const& box) const { return distance_square(box, centre_); }
  bool in_ball(Box<D> const& box, double radius) const {
    return distance(box).lower() <= square(Interval(radius)).upper();
  }
  double greatest_eigenvalue(Box<D> const& box) const {
    return eigenvalue_bounds(f_.hessian(box)).greatest;
  }
  double least_eigenvalue(Box<D> const& box) const {
    return eigenvalue_bounds(f_.hessian(box)).least;
  }

  /// Whether every box of a cover of the ball is discarded, split as often as it takes; false as
  /// soon as `refuted` knows better, or a box gets too small.
  template <class Discarded, class Refuted>
  bool covers(double radius, Discarded&& discarded, Refuted&& refuted) const {
    std::vector<Box<D>> open{around(centre_, radius)};
    for (int count = 0; count < most_boxes; ++count) {
      if (open.empty()) return true;
      Box<D> const box = open.back();
      open.pop_back();
      if (!in_ball(box, radius) || discarded(box)) continue;
      if (refuted(box) || widest(box) < narrowest * radius) return false;
      for (Box<D> const& half : halves(box)) open.push_back(half);
    }
    return false;
  }

  /// Whether an upper bound over boxes is below the limit all over the ball.
  template <class Bound>
  bool stays_below(double radius, double limit, Bound&& bound) const {
    return covers(
        radius, [&](Box<D> const& box) { return bound(box) < limit; },
        [&](Box<D> const& box) {
          Box<D> const centre = around(middle(box), 0.0);
          return distance(centre).upper() <= square(Interval(radius)).lower() &&
                 bound(centre) >= limit;
        });
  }

  /// To a thousandth; 0 if `holds` does for none. What holds in a ball holds in smaller ones.
  template <class Holds>
  static double largest_radius(Holds&& holds) {
    if (holds(farthest)) return farthest;
    double below = 0;
    double above = farthest;
    for (int i = 0; i < bisections && above - below > 1e-3 * above; ++i) {
      double const radius = below > 0 ? 0.5 * (below + above) : 0.25 * above;
      (holds(radius) ? below : above) = radius;
    }
    return below;
  }

  /// The greatest upper bound over the boxes that `touches` keeps, split until they are small.
  template <class Bound, class Touches>
  double greatest(double radius, Bound&& bound, Touches&& touches) const {
    std::priority_queue<Bounded<D>> queue;
    Box<D> const all = around(centre_, radius);
    queue.push({bound(all), all});
    for (int count = 0; count < most_boxes; ++count) {
      Bounded<D> const top = queue.top();
      if (widest(top.box) < finest * radius) break;
      queue.pop();
      for (Box<D> const& half : halves(top.box)) {
        if (touches(half)) queue.push({std::min(top.bound, bound(half)), half});
      }
    }
    return queue.top().bound;
  }
  double greatest_curvature(double radius) const {
    return greatest(
        radius, [&](Box<D> const& box) { return greatest_eigenvalue(box); },
        [&](Box<D> const& box) { return in_ball(box, radius); });
  }
  double least_on_sphere(double radius) const {
    return -greatest(
        radius, [&](Box<D> const& box) { return -values_over(f_, box).lower(); },
        [&](Box<D> const& box) {
          return in_ball(box, radius) && distance(box).upper() >= square(Interval(radius)).lower();
        });
  }

  /// Whether {‖θ − θ*‖ < radius, f < level} has no stationary point but θ*: none where a component
  /// of the gradient keeps its sign, and one at most in the ball where the Hessian is positive
  /// definite.
  bool is_alone(double radius, double level, double convex) const {
    return covers(
        radius,
        [&](Box<D> const& box) {
          if (distance(box).upper() < square(Interval(convex)).lower()) return true;
          if (values_over(f_, box).lower() >= level) return true;
          Box<D> const slope = f_.gradient(box);
          for (int i = 0; i < D; ++i) {
            if (!slope[i].contains(0)) return true;
          }
          return false;
        },
        [](Box<D> const&) { return false; });
  }

  Objective f_;
  double step_;
  double limit_;  ///< of the curvature
  Point<double, D> centre_;
};

}  // namespace

CertifiedSet certify(LandscapeChoice const& choice, Minimum const& minimum, double step,
                     ScanObjective objective) {
  return with_objective(choice, objective,
                        [&](auto const& f) { return Certifier(f, minimum, step).certify(); });
}

}  // namespace brink
