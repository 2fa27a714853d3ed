#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/landscape/certificate.hpp"
#include "host/landscape/landscape_values.hpp"
#include "host/record/zarr.hpp"

namespace brink {

// What the records of `orbit` and `basin` hold alike.

/// How the landscape's papers call its coordinates: x and y, or theta1, theta2, …
std::vector<std::string> coordinate_names(LandscapeChoice const& choice);

/// minimum_theta, minimum_value, minimum_sharpness, and certified_radius, certified_level and
/// certified_bound, NaN where there is no set. `certificates` are one list, parallel to the minima,
/// per step size; with several, the certified_… have the dimension lr as well.
void write_minima(ZarrGroup& group, LandscapeChoice const& choice,
                  std::vector<Minimum> const& minima,
                  std::vector<std::vector<CertifiedSet>> const& certificates);

/// Why minima have no certified set; "" where they have one.
nlohmann::json certificate_reasons(std::vector<CertifiedSet> const& certificates);

/// landscape_value on the grid of landscape_x and landscape_y.
void write_landscape(ZarrGroup& group, LandscapeChoice const& choice, ScanObjective objective,
                     LandscapePlane const& plane, std::vector<double> const& xs,
                     std::vector<double> const& ys);

}  // namespace brink
