#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "kernels/operations.hpp"

namespace brink {

/// Steps that are issued one after another without waiting for what they do, as a recording of two:
/// buffers that take turns are back in their places then.
class StepsAhead {
 public:
  explicit StepsAhead(Context& context)
      : context_(&context), rows_(context, context.run_ahead()), count_(context, 1) {}

  /// Bytes of the context's memory.
  static double bytes_needed(Context const& context) {
    return bytes_of<StepMetrics>(context.run_ahead()) + sizeof(Index);
  }

  /// How many are worth while: an even number, 0 where the context is better off without.
  Index most() const { return most(*context_); }
  static Index most(Context const& context) { return context.run_ahead() / 2 * 2; }
  StepLog log() const { return {rows_.view(), count_.view().data}; }
  void clear() { count_.fill_zero(); }

  /// Issues `count` (even, ≤ most()) steps and waits for their metrics. `issue_step` issues one,
  /// and appends to log(); it uses the same memory again after two of them, which `place` tells
  /// apart from the other memory that it may begin with.
  std::vector<StepMetrics> make(Index count, void const* place,
                                std::function<void()> const& issue_step);

 private:
  Context* context_;
  Buffer<StepMetrics> rows_;
  Buffer<Index> count_;
  std::map<void const*, std::unique_ptr<Recording>> recordings_;  // two steps each
};

}  // namespace brink
