#include "host/run/landscape_record.hpp"

#include <fmt/format.h>

#include "host/run/whole_record.hpp"
#include "kernels/math/nan.hpp"

namespace brink {
namespace {

bool is_of_x_and_y(LandscapeName name) {
  switch (name) {
    case LandscapeName::f1:
    case LandscapeName::f2:
    case LandscapeName::f3:
    case LandscapeName::f4:
    case LandscapeName::arora:
    case LandscapeName::hyperbola:
      return true;
    case LandscapeName::quadratic:
    case LandscapeName::tanh_quadratic:
    case LandscapeName::neuron_linear:
    case LandscapeName::neuron_tanh:
    case LandscapeName::normalized_neuron:
      break;
  }
  return false;
}

}  // namespace

std::vector<std::string> coordinate_names(LandscapeChoice const& choice) {
  if (is_of_x_and_y(choice.name)) return {"x", "y"};
  std::vector<std::string> names;
  for (int i = 1; i <= choice.dimension; ++i) names.push_back(fmt::format("theta{}", i));
  return names;
}

void write_minima(ZarrGroup& group, LandscapeChoice const& choice,
                  std::vector<Minimum> const& minima,
                  std::vector<std::vector<CertifiedSet>> const& certificates) {
  std::vector<double> at, value, sharpness;
  for (Minimum const& minimum : minima) {
    at.insert(at.end(), minimum.at.begin(), minimum.at.end());
    value.push_back(minimum.value);
    sharpness.push_back(minimum.sharpness);
  }
  Dimension const rows{"minima", std::ssize(minima)};
  write_variable(group, "minimum_theta", {rows, {"coordinate", choice.dimension}},
                 "strict minima of the landscape f", at);
  write_variable(group, "minimum_value", {rows}, "f at the minimum", value);
  write_variable(group, "minimum_sharpness", {rows},
                 "largest eigenvalue of the Hessian of f at the minimum", sharpness);

  std::vector<Dimension> dimensions{rows};
  if (certificates.size() > 1)
    dimensions.insert(dimensions.begin(), {"lr", std::ssize(certificates)});
  auto const write = [&](char const* name, char const* long_name, double CertifiedSet::*member) {
    std::vector<double> values;
    for (auto const& of_step : certificates) {
      for (CertifiedSet const& set : of_step) values.push_back(set.exists() ? set.*member : nan);
    }
    write_variable(group, name, dimensions, long_name, values);
  };
  write("certified_radius", "distance from the minimum below which its certified set lies",
        &CertifiedSet::radius);
  write("certified_level", "objective below which the certified set lies", &CertifiedSet::level);
  write("certified_bound", "no eigenvalue of the objective's Hessian exceeds it within the radius",
        &CertifiedSet::bound);
}

nlohmann::json certificate_reasons(std::vector<CertifiedSet> const& certificates) {
  nlohmann::json reasons = nlohmann::json::array();
  for (CertifiedSet const& set : certificates) reasons.push_back(set.reason);
  return reasons;
}

void write_landscape(ZarrGroup& group, LandscapeChoice const& choice, ScanObjective objective,
                     LandscapePlane const& plane, std::vector<double> const& xs,
                     std::vector<double> const& ys) {
  std::vector<std::string> const names = coordinate_names(choice);
  Dimension const rows{"landscape_y", std::ssize(ys)};
  Dimension const cols{"landscape_x", std::ssize(xs)};
  write_variable(group, cols.name, {cols}, names.at(plane.x), xs);
  write_variable(group, rows.name, {rows}, names.at(plane.y), ys);
  write_variable(group, "landscape_value", {rows, cols}, "objective",
                 landscape_values(choice, objective, plane, xs, ys));
}

}  // namespace brink
