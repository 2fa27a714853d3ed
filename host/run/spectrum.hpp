#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "host/diagnostics/density.hpp"
#include "host/diagnostics/whole_spectrum.hpp"
#include "host/run/hooks.hpp"
#include "host/run/problem.hpp"

namespace brink {

struct SpectrumOptions {
  ProblemOptions problem;
  Index top = 5;
  Index bottom = 0;
  double tolerance = 1e-3;
  Index max_products = 1000;
  bool all = false;
  bool trace = false;
  bool density = false;
  Index probes = 8;
  Index lanczos_steps = 64;
  std::string out = "spectrum.zarr";
  bool overwrite = false;
};

struct SpectrumResult {
  double loss = 0;
  double accuracy = 0;
  double gradient_norm = 0;
  Eigenpairs top, bottom;
  WholeSpectrum all;                           ///< empty unless asked for
  Estimate trace{std::nan(""), std::nan("")};  ///< NaN unless asked for
};

/// The Hessian of the training loss at the given parameters; leaves a record at options.out,
/// or nothing: where it fails or is interrupted, what was there stays. InputError on bad options.
SpectrumResult spectrum(SpectrumOptions const& options, RunHooks const& hooks);

}  // namespace brink
