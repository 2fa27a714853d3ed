#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/data/dataset.hpp"

namespace brink {

/// What the statistics are taken over: every feature by itself, all pixels of a colour channel, or
/// nothing (then image pixels are divided by 255, and other data stay as they are).
enum class Standardize { pixel, channel, none };

/// The options of the command line that say which data to load.
struct DataOptions {
  /// The --data argument; see parse_data_spec.
  std::string source;
  /// How many training examples to keep, the first ones; all when empty.
  std::optional<std::int64_t> examples;
  /// When empty: pixel for images, none for npy and synthetic.
  std::optional<Standardize> standardize;
};

/// Everything about `options` that can be checked without reading the data: the syntax, that the
/// options go together, that the files exist and, from sizes and headers, what they hold.
/// InputError on the first that is wrong.
void check_data(DataOptions const& options);

/// Loads, checks and standardises. Image pixels are divided by 255; the statistics are those of the
/// training examples kept and serve the test set too. T is float or double. InputError on anything
/// wrong with the options or the files.
template <class T>
Splits<T> load_data(DataOptions const& options);

}  // namespace brink
