#pragma once

#include <cstdint>
#include <vector>

#include "host/diagnostics/eigen.hpp"
#include "host/diagnostics/expectation.hpp"

namespace brink {

struct DensityOptions {
  Index probes = 8;  ///< random vectors, all in one batch
  Index steps = 64;  ///< Lanczos steps from each
  Index grid_points = 1024;
  std::uint64_t seed = 0;
};

/// The spectrum of a symmetric matrix as a density, smoothed by a Gaussian whose width is 1/200 of
/// the spectrum's range.
struct SpectralDensity {
  std::vector<double> lambda;
  std::vector<double> density;  ///< integrates to 1
  double width;                 ///< standard deviation of the smoothing
  Estimate trace;               ///< Hutchinson's estimator over the probes
  Index products;
};

/// Stochastic Lanczos quadrature (Ghorbani, Krishnan and Xiao 2019) from Rademacher probes; their
/// first Lanczos coefficients are Hutchinson's samples of the trace. Without reorthogonalisation:
/// the copies of eigenvalues that rounding makes share the weight of the one they copy.
template <class T>
SpectralDensity spectral_density(Context& context, Linalg<T> const& linalg, Index dimension,
                                 SymmetricOperator<T> const& product, DensityOptions options);

/// Bytes of the context's memory that this takes.
template <class T>
double density_bytes_needed(Index dimension, Index probes) {
  return bytes_of<T>(3, probes, dimension);
}

}  // namespace brink
