#pragma once

#include <cstdint>
#include <optional>

#include "host/data/dataset.hpp"

namespace brink {

/// A Gaussian mixture whose spectrum falls like that of natural images. The defaults give a
/// full-batch trajectory like those of Cohen et al.: with a 256-100-100-10 tanh network,
/// cross-entropy and step size 2/30 the sharpness reaches 2/eta near step 400 and the training
/// accuracy 99 % near step 840.
struct SyntheticOptions {
  std::int64_t examples = 2000;
  std::int64_t features = 256;
  std::int64_t classes = 10;
  /// Examples of a test set drawn from the same mixture; 0 for none.
  std::int64_t test = 500;
  /// Mixture components per class.
  std::int64_t modes = 4;
  std::uint64_t seed = 0;
  /// Standard deviation of the first coordinate within a mode.
  double scale = 9.0;
  /// Coordinate k = 1, 2, ... has variance scale^2 k^-decay.
  double decay = 1.3;
  /// The modes' centres are spread like the noise, times this.
  double separation = 0.3;
};

/// x_k = scale k^(-decay/2) (separation c_k + z_k) with z standard normal per example and c
/// standard normal per mode. Example i has class i mod classes and a uniformly drawn mode, and does
/// not depend on the number of examples. Every number is the same on every platform. Keeps the
/// first `wanted` examples. InputError when an option is out of range.
template <class T>
Splits<T> make_synthetic(SyntheticOptions const& options, std::optional<std::int64_t> wanted);

/// InputError when an option is out of range.
void check_synthetic(SyntheticOptions const& options);

}  // namespace brink
