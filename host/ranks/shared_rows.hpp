#pragma once

#include <span>

#include "host/ranks/ranks.hpp"
#include "kernels/context.hpp"

namespace brink {

/// What one rank has of rows that all ranks have together: one of as many blocks of neighbours.
/// Without ranks, all of them.
class SharedRows {
 public:
  SharedRows() = default;
  /// Sums of what is in a context's memory go through `collective`, or else through the hosts'
  /// memory. InputError where a rank would have none.
  SharedRows(Ranks& ranks, Index rows, Collective* collective = nullptr);

  bool is_all() const { return ranks_ == nullptr; }
  Index first() const { return first_; }
  Index count() const { return count_; }
  Index total() const { return total_; }
  /// Of a mean over this rank's rows in that over all.
  double weight() const { return static_cast<double>(count_) / static_cast<double>(total_); }

  /// Replaces means over this rank's rows, in the context's memory, by those over all. Together.
  template <class T>
  void average(Context& context, Matrix<T> means) const;
  /// Replaces sums over this rank's rows by those over all. Together.
  template <class T>
  void add_up(Context& context, Matrix<T> sums) const;
  /// The same in the host's memory.
  void add_up(std::span<double> sums) const;

 private:
  template <class T>
  void add_up_scaled(Context& context, Matrix<T> values, double factor) const;

  Ranks* ranks_ = nullptr;
  Collective* collective_ = nullptr;
  Index total_ = 0;
  Index first_ = 0;
  Index count_ = 0;
};

}  // namespace brink
