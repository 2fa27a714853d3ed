#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/jobs/timing.hpp"

namespace brink::bench {

/// Prints measurements on stdout as they come: a line of JSON each (bench/peers/README.md), or a
/// line for reading.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  /// `extras`: an object with what there is to say besides the time.
  void row(std::string const& name, Timing const& timing,
           nlohmann::ordered_json const& extras = nlohmann::ordered_json::object()) const;

 private:
  bool json_;
};

}  // namespace brink::bench
