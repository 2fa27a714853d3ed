#pragma once

#include <vector>

#include "host/objective/training_set.hpp"

namespace brink {

/// Gathers minibatches of a training set into memory of their own.
template <class T>
class BatchBuffer {
 public:
  BatchBuffer(Context& context, Linalg<T> const& linalg, Examples<T> const& all, Index capacity)
      : linalg_(&linalg), all_(all), x_(context, capacity * all.x.cols) {
    if (all.targets.labels.empty()) {
      values_ = Buffer<T>(context, capacity * all.targets.values.cols);
    } else {
      labels_ = Buffer<std::int32_t>(context, capacity);
    }
  }

  /// Bytes of the context's memory that batches of such data take.
  static double bytes_needed(DataShape const& data, Index capacity) {
    return TrainingSet<T>::bytes_needed({capacity, data.features, data.outputs, data.has_labels});
  }

  /// The examples at `indices`; the views last until the next call.
  Examples<T> gather(std::vector<Index> const& indices) {
    Index const n = std::ssize(indices);
    Examples<T> batch;
    Matrix<T> const x = x_.matrix(n, all_.x.cols);
    linalg_->gather_rows(all_.x, indices, x);
    batch.x = x;
    if (all_.targets.labels.empty()) {
      Matrix<T> const values = values_.matrix(n, all_.targets.values.cols);
      linalg_->gather_rows(all_.targets.values, indices, values);
      batch.targets.values = values;
    } else {
      Vector<std::int32_t> const labels{labels_.view().data, n};
      linalg_->gather(all_.targets.labels, indices, labels);
      batch.targets.labels = labels;
    }
    return batch;
  }

 private:
  Linalg<T> const* linalg_;
  Examples<T> all_;
  Buffer<T> x_, values_;
  Buffer<std::int32_t> labels_;
};

}  // namespace brink
