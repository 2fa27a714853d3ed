#include "host/bench/bench.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>

#include "host/landscape/landscape.hpp"
#include "host/run/version.hpp"
#include "host/scan/rule.hpp"
#include "kernels/error.hpp"
#include "kernels/math/nan.hpp"

namespace brink {
namespace {

void check_axis(char const* option, std::vector<Index> const& sizes, Index most) {
  if (sizes.empty()) throw InputError(fmt::format("{}: needs at least one size", option));
  for (Index const size : sizes) {
    if (size < 1 || size > most) {
      throw InputError(fmt::format("{} {}: sizes are from 1 to {}", option, size, most));
    }
  }
}

void check(BenchOptions const& options) {
  BenchAxes const& axes = options.axes;
  // So large that no product of them overflows, and no memory holds it.
  constexpr Index most = 10'000'000, most_directions = 10'000, most_starts = Index{1} << 36;
  check_axis("--examples", axes.examples, most);
  check_axis("--features", axes.features, most);
  check_axis("--width", axes.width, most);
  check_axis("--directions", axes.directions, most_directions);
  check_axis("--taus", axes.taus, most_directions);
  check_axis("--starts", axes.starts, most_starts);
  RuleOptions scan;
  scan.landscape = axes.landscape;
  scan.step = axes.learning_rate;
  check_rule(scan);
  if (!(options.rule.noise >= 0)) {
    throw InputError(fmt::format("--noise {}: must be 0 or more", options.rule.noise));
  }
  if (!(options.rule.seconds >= 0)) {
    throw InputError(fmt::format("--seconds-per-row {}: must be 0 or more", options.rule.seconds));
  }
}

/// Those of the operations that are asked for.
template <class T>
std::vector<BenchOperation<T>> chosen(std::vector<std::string> const& only) {
  std::vector<BenchOperation<T>> const all = bench_operations<T>();
  std::vector<BenchOperation<T>> found;
  std::set<std::string> known, groups;
  for (BenchOperation<T> const& operation : all) {
    known.insert({operation.name, operation.group()});
    groups.insert(operation.group());
    bool const wanted = only.empty() || std::any_of(only.begin(), only.end(), [&](auto& name) {
                          return name == operation.name || name == operation.group();
                        });
    if (wanted) found.push_back(operation);
  }
  for (std::string const& name : only) {
    if (!known.contains(name)) {
      throw InputError(
          fmt::format("--only '{}': no such operation; there are: {}, or one of "
                      "brink bench --list",
                      name, fmt::join(groups, ", ")));
    }
  }
  return found;
}

template <class T>
struct Planned {
  PlannedRow row;
  std::function<BenchTask(BenchPlace<T> const&)> prepare;
};

/// Every operation and size once.
template <class T>
std::vector<Planned<T>> planned(BenchOptions const& options) {
  check(options);
  std::vector<Planned<T>> rows;
  std::set<std::string> seen;
  for (BenchOperation<T> const& operation : chosen<T>(options.only)) {
    for (BenchCase<T> const& one : operation.cases(options.axes)) {
      if (!seen.insert(operation.name + " " + sizes_text(one.sizes)).second) continue;
      double const bytes = one.work.numbers * sizeof(T) + one.work.bytes;
      rows.push_back(
          {{operation.name, operation.what, one.sizes, one.work.operations, bytes}, one.prepare});
    }
  }
  return rows;
}

std::string now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

BenchRecord describe(BenchOptions const& options, Context const& context) {
  BenchRecord record;
  record.version = version;
  record.date = now();
  record.backend = context.backend();
  record.device = context.description();
  record.precision = precision_name(options.precision);
  record.threads = context.threads();
  record.rule = options.rule;
  record.landscape = landscape_name(options.axes.landscape);
  record.learning_rate = options.axes.learning_rate;
  record.stop_reason = "failed";  // unless it comes to an end
  return record;
}

template <class T>
void measure(BenchOptions const& options, BenchHooks const& hooks, BenchRecord& record) {
  std::vector<Planned<T>> const rows = planned<T>(options);
  auto const context = make_context(options.device, options.threads);
  Operations<T> const operations = make_operations<T>(*context);
  BenchPlace<T> const place{*context, operations};
  record = describe(options, *context);
  auto const& interrupted = hooks.run.interrupted;
  auto const progress = [&] {
    auto const done = std::ssize(record.roofline.rows) + std::ssize(record.rows);
    Index const roofline_rows = 3;
    hooks.run.progress({done, roofline_rows + std::ssize(rows), nan, nan, nan, "row"});
  };
  measure_roofline<T>(place, options.roofline, options.rule, interrupted, record.roofline,
                      progress);
  hooks.roofline(record);
  try {
    for (auto const& [row, prepare] : rows) {
      if (interrupted()) throw Interrupted();
      BenchTask const task = prepare(place);
      double const count = std::isnan(row.operations) ? task.operations : row.operations;
      record.rows.push_back({row.operation, row.sizes,
                             time_calls(*context, task.call, options.rule, interrupted), count,
                             row.bytes});
      hooks.row(record);
      progress();
    }
    record.stop_reason = "complete";
  } catch (Interrupted const&) {
    record.stop_reason = "interrupted";
  }
}

template <class T>
std::vector<PlannedRow> plan(BenchOptions const& options) {
  std::vector<PlannedRow> rows;
  for (Planned<T> const& one : planned<T>(options)) rows.push_back(one.row);
  return rows;
}

}  // namespace

std::vector<PlannedRow> plan_bench(BenchOptions const& options) {
  return options.precision == Precision::float64 ? plan<double>(options) : plan<float>(options);
}

void run_bench(BenchOptions const& options, BenchHooks const& hooks, BenchRecord& record) {
  if (options.precision == Precision::float64) {
    measure<double>(options, hooks, record);
  } else {
    measure<float>(options, hooks, record);
  }
}

}  // namespace brink
