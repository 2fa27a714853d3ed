#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brink {

/// The sizes of a data set.
struct DataShape {
  std::int64_t examples = 0;
  std::int64_t features = 0;
  std::int64_t outputs = 0;
  bool has_labels = false;
};

/// A data set in host memory. T is float or double.
template <class T>
struct Dataset {
  std::int64_t examples = 0;
  std::int64_t features = 0;
  /// Number of classes, or columns of a regression target.
  std::int64_t outputs = 0;
  /// examples x features, row-major.
  std::vector<T> x;
  /// One class 0 ... outputs-1 per example; empty for regression.
  std::vector<std::int32_t> labels;
  /// examples x outputs, row-major, for regression; empty for classification.
  std::vector<T> values;
  /// What it was loaded from, as the user wrote it.
  std::string name;

  /// So many examples from `first` on.
  Dataset part(std::int64_t first, std::int64_t count) const {
    auto const rows = [&]<class V>(std::vector<V> const& all, std::int64_t width) {
      if (all.empty()) return all;
      return std::vector<V>(all.begin() + first * width, all.begin() + (first + count) * width);
    };
    return {count, features, outputs, rows(x, features), rows(labels, 1), rows(values, outputs),
            name};
  }

  DataShape shape() const { return {examples, features, outputs, !labels.empty()}; }
};

/// Training data and, where the source has one, a test set of the same features and outputs.
template <class T>
struct Splits {
  Dataset<T> train;
  std::optional<Dataset<T>> test;
};

}  // namespace brink
