#include "host/data/standardize.hpp"

#include <cmath>
#include <span>

namespace brink {

namespace {

/// Calls visit(value, group) for every value, row by row.
template <class X, class Visitor>
void for_each_value(std::span<X> x, std::int64_t features, std::int64_t groups,
                    Visitor const& visit) {
  auto const run = static_cast<std::size_t>(features / groups);
  for (std::size_t at = 0; at < x.size();) {
    for (std::size_t group = 0; group < static_cast<std::size_t>(groups); ++group) {
      for (std::size_t i = 0; i < run; ++i) {
        visit(x[at++], group);
      }
    }
  }
}

}  // namespace

template <class T>
Standardization fit_standardization(Dataset<T> const& data, std::int64_t groups, double unit) {
  auto const count = static_cast<std::size_t>(groups);
  auto const per_group = static_cast<double>(data.examples * (data.features / groups));
  std::span<T const> const x(data.x);
  Standardization map{std::vector<double>(count), std::vector<double>(count)};
  // The mean of equal numbers need not equal them in rounding, so constancy is tested on its own.
  std::vector<char> varies(count);
  for_each_value(x, data.features, groups, [&](T value, std::size_t group) {
    T const first = data.x[group * static_cast<std::size_t>(data.features / groups)];
    varies[group] |= static_cast<char>(value != first);
    map.mean[group] += static_cast<double>(value);
  });
  for (double& mean : map.mean) {
    mean /= per_group;
  }
  for_each_value(x, data.features, groups, [&](T value, std::size_t group) {
    double const difference = static_cast<double>(value) - map.mean[group];
    map.deviation[group] += difference * difference;
  });
  for (std::size_t group = 0; group < count; ++group) {
    double const deviation = std::sqrt(map.deviation[group] / per_group);
    map.deviation[group] = varies[group] != 0 && deviation > 0.0 ? deviation : unit;
  }
  return map;
}

template <class T>
void apply_standardization(Standardization const& map, Dataset<T>& data) {
  for_each_value(
      std::span<T>(data.x), data.features, std::ssize(map.mean), [&](T& value, std::size_t group) {
        value =
            static_cast<T>((static_cast<double>(value) - map.mean[group]) / map.deviation[group]);
      });
}

template Standardization fit_standardization<float>(Dataset<float> const&, std::int64_t, double);
template Standardization fit_standardization<double>(Dataset<double> const&, std::int64_t, double);
template void apply_standardization<float>(Standardization const&, Dataset<float>&);
template void apply_standardization<double>(Standardization const&, Dataset<double>&);

}  // namespace brink
