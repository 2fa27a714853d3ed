#include "host/bench/bench.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cstdio>

#include "apps/commands.hpp"
#include "apps/number.hpp"
#include "apps/terminal.hpp"
#include "host/bench/table.hpp"
#include "host/data/atomic_file.hpp"
#include "host/data/split.hpp"
#include "host/landscape/landscape.hpp"
#include "host/record/json_text.hpp"
#include "host/run/output.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

/// Options whose text has to be looked at before it is a value.
struct BenchArguments {
  BenchOptions options;
  std::string only, landscape = "f4", learning_rate = "0.3", precision = "float32";
  std::string noise = "0.02", seconds = "1";
  std::map<std::string, std::string> axes;  ///< by option
  std::string json;
  std::vector<std::string> compared;
  bool list = false;
  bool quiet = false;
};

std::vector<Index> parse_sizes(std::string const& text, std::string const& option) {
  std::vector<Index> sizes;
  for (std::string const& word : split(text, ',')) {
    Index size = 0;
    char const* const end = word.data() + word.size();
    auto const [stop, error] = std::from_chars(word.data(), end, size);
    if (error != std::errc{} || stop != end) {
      throw InputError(
          fmt::format("{} '{}': sizes are whole numbers, like 1000,5000", option, text));
    }
    sizes.push_back(size);
  }
  return sizes;
}

std::map<std::string, std::vector<Index>*> axes_by_option(BenchAxes& axes) {
  return {{"--examples", &axes.examples}, {"--features", &axes.features},
          {"--width", &axes.width},       {"--directions", &axes.directions},
          {"--taus", &axes.taus},         {"--starts", &axes.starts}};
}

BenchOptions read(BenchArguments const& arguments) {
  BenchOptions options = arguments.options;
  for (auto const& [option, sizes] : axes_by_option(options.axes)) {
    *sizes = parse_sizes(arguments.axes.at(option), option);
  }
  if (!arguments.only.empty()) options.only = split(arguments.only, ',');
  options.axes.landscape = parse_landscape(arguments.landscape);
  options.axes.learning_rate = parse_number(arguments.learning_rate, "--lr");
  options.rule.noise = parse_number(arguments.noise, "--noise");
  options.rule.seconds = parse_number(arguments.seconds, "--seconds-per-row");
  options.precision = parse_precision(arguments.precision);
  return options;
}

/// What a run shows and leaves, also of one that ends early.
class Report {
 public:
  Report(BenchArguments const& arguments, std::vector<PlannedRow> const& rows)
      : json_(arguments.json), quiet_(arguments.quiet), line_(arguments.quiet), table_(rows) {}

  BenchHooks hooks() {
    return {line_.hooks(), [&](BenchRecord const& record) { print(table_.head(record)); },
            [&](BenchRecord const& record) {
              print(table_.line(record.rows.back(), record.roofline));
            }};
  }

  void finish(BenchRecord const& record) {
    line_.clear();
    if (json_.empty() || record.roofline.rows.empty()) return;
    write_atomically(json_, json_text(to_json(record)));
    if (!quiet_) fmt::print("record: {}\n", json_);
  }

 private:
  void print(std::string const& text) {
    if (quiet_) return;
    line_.clear();
    fmt::print("{}", text);
    std::fflush(stdout);
  }

  std::string const& json_;
  bool quiet_;
  ProgressLine line_;
  BenchTable table_;
};

int measure(BenchArguments const& arguments) {
  BenchOptions const options = read(arguments);
  std::vector<PlannedRow> const rows = plan_bench(options);
  if (arguments.list) {
    fmt::print("{}", BenchTable(rows).plan());
    return 0;
  }
  if (!arguments.json.empty()) check_output_file("--json", arguments.json);
  Report report(arguments, rows);
  BenchRecord record;
  try {
    run_bench(options, report.hooks(), record);
  } catch (std::exception const&) {  // what was measured until then is worth keeping
    report.finish(record);
    throw;
  }
  report.finish(record);
  if (record.stop_reason != "interrupted") return 0;
  fmt::print(stderr, "brink: interrupted after {} of {} rows\n", record.rows.size(), rows.size());
  return interrupted_exit_code();
}

int compare(BenchArguments const& arguments) {
  BenchTimes const a = read_bench_times(arguments.compared[0]);
  BenchTimes const b = read_bench_times(arguments.compared[1]);
  fmt::print("{}", comparison(a, b));
  return 0;
}

void add_axes(CLI::App& command, BenchArguments& a) {
  for (auto const& [option, sizes] : axes_by_option(a.options.axes)) {
    a.axes[option] = fmt::format("{}", fmt::join(*sizes, ","));
  }
  auto const axis = [&](char const* option, char const* help) {
    command.add_option(option, a.axes[option], help)->type_name("N,N,...")->capture_default_str();
  };
  axis("--examples", "sizes of the data; every axis: one or several");
  axis("--features", "inputs of the network");
  axis("--width", "of its two hidden layers");
  axis("--directions", "of Hessian-vector products, and parameter vectors of linalg");
  axis("--taus", "points of a line");
  axis("--starts", "of a basin scan, over [-4,4]^2");
  command.add_option("--landscape", a.landscape, "of the scan, as of brink basin")
      ->type_name("NAME")
      ->capture_default_str();
  command.add_option("--lr", a.learning_rate, "its step size")
      ->type_name("ETA")
      ->capture_default_str();
}

}  // namespace

Action add_bench(CLI::App& program) {
  CLI::App& command = *program.add_subcommand(
      "bench", "throughput of every operation on a device, against its own roofline");
  auto const arguments = std::make_shared<BenchArguments>();
  BenchArguments& a = *arguments;
  auto const add = [&](char const* name, auto& value, char const* help, char const* type) {
    return command.add_option(name, value, help)->type_name(type)->capture_default_str();
  };
  add("--only", a.only, "these groups or operations of --list", "NAME,NAME,...");
  add_axes(command, a);
  add("--noise", a.noise, "repeat until the median is known to this share, with 95 % confidence",
      "X");
  add("--seconds-per-row", a.seconds, "or for so long", "S");
  add("--precision", a.precision, "float32 | float64", "NAME");
  add("--device", a.options.device, "auto | cpu | cuda | cuda:N", "NAME");
  add("--threads", a.options.threads, "CPU threads (0: one per core)", "N");
  add("--json", a.json, "leave a record, for --compare and brink plot", "OUT.json");
  auto* const list = command.add_flag("--list", a.list, "what would be measured, and its counts");
  command.add_option("--compare", a.compared, "ratios of two records' times, and no measurement")
      ->type_name("A.json B.json")
      ->expected(2)
      ->excludes(list);
  command.add_flag("--quiet", a.quiet, "print nothing");
  return [arguments] {
    return arguments->compared.empty() ? measure(*arguments) : compare(*arguments);
  };
}

}  // namespace brink
