#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/run/hooks.hpp"
#include "host/run/problem.hpp"
#include "host/scan/rule.hpp"
#include "host/scan/space.hpp"
#include "host/scan/tally.hpp"
#include "host/scan/uncertainty.hpp"

namespace brink {

/// A coordinate, counted from 1, with the value that it is held at.
struct FixedCoordinate {
  int coordinate;
  double value;
};

/// One part of a scan's chunks, which a process of its own computes.
struct Shard {
  Index number = 1;  ///< from 1 on
  Index count = 1;   ///< of all shards
};

struct BasinOptions {
  RuleOptions rule;           ///< but for the step size
  std::vector<double> steps;  ///< the step sizes; several are a dimension of the record
  Axis x{-4, 4, 1024};        ///< of the first coordinate that is not fixed
  std::optional<Axis> y;      ///< of the second; x if not given
  std::vector<FixedCoordinate> fixed;
  Index samples = 0;        ///< random starts in the box instead of a grid
  std::string starts_file;  ///< .npy, starts × coordinates, instead of a grid
  std::uint64_t seed = 0;
  Index uncertainty_pairs = 0;  ///< for the uncertainty exponent; 0: not asked for
  Precision precision = Precision::float64;
  std::string device = "auto";
  int threads = 0;
  std::string out = "basin.zarr";
  std::string png;  ///< a picture of one pixel per start; empty: none
  Shard shard;
  bool resume = false;
  bool overwrite = false;
};

/// What a scan found at one step size.
struct BasinSummary {
  double step = 0;
  ScanRule rule;
  VerdictCounts counts;
  std::optional<Uncertainty> uncertainty;
};

struct BasinResult {
  std::string stop_reason;  ///< "complete", "interrupted", or "shard": others are to come
  std::vector<BasinSummary> summaries;  ///< one per step size, from the process that completes
  std::vector<std::string> pictures;    ///< files
  Index to_come = 0;                    ///< chunks of other shards
};

/// Gradient descent from many starts, each with a verdict. Leaves a record at options.out, chunk by
/// chunk, which --resume completes. Several processes may do so at a time, each with chunks that no
/// other is at; the last completes it. InputError on bad options, before anything is written.
BasinResult basin(BasinOptions const& options, RunHooks const& hooks);

}  // namespace brink
