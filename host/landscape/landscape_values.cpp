#include "host/landscape/landscape_values.hpp"

#include <algorithm>

#include "host/landscape/with_objective.hpp"

namespace brink {

std::vector<double> landscape_values(LandscapeChoice const& choice, ScanObjective objective,
                                     LandscapePlane const& plane, std::vector<double> const& xs,
                                     std::vector<double> const& ys) {
  return with_objective(choice, objective, [&]<class Objective>(Objective const& f) {
    Point<double, Objective::dimension> p;
    std::copy_n(plane.through.begin(), Objective::dimension, p.at);
    std::vector<double> values;
    values.reserve(xs.size() * ys.size());
    for (double const y : ys) {
      p[plane.y] = y;
      for (double const x : xs) {
        p[plane.x] = x;
        values.push_back(f.value(p));
      }
    }
    return values;
  });
}

}  // namespace brink
