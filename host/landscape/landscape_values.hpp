#pragma once

#include <vector>

#include "host/landscape/certificate.hpp"

namespace brink {

/// The plane in which two coordinates vary and the others stay where they are in `through`.
struct LandscapePlane {
  std::vector<double> through;  ///< one number per coordinate of the landscape
  int x = 0;
  int y = 1;
};

/// The objective where coordinate plane.y is ys[r] and coordinate plane.x is xs[c]: row r, column
/// c.
std::vector<double> landscape_values(LandscapeChoice const& choice, ScanObjective objective,
                                     LandscapePlane const& plane, std::vector<double> const& xs,
                                     std::vector<double> const& ys);

}  // namespace brink
