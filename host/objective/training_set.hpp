#pragma once

#include "host/data/dataset.hpp"
#include "host/objective/pass.hpp"

namespace brink {

/// A data set in a context's memory.
template <class T>
class TrainingSet {
 public:
  /// `share`: that of this rank, which `data` holds.
  TrainingSet(Context& context, Dataset<T> const& data, SharedRows const& share = {})
      : share_(share),
        count_(data.examples),
        features_(data.features),
        outputs_(data.outputs),
        x_(context, data.x),
        labels_(context, data.labels),
        values_(context, data.values) {}

  /// Bytes of the context's memory that a data set takes.
  static double bytes_needed(DataShape const& data) {
    double const targets = data.has_labels ? bytes_of<std::int32_t>(data.examples)
                                           : bytes_of<T>(data.examples, data.outputs);
    return bytes_of<T>(data.examples, data.features) + targets;
  }

  Index of_all_ranks() const { return examples().of_all_ranks(); }
  bool has_labels() const { return labels_.size() > 0; }

  Examples<T> examples() const {
    Targets<T> targets;
    if (has_labels()) {
      targets.labels = labels_.view();
    } else {
      targets.values = values_.matrix(count_, outputs_);
    }
    return {x_.matrix(count_, features_), targets, share_};
  }

 private:
  SharedRows share_;
  Index count_, features_, outputs_;
  Buffer<T> x_;
  Buffer<std::int32_t> labels_;
  Buffer<T> values_;
};

}  // namespace brink
