#include "host/bench/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace brink {
namespace {

constexpr char const* symbols =
    "n: examples; in, out: of a layer; h: width of the hidden layers; k: directions; P: parameters";
constexpr char const* share_meaning =
    "last column: the time that the bytes or the operations of a call take at these rates, over "
    "the "
    "median;\n  above 100 % where arrays stay in a cache";

/// To three digits and without exponent, "-" for nothing.
std::string figure(double value) {
  if (!(value > 0)) return "-";
  int const before = static_cast<int>(std::floor(std::log10(value))) + 1;
  return fmt::format("{:.{}f}", value, std::clamp(3 - before, 0, 6));
}

/// To three digits, with the unit that suits: "38.1 ms".
std::string time_text(double seconds) {
  struct Unit {
    double size;
    char const* name;
  };
  constexpr std::array units{Unit{1, "s "}, Unit{1e-3, "ms"}, Unit{1e-6, "us"}, Unit{1e-9, "ns"}};
  auto const suits = [&](Unit const& unit) { return seconds >= 0.9995 * unit.size; };
  auto const found = std::find_if(units.begin(), units.end(), suits);
  Unit const& unit = found == units.end() ? units.back() : *found;
  return fmt::format("{} {}", figure(seconds / unit.size), unit.name);
}

/// How far a quartile is from the median, in percent.
std::string deviation(double quartile, double median) {
  constexpr double most = 9999;
  double const percent = std::min(100 * (quartile / median - 1), most);
  return fmt::format("{:+.{}f}", percent, std::abs(percent) < 99.95 ? 1 : 0);
}

std::string spread_text(Spread const& seconds) {
  return fmt::format("{} {} %", deviation(seconds.lower_quartile, seconds.median),
                     deviation(seconds.upper_quartile, seconds.median));
}

std::string roof_text(BenchRow const& row) {
  bool const moves = row.operation != "roofline.multiply";
  return fmt::format("{} {}",
                     figure((moves ? row.bytes_per_second() : row.operations_per_second()) / 1e9),
                     moves ? "GB/s" : "GFLOP/s");
}

std::string key(BenchRow const& row) {
  return row.operation + " " + sizes_text(row.sizes);
}

/// Whether the times of b lie wholly below (−1) or above (1) those of a, quartile to quartile.
int beyond_spread(Spread const& a, Spread const& b) {
  if (b.upper_quartile < a.lower_quartile) return -1;
  return b.lower_quartile > a.upper_quartile ? 1 : 0;
}

/// Where times come from.
std::string origin_text(BenchTimes const& times) {
  return fmt::format("{}: {}\n   {} GB/s, {} GFLOP/s", times.name, times.title,
                     figure(times.bytes_per_second / 1e9),
                     figure(times.operations_per_second / 1e9));
}

std::map<std::string, BenchRow const*> by_key(BenchTimes const& times) {
  std::map<std::string, BenchRow const*> found;
  for (BenchRow const& row : times.rows) found[key(row)] = &row;
  return found;
}

}  // namespace

BenchTable::BenchTable(std::vector<PlannedRow> const& rows)
    : rows_(rows), operation_width_(9), sizes_width_(5) {
  for (PlannedRow const& row : rows) {
    operation_width_ = std::max(operation_width_, row.operation.size());
    sizes_width_ = std::max(sizes_width_, sizes_text(row.sizes).size());
  }
}

std::string BenchTable::head(BenchRecord const& record) const {
  std::string text = fmt::format("{}, {}: {}\n", record.backend, record.precision, record.device);
  for (BenchRow const& row : record.roofline.rows) {
    text += fmt::format("{:17}  {:>14}  {:>9}  {}\n", row.operation, roof_text(row),
                        time_text(row.timing.seconds.median), sizes_text(row.sizes));
  }
  text += fmt::format(
      "roofline: {} GB/s, {} GFLOP/s, which meet at {} operations per byte\n{}\n{}\n\n",
      figure(record.roofline.bytes_per_second() / 1e9),
      figure(record.roofline.operations_per_second() / 1e9),
      figure(record.roofline.operations_per_second() / record.roofline.bytes_per_second()),
      share_meaning, symbols);
  text += fmt::format("{:{}}  {:{}}  {:>9}  {:>13}  {:>8}  {:>8}  {:>7}  {:>8}\n", "operation",
                      operation_width_, "sizes", sizes_width_, "median", "quartiles", "GB/s",
                      "GFLOP/s", "FLOP/B", "roofline");
  return text;
}

std::string BenchTable::line(BenchRow const& row, Roofline const& roofline) const {
  return fmt::format("{:{}}  {:{}}  {:>9}  {:>13}  {:>8}  {:>8}  {:>7}  {:>6.1f} %\n",
                     row.operation, operation_width_, sizes_text(row.sizes), sizes_width_,
                     time_text(row.timing.seconds.median), spread_text(row.timing.seconds),
                     figure(row.bytes_per_second() / 1e9),
                     figure(row.operations_per_second() / 1e9), figure(row.intensity()),
                     100 * roofline.share(row));
}

std::string BenchTable::plan() const {
  std::string text = fmt::format("{}\n\n", symbols);
  text += fmt::format("{:{}}  {:{}}  {:>9}  {:>9}  {}\n", "operation", operation_width_, "sizes",
                      sizes_width_, "MFLOP", "MB", "what it does");
  for (PlannedRow const& row : rows_) {
    text += fmt::format("{:{}}  {:{}}  {:>9}  {:>9}  {}\n", row.operation, operation_width_,
                        sizes_text(row.sizes), sizes_width_, figure(row.operations / 1e6),
                        figure(row.bytes / 1e6), row.what);
  }
  return text;
}

std::string comparison(BenchTimes const& a, BenchTimes const& b) {
  auto const of_b = by_key(b);
  std::size_t width = 9;
  for (BenchRow const& row : a.rows) width = std::max(width, key(row).size());
  std::string text = fmt::format("A  {}\nB  {}\n\n", origin_text(a), origin_text(b));
  text += fmt::format("{:{}}  {:>9}  {:>9}  {:>6}\n", "operation", width, "A", "B", "A/B");
  std::array<Index, 3> marks{};
  std::string alone;
  for (BenchRow const& row : a.rows) {
    auto const other = of_b.find(key(row));
    if (other == of_b.end()) {
      alone += fmt::format("only in A: {}\n", key(row));
      continue;
    }
    Spread const& before = row.timing.seconds;
    Spread const& after = other->second->timing.seconds;
    int const mark = beyond_spread(before, after);
    ++marks[mark + 1];
    text += fmt::format("{:{}}  {:>9}  {:>9}  {:>6}{}\n", key(row), width, time_text(before.median),
                        time_text(after.median), figure(before.median / after.median),
                        mark == 0 ? "" : (mark < 0 ? "  B faster" : "  B slower"));
  }
  auto const of_a = by_key(a);
  for (BenchRow const& row : b.rows) {
    if (!of_a.contains(key(row))) alone += fmt::format("only in B: {}\n", key(row));
  }
  text += alone;
  return text + fmt::format(
                    "\nbeyond the quartiles of both: B faster in {}, slower in {} of {} "
                    "rows\n",
                    marks[0], marks[2], marks[0] + marks[1] + marks[2]);
}

}  // namespace brink
