#include <fmt/format.h>

#include <cmath>

#include "host/dynamics/gram_layer.hpp"
#include "host/run/output.hpp"
#include "host/run/train.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

void require_at_least(char const* option, Index value, Index least) {
  require(value >= least, fmt::format("{} {}: must be at least {}", option, value, least));
}

nlohmann::json or_null(std::optional<double> const& value) {
  return value ? nlohmann::json(*value) : nullptr;
}

}  // namespace

void check(TrainOptions const& options) {
  check(options.problem);
  require(std::isfinite(options.learning_rate) && options.learning_rate > 0,
          fmt::format("--lr {}: must be a positive number", options.learning_rate));
  require(options.momentum >= 0 && options.momentum < 1,
          fmt::format("--momentum {}: must be in [0, 1)", options.momentum));
  require(options.flow_alpha > 0,
          fmt::format("--flow-alpha {}: must be positive", options.flow_alpha));
  require(options.sharpness_tolerance > 0,
          fmt::format("--sharpness-tolerance {}: must be positive", options.sharpness_tolerance));
  if (options.until_accuracy) {
    require(*options.until_accuracy > 0 && *options.until_accuracy <= 1,
            fmt::format("--until-accuracy {}: must be in (0, 1]", *options.until_accuracy));
  }
  require_at_least("--batch-size", options.batch_size, 1);
  require_at_least("--steps", options.steps, 0);
  require_at_least("--top", options.top, 1);
  require_at_least("--line-points", options.line_points, 1);
  require_at_least("--sharpness-every", options.sharpness_every, 0);
  require_at_least("--segment-points", options.segment_points, 1);
  require_at_least("--segment-every", options.segment_every, 0);
  require_at_least("--line-every", options.line_every, 0);
  require_at_least("--test-every", options.test_every, 0);
  require_at_least("--expectation-every", options.expectation_every, 0);
  require_at_least("--draws", options.draws, 1);
  require_at_least("--checkpoint-every", options.checkpoint_every, 0);

  bool const sgd = options.method == Method::sgd;
  require(sgd || options.expectation_every == 0,
          "--expectation-every goes with --method sgd: other methods have no stochastic gradient");
  require(!sgd || !options.until_accuracy || options.expectation_every > 0,
          "--until-accuracy needs --expectation-every with --method sgd: a step sees a minibatch");
  require(!sgd || options.line_every == 0,
          "--line-every does not go with --method sgd: the sweep is along the full-batch step");
  require(options.method != Method::flow || options.sharpness_every > 0,
          "--method flow needs --sharpness-every: its step is bounded by alpha / sharpness");
  require(!options.on_square_root || (!sgd && options.method != Method::flow),
          "--objective sqrt goes with gd, normalized-gd, polyak and nesterov");
  require(!options.gram.value_or(false) || options.method == Method::gd ||
              options.method == Method::normalized_gd,
          "--gram goes with gd and normalized-gd");
  require(!(options.resume && options.overwrite), "--resume and --overwrite exclude each other");
  check_output("--out", options.out);
  if (!options.save_parameters.empty()) {
    check_output_file("--save-params", options.save_parameters);
    std::filesystem::path const parameters = options.save_parameters;
    require(
        parameters.lexically_normal() != std::filesystem::path(options.out).lexically_normal(),
        fmt::format("--save-params {}: is the record; name another file", options.save_parameters));
  }
}

bool uses_gram(TrainOptions const& options, Network const& network, Index examples) {
  using Layer = GramLayer<double>;  // or float
  bool const pays = Layer::applies(options.method) && Layer::pays(network, examples);
  return options.gram.value_or(pays);
}

nlohmann::json to_json(TrainOptions const& options) {
  nlohmann::json config = to_json(options.problem);
  config.update({{"method", method_name(options.method)},
                 {"objective", options.on_square_root ? "sqrt" : "loss"},
                 {"lr", options.learning_rate},
                 {"steps", options.steps},
                 {"until_accuracy", or_null(options.until_accuracy)},
                 {"until_loss", or_null(options.until_loss)},
                 {"gram", options.gram ? nlohmann::json(*options.gram) : nullptr},
                 {"sharpness_every", options.sharpness_every},
                 {"top", options.top},
                 {"sharpness_tolerance", options.sharpness_tolerance},
                 {"line_every", options.line_every},
                 {"line_points", options.line_points},
                 {"segment_every", options.segment_every},
                 {"segment_points", options.segment_points},
                 {"test_every", options.test_every}});
  switch (options.method) {
    case Method::sgd:
      config["batch_size"] = options.batch_size;
      config["expectation_every"] = options.expectation_every;
      config["draws"] = options.draws;
      break;
    case Method::polyak:
    case Method::nesterov:
      config["momentum"] = options.momentum;
      break;
    case Method::flow:
      config["flow_alpha"] = options.flow_alpha;
      break;
    case Method::gd:
    case Method::normalized_gd:
      break;
  }
  return config;
}

}  // namespace brink
