#pragma once

#include <optional>
#include <string>

#include "host/run/hooks.hpp"
#include "host/run/problem.hpp"
#include "kernels/step.hpp"

namespace brink {

struct TrainOptions {
  ProblemOptions problem;
  Method method = Method::gd;
  bool on_square_root = false;
  double learning_rate = 2.0 / 20;
  double momentum = 0.9;
  Index batch_size = 32;
  double flow_alpha = 1;     ///< flow: step = min(η, α / sharpness)
  std::optional<bool> gram;  ///< whether to use GramLayer; by default where it applies and pays

  Index steps = 1000;
  std::optional<double> until_accuracy;
  std::optional<double> until_loss;

  Index sharpness_every = 0;  ///< 0: never; the same for those below
  Index top = 1;
  double sharpness_tolerance = 1e-3;
  Index line_every = 0;
  Index line_points = 100;
  Index segment_every = 0;
  Index segment_points = 8;  ///< intervals between points
  Index test_every = 0;
  Index expectation_every = 0;  ///< sgd only
  Index draws = 20;

  std::string out = "run.zarr";
  std::string save_parameters;
  bool overwrite = false;
  bool resume = false;
  Index checkpoint_every = 0;  ///< steps; 0: every 30 s
};

/// InputError on options that make no sense, before anything is read or written.
void check(TrainOptions const& options);

/// Whether the first layer is a GramLayer.
bool uses_gram(TrainOptions const& options, Network const& network, Index examples);

/// Everything that decides the numbers, as the record's `config` attribute.
nlohmann::json to_json(TrainOptions const& options);

struct TrainResult {
  /// "steps", "accuracy", "loss", "diverged", "stationary" or "interrupted".
  std::string stop_reason;
  Index steps = 0;
  double loss = 0;
  double accuracy = 0;
  double sharpness = 0;  ///< NaN if never measured
  /// Over the line sweeps: largest |RP − right-hand side of (4.2)|, and of (4.3) the median; NaN
  /// without sweeps.
  double identity_residual = 0;
  double approximation_residual = 0;
};

/// Runs (or resumes) a training and leaves its record at options.out. Bit for bit the same however
/// often it is interrupted and resumed, on one backend and number of threads.
TrainResult train(TrainOptions const& options, RunHooks const& hooks);

}  // namespace brink
