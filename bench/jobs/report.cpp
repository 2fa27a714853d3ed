#include "bench/jobs/report.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace brink::bench {

void Report::row(std::string const& name, Timing const& timing,
                 nlohmann::ordered_json const& extras) const {
  if (json_) {
    nlohmann::ordered_json line{{"name", name},
                                {"median_s", timing.median},
                                {"min_s", timing.least},
                                {"max_s", timing.greatest},
                                {"samples", timing.samples}};
    line.update(extras);
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("{:32} {:10.3f} ms ({:.3f} to {:.3f}, {} samples)", name, 1e3 * timing.median,
               1e3 * timing.least, 1e3 * timing.greatest, timing.samples);
    for (auto const& [key, value] : extras.items()) {
      fmt::print(
          "  {} {}", key,
          value.is_number_float() ? fmt::format("{:.5g}", value.get<double>()) : value.dump());
    }
    fmt::print("\n");
  }
  std::fflush(stdout);
}

}  // namespace brink::bench
