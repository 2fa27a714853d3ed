#pragma once

#include <algorithm>
#include <type_traits>

#include "bench/jobs/report.hpp"
#include "host/run/problem.hpp"

namespace brink::bench {

struct JobOptions {
  ProblemOptions problem;
  double learning_rate = 2.0 / 30;
  Index samples = 15;
  std::string theta_before;  ///< sharpness: parameters of some steps earlier, a .npy file
  bool breakdown = false;    ///< step: a row for each operation

  /// For the rows beside those that are compared.
  Index few_samples() const { return std::max(Index{1}, samples / 5); }
};

// Each measures one part of brink's work at the parameters that the problem starts from, and
// reports its rows (bench/peers/README.md). InputError for anything wrong with the options.
void measure_step(JobOptions const& options, Report const& report);
void measure_gemm(JobOptions const& options, Report const& report);
void measure_hvp(JobOptions const& options, Report const& report);
void measure_sharpness(JobOptions const& options, Report const& report);
void measure_line(JobOptions const& options, Report const& report);
void measure_memory(JobOptions const& options, Report const& report);

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
