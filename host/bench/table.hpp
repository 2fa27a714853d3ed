#pragma once

#include <string>
#include <vector>

#include "host/bench/bench.hpp"

namespace brink {

/// Lines of a table whose columns are as wide as the rows that are planned need.
class BenchTable {
 public:
  explicit BenchTable(std::vector<PlannedRow> const& rows);

  /// Device and roofline, and the heads of the columns.
  std::string head(BenchRecord const& record) const;
  std::string line(BenchRow const& row, Roofline const& roofline) const;
  /// The rows as planned, each operation with what it does.
  std::string plan() const;

 private:
  std::vector<PlannedRow> rows_;
  std::size_t operation_width_, sizes_width_;
};

/// Rows of two records beside each other, with the ratio of their times; a mark where no quartile
/// range reaches into the other; and what is in one of them alone.
std::string comparison(BenchTimes const& a, BenchTimes const& b);

}  // namespace brink
