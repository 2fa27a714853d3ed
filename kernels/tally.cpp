#include "kernels/tally.hpp"

#include <algorithm>
#include <functional>

namespace brink {
namespace {

template <class Counts>
void add_each(Counts& to, Counts const& more) {
  std::transform(more.begin(), more.end(), to.begin(), to.begin(), std::plus<>());
}

}  // namespace

void VerdictCounts::add(VerdictCounts const& other) {
  starts += other.starts;
  add_each(outcome, other.outcome);
  minimum.resize(std::max(minimum.size(), other.minimum.size()));
  add_each(minimum, other.minimum);
  steps += other.steps;
  boxes += other.boxes;
  boundary_boxes += other.boundary_boxes;
  add_each(occurrences, other.occurrences);
}

}  // namespace brink
