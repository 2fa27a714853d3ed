#pragma once

#include "bench/jobs/job.hpp"

namespace brink::bench {

/// One row per operation of a GD step, timed where it runs: within the step. Layers of one shape
/// share a row, each call being a sample.
template <class T>
void measure_breakdown(JobOptions const& options, Report const& report);

}  // namespace brink::bench
