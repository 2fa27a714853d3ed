#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "bench/jobs/report.hpp"
#include "host/run/problem.hpp"

namespace brink::bench {

struct Samples {
  Index samples = 15;

  /// For the rows beside those that are compared.
  Index few_samples() const { return std::max(Index{1}, samples / 5); }
};

struct JobOptions : Samples {
  ProblemOptions problem;
  double learning_rate = 2.0 / 30;
  std::string theta_before;  ///< sharpness: parameters of some steps earlier, a .npy file
  bool breakdown = false;    ///< step: a row for each operation
};

/// f4 from grid × grid starts.
struct BasinJobOptions : Samples {
  Precision precision = Precision::float32;
  std::string device = "auto";
  int threads = 0;
  std::vector<double> steps;         ///< η
  Index grid = 4096;                 ///< compared with others'
  std::vector<Index> further_grids;  ///< by which the cost per start is followed
};

// Each measures one part of brink's work at the parameters that the problem starts from, and
// reports its rows (bench/peers/README.md). InputError for anything wrong with the options.
void measure_step(JobOptions const& options, Report const& report);
void measure_gemm(JobOptions const& options, Report const& report);
void measure_hvp(JobOptions const& options, Report const& report);
void measure_sharpness(JobOptions const& options, Report const& report);
void measure_line(JobOptions const& options, Report const& report);
void measure_memory(JobOptions const& options, Report const& report);

/// Measures scans of basins, and the time that their operations alone take at the machine's peak.
void measure_basin(BasinJobOptions const& options, Report const& report);

/// Calls body(std::type_identity<T>) with the T of a precision.
template <class Body>
void with_precision(Precision precision, Body&& body) {
  if (precision == Precision::float64) {
    body(std::type_identity<double>{});
  } else {
    body(std::type_identity<float>{});
  }
}

}  // namespace brink::bench
