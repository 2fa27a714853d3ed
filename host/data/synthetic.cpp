#include "host/data/synthetic.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "host/data/limit.hpp"
#include "kernels/error.hpp"
#include "kernels/math/random.hpp"

namespace brink {

namespace {

/// Half a terabyte in float64: a slip of the keyboard rather than a wish.
constexpr std::int64_t most_values = std::int64_t{1} << 36;

/// Streams of the random numbers; the test set has its own.
enum Stream : std::uint64_t { centres, train_modes, train_noise, test_modes, test_noise };

void check_count(std::string_view key, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least || value > most) {
    throw InputError(
        fmt::format("synthetic: {}={} must lie in {} ... {}", key, value, least, most));
  }
}

void check_real(std::string_view key, double value, double least, double most) {
  if (!(value >= least && value <= most)) {
    throw InputError(
        fmt::format("synthetic: {}={} must lie in {} ... {}", key, value, least, most));
  }
}

class Mixture {
 public:
  explicit Mixture(SyntheticOptions const& options)
      : options_(options),
        deviation_(static_cast<std::size_t>(options.features)),
        centre_(static_cast<std::size_t>(options.classes * options.modes * options.features)) {
    for (std::size_t k = 0; k < deviation_.size(); ++k) {
      double const deviation =
          options.scale * std::pow(static_cast<double>(k + 1), -options.decay / 2);
      // Rounded, because the last bit of pow differs between platforms.
      deviation_[k] = static_cast<float>(deviation);
    }
    for (std::size_t i = 0; i < centre_.size(); ++i) {
      centre_[i] = normal(options.seed, centres, i);
    }
  }

  template <class T>
  Dataset<T> draw(std::int64_t examples, Stream modes, Stream noise) const {
    Dataset<T> data;
    data.examples = examples;
    data.features = options_.features;
    data.outputs = options_.classes;
    data.labels.reserve(static_cast<std::size_t>(examples));
    data.x.reserve(static_cast<std::size_t>(examples * data.features));
    for (std::int64_t i = 0; i < examples; ++i) {
      std::int64_t const label = i % options_.classes;
      data.labels.push_back(static_cast<std::int32_t>(label));
      double const choice = uniform(options_.seed, modes, static_cast<std::uint64_t>(i));
      auto const mode = static_cast<std::int64_t>(choice * static_cast<double>(options_.modes));
      std::int64_t const centre = (label * options_.modes + mode) * data.features;
      for (std::int64_t k = 0; k < data.features; ++k) {
        double const z =
            normal(options_.seed, noise, static_cast<std::uint64_t>(i * data.features + k));
        double const c = centre_[static_cast<std::size_t>(centre + k)];
        data.x.push_back(static_cast<T>(deviation_[static_cast<std::size_t>(k)] *
                                        std::fma(options_.separation, c, z)));
      }
    }
    return data;
  }

 private:
  SyntheticOptions const& options_;
  std::vector<double> deviation_;
  /// classes x modes x features
  std::vector<double> centre_;
};

}  // namespace

void check_synthetic(SyntheticOptions const& options) {
  check_count("features", options.features, 1, 1 << 24);
  check_count("examples", options.examples, 1, most_values / options.features);
  check_count("test", options.test, 0, most_values / options.features);
  check_count("classes", options.classes, 2, 1 << 16);
  check_count("modes", options.modes, 1,
              std::min(most_values / options.features / options.classes, std::int64_t{1} << 24));
  check_real("scale", options.scale, 1e-9, 1e9);
  check_real("decay", options.decay, 0.0, 100.0);
  check_real("separation", options.separation, 0.0, 1e9);
}

template <class T>
Splits<T> make_synthetic(SyntheticOptions const& options, std::optional<std::int64_t> wanted) {
  check_synthetic(options);
  Mixture const mixture(options);
  Splits<T> splits;
  splits.train = mixture.draw<T>(kept_examples(options.examples, wanted, "synthetic"), train_modes,
                                 train_noise);
  if (options.test > 0) {
    splits.test = mixture.draw<T>(options.test, test_modes, test_noise);
  }
  return splits;
}

template Splits<float> make_synthetic<float>(SyntheticOptions const&, std::optional<std::int64_t>);
template Splits<double> make_synthetic<double>(SyntheticOptions const&,
                                               std::optional<std::int64_t>);

}  // namespace brink
