#include "kernels/cpu/basin.hpp"

#include <atomic>

#include "kernels/cpu/simd.hpp"

namespace brink::cpu {
namespace {

/// Hands out the starts of a scan, part of a row at a time.
class StartQueue {
 public:
  StartQueue(Index rows, Index cols)
      : cols_(cols), parts_((cols + longest - 1) / longest), count_(rows * parts_) {}

  /// As BasinTask::next; `queue` is a StartQueue.
  static bool next(void* queue, StartRange* range) {
    auto& self = *static_cast<StartQueue*>(queue);
    Index const index = self.taken_.fetch_add(1, std::memory_order_relaxed);
    if (index >= self.count_) return false;
    Index const col = index % self.parts_ * longest;
    *range = {index / self.parts_, col, std::min(longest, self.cols_ - col)};
    return true;
  }

 private:
  static constexpr Index longest = 1024;

  Index cols_;
  Index parts_;  ///< of a row
  Index count_;
  std::atomic<Index> taken_ = 0;
};

}  // namespace

template <class T>
void CpuBasin<T>::scan(BasinRule const& rule, Starts<T> const& starts,
                       BasinResults<T> const& results) const {
  StartQueue queue(starts.rows, starts.cols);
  BasinTask<T> const task{&rule,
                          rule.minima.data(),
                          static_cast<int>(rule.minima.size()),
                          starts,
                          results,
                          StartQueue::next,
                          &queue};
#pragma omp parallel num_threads(context_.threads())
  simd_loops<T>().scan(task);
}

template class CpuBasin<float>;
template class CpuBasin<double>;

}  // namespace brink::cpu
