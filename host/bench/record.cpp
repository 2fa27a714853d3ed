#include "host/bench/record.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "host/data/file.hpp"
#include "host/record/json_text.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

using nlohmann::json;

/// Symbols in the order in which sizes are shown; files have them sorted.
constexpr std::array<std::string_view, 9> size_order{"n", "in",   "h",      "out",    "P",
                                                     "k", "taus", "starts", "numbers"};

std::ptrdiff_t place_of(std::string const& symbol) {
  return std::find(size_order.begin(), size_order.end(), symbol) - size_order.begin();
}

json row_json(BenchRow const& row, double share) {
  Spread const& seconds = row.timing.seconds;
  json time{{"median", seconds.median},
            {"lower_quartile", seconds.lower_quartile},
            {"upper_quartile", seconds.upper_quartile},
            {"samples", seconds.samples},
            {"calls_per_sample", row.timing.calls}};
  if (std::isfinite(seconds.noise())) {
    time["median_interval_95"] = {seconds.lower_bound, seconds.upper_bound};
  }
  return {{"operation", row.operation},
          {"sizes", json(std::map<std::string, Index>(row.sizes.begin(), row.sizes.end()))},
          {"seconds", std::move(time)},
          {"operations", row.operations},
          {"bytes", row.bytes},
          {"operations_per_second", row.operations_per_second()},
          {"bytes_per_second", row.bytes_per_second()},
          {"operations_per_byte", row.intensity()},
          {"roofline_share", share}};
}

json rows_json(std::vector<BenchRow> const& rows, Roofline const& roofline) {
  json all = json::array();
  for (BenchRow const& row : rows) all.push_back(row_json(row, roofline.share(row)));
  return all;
}

BenchRow row_from(json const& entry) {
  BenchRow row;
  row.operation = entry.at("operation").get<std::string>();
  for (auto const& [symbol, size] : entry.at("sizes").items()) {
    row.sizes.emplace_back(symbol, size.get<Index>());
  }
  std::stable_sort(row.sizes.begin(), row.sizes.end(), [](auto const& a, auto const& b) {
    return place_of(a.first) < place_of(b.first);
  });
  json const& time = entry.at("seconds");
  Spread& seconds = row.timing.seconds;
  seconds.median = time.at("median").get<double>();
  seconds.lower_quartile = time.at("lower_quartile").get<double>();
  seconds.upper_quartile = time.at("upper_quartile").get<double>();
  if (!(seconds.lower_quartile > 0 && seconds.median >= seconds.lower_quartile &&
        seconds.upper_quartile >= seconds.median)) {
    throw InputError("times that are no median between positive quartiles");
  }
  row.operations = entry.at("operations").get<double>();
  row.bytes = entry.at("bytes").get<double>();
  return row;
}

BenchTimes times_from(json const& record) {
  if (record.at("command").get<std::string>() != "bench") {
    throw InputError("a record of another command");
  }
  auto const text = [&](char const* key) { return record.at(key).get<std::string>(); };
  BenchTimes times;
  times.title = fmt::format("{}, {}, {}, brink {}, {}", text("backend"), text("precision"),
                            text("device"), text("brink_version"), text("date"));
  times.bytes_per_second = record.at("roofline").at("bytes_per_second").get<double>();
  times.operations_per_second = record.at("roofline").at("operations_per_second").get<double>();
  for (json const& entry : record.at("rows")) times.rows.push_back(row_from(entry));
  return times;
}

}  // namespace

double Roofline::bytes_per_second() const {
  double best = 0;
  for (BenchRow const& row : rows) best = std::max(best, row.bytes_per_second());
  return best;
}

double Roofline::operations_per_second() const {
  double best = 0;
  for (BenchRow const& row : rows) best = std::max(best, row.operations_per_second());
  return best;
}

double Roofline::share(BenchRow const& row) const {
  return std::max(row.operations_per_second() / operations_per_second(),
                  row.bytes_per_second() / bytes_per_second());
}

json to_json(BenchRecord const& record) {
  return {{"brink_version", record.version},
          {"command", "bench"},
          {"date", record.date},
          {"backend", record.backend},
          {"device", record.device},
          {"precision", record.precision},
          {"threads", record.threads},
          {"noise", record.rule.noise},
          {"seconds_per_row", record.rule.seconds},
          {"landscape", record.landscape},
          {"learning_rate", record.learning_rate},
          {"stop_reason", record.stop_reason},
          {"roofline",
           {{"bytes_per_second", record.roofline.bytes_per_second()},
            {"operations_per_second", record.roofline.operations_per_second()},
            {"rows", rows_json(record.roofline.rows, record.roofline)}}},
          {"rows", rows_json(record.rows, record.roofline)}};
}

BenchTimes read_bench_times(std::string const& path) {
  std::vector<std::byte> const bytes = read_file(path);
  json const record = parse_json_text(as_text(bytes), path);
  try {
    BenchTimes times = times_from(record);
    times.name = path;
    return times;
  } catch (json::exception const& error) {
    std::string_view const what = error.what();
    throw InputError(fmt::format("{}: not a record of brink bench: {}", path,
                                 what.substr(std::min(what.find("] ") + 2, what.size()))));
  } catch (InputError const& error) {
    throw InputError(fmt::format("{}: not a record of brink bench: {}", path, error.what()));
  }
}

std::string sizes_text(BenchSizes const& sizes) {
  std::vector<std::string> words;
  for (auto const& [symbol, size] : sizes) words.push_back(fmt::format("{}={}", symbol, size));
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace brink
