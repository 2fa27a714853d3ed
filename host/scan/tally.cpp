#include "host/scan/tally.hpp"

#include <algorithm>
#include <cmath>

namespace brink {
namespace {

constexpr Index box_side = 5;

/// −Σ p ln p over the labels of one box; sorts them.
double entropy(std::vector<int>& labels) {
  std::sort(labels.begin(), labels.end());
  auto const all = static_cast<double>(labels.size());
  double sum = 0;
  for (auto from = labels.begin(); from != labels.end();) {
    auto const to = std::upper_bound(from, labels.end(), *from);
    double const share = static_cast<double>(to - from) / all;
    sum -= share * std::log(share);
    from = to;
  }
  return sum;
}

void count_boxes(Verdicts const& v, Extents const& extent, Tally& tally) {
  Index const cols = extent.back();
  Index const rows = extent.size() == 2 ? extent.front() : 1;
  Index const height = extent.size() == 2 ? box_side : 1;
  std::vector<int> labels;
  for (Index row = 0; row + height <= rows; row += height) {
    for (Index col = 0; col + box_side <= cols; col += box_side) {
      labels.clear();
      for (Index r = row; r < row + height; ++r) {
        for (Index i = r * cols + col; i < r * cols + col + box_side; ++i) {
          labels.push_back(basin_label(v.outcome[i], v.minimum[i]));
        }
      }
      ++tally.boxes;
      if (std::equal(labels.begin() + 1, labels.end(), labels.begin())) continue;
      ++tally.boundary_boxes;
      tally.entropy += entropy(labels);
    }
  }
}

}  // namespace

Share wilson_share(Index hits, Index trials) {
  if (trials == 0) return {0, 0, 1};
  constexpr double z = 1.959963984540054;  // of 95 %
  auto const n = static_cast<double>(trials);
  double const p = static_cast<double>(hits) / n;
  double const middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  double const reach = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  // The interval holds p, also where rounding would have it end just short of 0 or 1.
  return {p, std::clamp(middle - reach, 0.0, p), std::clamp(middle + reach, p, 1.0)};
}

void Tally::add(Tally const& other) {
  starts += other.starts;
  for (int i = 0; i < outcomes; ++i) outcome[i] += other.outcome[i];
  minimum.resize(std::max(minimum.size(), other.minimum.size()));
  for (std::size_t m = 0; m < other.minimum.size(); ++m) minimum[m] += other.minimum[m];
  steps += other.steps;
  boxes += other.boxes;
  boundary_boxes += other.boundary_boxes;
  entropy += other.entropy;
}

Tally tally(Verdicts const& verdicts, Index minima, Extents const& extent, bool in_boxes) {
  Tally result;
  result.starts = std::ssize(verdicts.outcome);
  result.minimum.resize(minima);
  for (std::size_t i = 0; i < verdicts.outcome.size(); ++i) {
    ++result.outcome.at(verdicts.outcome[i]);
    if (verdicts.minimum[i] >= 0) ++result.minimum.at(verdicts.minimum[i]);
    result.steps += verdicts.steps[i];
  }
  if (in_boxes) count_boxes(verdicts, extent, result);
  return result;
}

}  // namespace brink
