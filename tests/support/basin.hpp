#pragma once

#include <cstring>
#include <vector>

#include "kernels/basin.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {

/// Starts in a context's memory.
template <class T>
class StartSet {
 public:
  StartSet(Context& context, Index rows, Index cols) : context_(&context) {
    starts_.rows = rows;
    starts_.cols = cols;
  }

  void add(std::vector<T> const& values, Index row_stride, Index col_stride) {
    std::size_t const i = held_.size();
    held_.emplace_back(*context_, values);
    starts_.coordinate[i] = {held_[i].view().data, row_stride, col_stride};
  }
  Starts<T> const& view() const { return starts_; }

 private:
  Context* context_;
  std::vector<Buffer<T>> held_;
  Starts<T> starts_;
};

/// Start k is (coordinates[0][k], coordinates[1][k], …).
template <class T>
StartSet<T> points(Context& context, std::vector<std::vector<T>> const& coordinates) {
  StartSet<T> set(context, 1, std::ssize(coordinates.front()));
  for (auto const& values : coordinates) set.add(values, 0, 1);
  return set;
}

/// Start (r, c) is (xs[c], ys[r], rest…).
template <class T>
StartSet<T> grid(Context& context, std::vector<T> const& xs, std::vector<T> const& ys,
                 std::vector<T> const& rest = {}) {
  StartSet<T> set(context, std::ssize(ys), std::ssize(xs));
  set.add(xs, 0, 1);
  set.add(ys, 1, 0);
  for (T const value : rest) set.add({value}, 0, 0);
  return set;
}

/// Rows × cols of the starts, the first of them at (row, col).
template <class T>
Starts<T> tile(Starts<T> starts, Index row, Index col, Index rows, Index cols) {
  for (StartCoordinate<T>& c : starts.coordinate) {
    if (c.data != nullptr) c.data += row * c.row_stride + col * c.col_stride;
  }
  starts.rows = rows;
  starts.cols = cols;
  return starts;
}

/// What a scan says about one start.
template <class T>
struct ScannedStart {
  Outcome outcome;
  int minimum;
  Index steps, rises, last_rise;
  std::vector<T> final_point;

  /// To the last bit; one not-a-number is another's equal.
  friend bool operator==(ScannedStart const& a, ScannedStart const& b) {
    for (std::size_t i = 0; i < a.final_point.size(); ++i) {
      T const p = a.final_point[i];
      T const q = b.final_point[i];
      bool const same = std::isnan(p) ? std::isnan(q) : std::memcmp(&p, &q, sizeof(T)) == 0;
      if (!same) return false;
    }
    return a.outcome == b.outcome && a.minimum == b.minimum && a.steps == b.steps &&
           a.rises == b.rises && a.last_rise == b.last_rise;
  }
};

/// Which results a scan is asked for, beside the outcome.
struct Asked {
  bool minimum = true, steps = true, rises = true, last_rise = true, final_point = true;
};

/// Memory for the results of a scan. What nobody writes stays recognisable.
template <class T>
class ResultSet {
 public:
  ResultSet(Context& context, Index starts, int dimension)
      : outcome_(context, std::vector<std::uint8_t>(size(starts), 255)),
        minimum_(context, std::vector<std::int16_t>(size(starts), unwritten)),
        steps_(context, std::vector<std::uint32_t>(size(starts), unwritten)),
        rises_(context, std::vector<std::uint32_t>(size(starts), unwritten)),
        last_rise_(context, std::vector<std::uint32_t>(size(starts), unwritten)),
        final_point_(context, dimension, starts, 3) {}

  static constexpr int unwritten = 12345;

  BasinResults<T> view(Asked const& asked = {}) const {
    BasinResults<T> results{outcome_.view(), {}, {}, {}, {}, {}};
    if (asked.minimum) results.minimum = minimum_.view();
    if (asked.steps) results.steps = steps_.view();
    if (asked.rises) results.rises = rises_.view();
    if (asked.last_rise) results.last_rise = last_rise_.view();
    if (asked.final_point) results.final_point = final_point_.view();
    return results;
  }

  std::vector<ScannedStart<T>> download() const {
    auto const outcome = outcome_.download();
    auto const minimum = minimum_.download();
    auto const steps = steps_.download();
    auto const rises = rises_.download();
    auto const last_rise = last_rise_.download();
    auto const final_point = final_point_.values();
    std::vector<ScannedStart<T>> starts;
    for (std::size_t i = 0; i < outcome.size(); ++i) {
      starts.push_back(
          {static_cast<Outcome>(outcome[i]), minimum[i], steps[i], rises[i], last_rise[i], {}});
      for (std::size_t j = i; j < final_point.size(); j += outcome.size()) {
        starts.back().final_point.push_back(final_point[j]);
      }
    }
    EXPECT_TRUE(final_point_.padding_untouched());
    return starts;
  }

 private:
  static std::size_t size(Index starts) { return static_cast<std::size_t>(starts); }

  Buffer<std::uint8_t> outcome_;
  Buffer<std::int16_t> minimum_;
  Buffer<std::uint32_t> steps_, rises_, last_rise_;
  Block<T> final_point_;
};

/// A scan with all results, row by row.
template <class T>
std::vector<ScannedStart<T>> scan(Machine<T>& machine, BasinRule const& rule,
                                  Starts<T> const& starts) {
  ResultSet<T> const results(*machine.context, starts.rows * starts.cols, rule.landscape.dimension);
  machine.operations.basin->scan(rule, starts, results.view());
  return results.download();
}

}  // namespace brink::test
