#pragma once

#include "host/bench/record.hpp"
#include "host/bench/roofline.hpp"
#include "host/run/hooks.hpp"
#include "host/run/problem.hpp"

namespace brink {

struct BenchOptions {
  BenchAxes axes;
  std::vector<std::string> only;  ///< groups or operations; empty: all
  StopRule rule;
  RooflineSizes roofline;
  Precision precision = Precision::float32;
  std::string device = "auto";
  int threads = 0;
};

/// An operation at given sizes, before it is measured.
struct PlannedRow {
  std::string operation;
  std::string what;
  BenchSizes sizes;
  double operations;  ///< NaN where only a run tells
  double bytes;
};

/// What run_bench would measure, without a device. InputError on bad options.
std::vector<PlannedRow> plan_bench(BenchOptions const& options);

/// How a measurement talks to the program around it, beyond its progress.
struct BenchHooks {
  RunHooks run;
  std::function<void(BenchRecord const&)> roofline = [](BenchRecord const&) {};  ///< is measured
  std::function<void(BenchRecord const&)> row = [](BenchRecord const&) {};       ///< is the last
};

/// Measures the device's roofline, then row after row. `record` holds what is measured at any time,
/// also when this throws; interrupted after the roofline, it returns with the stop reason
/// "interrupted". InputError on bad options, before anything is measured.
void run_bench(BenchOptions const& options, BenchHooks const& hooks, BenchRecord& record);

}  // namespace brink
