#include "host/run/basin.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "apps/commands.hpp"
#include "apps/launcher.hpp"
#include "apps/number.hpp"
#include "apps/rule_options.hpp"
#include "apps/terminal.hpp"
#include "host/data/split.hpp"
#include "host/scan/names.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

/// Options whose text has to be looked at before it is a value.
struct BasinArguments {
  BasinOptions options;
  std::string learning_rate = "0.3";
  std::string x = "-4:4:1024";
  std::string y;
  std::vector<std::string> fixed;
  std::string starts;
  std::string precision = "float64";
  std::string shard;
  bool quiet = false;
};

constexpr double most_steps = 100'000;  // step sizes on an axis

/// "low:high:count", or "low:high" where no grid is asked for.
Axis parse_axis(std::string const& text, std::string const& option, bool is_grid) {
  std::vector<std::string> const parts = split(text, ':');
  if (parts.size() != 3 && (is_grid || parts.size() != 2)) {
    throw InputError(fmt::format("{} '{}': write {}, like -4:4{}", option, text,
                                 is_grid ? "LOW:HIGH:COUNT" : "LOW:HIGH", is_grid ? ":1024" : ""));
  }
  Axis axis{parse_number(parts[0], option), parse_number(parts[1], option), 1};
  if (parts.size() == 2) {
    axis.count = 2;
    return axis;
  }
  double const count = parse_number(parts[2], option);
  if (count < 1 || count > 1e9 || count != std::floor(count)) {
    throw InputError(fmt::format("{} '{}': '{}' is no count; give a whole number from 1 on", option,
                                 text, parts[2]));
  }
  axis.count = static_cast<Index>(count);
  return axis;
}

/// "a,b,c", or "low:high:count".
std::vector<double> parse_steps(std::string const& text) {
  if (text.find(':') == std::string::npos) return parse_numbers(text, "--lr");
  Axis const axis = parse_axis(text, "--lr", true);
  if (static_cast<double>(axis.count) > most_steps) {
    throw InputError(fmt::format("--lr '{}': more than {} step sizes", text, most_steps));
  }
  std::vector<double> steps;
  for (Index i = 0; i < axis.count; ++i) steps.push_back(axis.at(i));
  return steps;
}

/// "3=0.5": a coordinate, counted from 1, and its value.
FixedCoordinate parse_fixed(std::string const& text) {
  std::size_t const sign = text.find('=');
  if (sign == std::string::npos) {
    throw InputError(fmt::format("--fix '{}': write COORDINATE=VALUE, like 3=0.5", text));
  }
  double const coordinate = parse_number(text.substr(0, sign), "--fix");
  if (coordinate < 1 || coordinate > LandscapeChoice::most_coordinates ||
      coordinate != std::floor(coordinate)) {
    throw InputError(fmt::format("--fix '{}': '{}' is no coordinate; they are counted from 1", text,
                                 text.substr(0, sign)));
  }
  return {static_cast<int>(coordinate), parse_number(text.substr(sign + 1), "--fix")};
}

/// "2/8": one of so many shards.
Shard parse_shard(std::string const& text) {
  std::size_t const sign = text.find('/');
  if (sign == std::string::npos || text.find('/', sign + 1) != std::string::npos) {
    throw InputError(fmt::format("--shard '{}': write NUMBER/COUNT, like 2/8", text));
  }
  auto const whole = [&](std::string const& part) {
    double const number = parse_number(part, "--shard");
    if (number < 1 || number > 1e9 || number != std::floor(number)) {
      throw InputError(fmt::format("--shard '{}': '{}' is no whole number from 1 on", text, part));
    }
    return static_cast<Index>(number);
  };
  return {whole(text.substr(0, sign)), whole(text.substr(sign + 1))};
}

BasinOptions read(BasinArguments const& arguments, RuleArguments const& rule) {
  BasinOptions options = arguments.options;
  options.rule = rule.options();
  options.steps = parse_steps(arguments.learning_rate);
  bool const is_grid = options.samples == 0 && arguments.starts.empty();
  options.x = parse_axis(arguments.x, "--x", is_grid);
  if (!arguments.y.empty()) options.y = parse_axis(arguments.y, "--y", is_grid);
  for (std::string const& text : arguments.fixed) options.fixed.push_back(parse_fixed(text));
  if (!arguments.starts.empty()) {
    if (!arguments.starts.starts_with("npy:") || arguments.starts == "npy:") {
      throw InputError(fmt::format(
          "--starts '{}': write npy:FILE.npy, a file of starts x coordinates", arguments.starts));
    }
    options.starts_file = arguments.starts.substr(4);
  }
  options.precision = parse_precision(arguments.precision);
  if (!arguments.shard.empty()) {
    options.shard = parse_shard(arguments.shard);
    options.resume = true;  // what other shards have begun
  }
  return options;
}

void report_minima(BasinSummary const& summary) {
  for (std::size_t m = 0; m < summary.rule.minima.size(); ++m) {
    Minimum const& minimum = summary.rule.minima[m];
    CertifiedSet const& set = summary.rule.certificates[m];
    double const share = 100 * wilson_share(summary.counts.minimum[m], summary.counts.starts).value;
    fmt::print("  minimum {} at ({:.6g}): {:.3f} %; ", m, fmt::join(minimum.at, ", "), share);
    if (set.exists()) {
      fmt::print("certified within radius {:.4g} below {:.4g}\n", set.radius, set.level);
    } else {
      fmt::print("no certified set: {}\n", set.reason);
    }
  }
}

void report(BasinSummary const& summary) {
  VerdictCounts const& counts = summary.counts;
  fmt::print("lr {:.6g}: {} starts, {:.2f} steps each\n", summary.step, counts.starts,
             mean_steps(counts));
  for (int code = 0; code < outcomes; ++code) {
    if (counts.outcome[code] == 0) continue;
    Share const share = wilson_share(counts.outcome[code], counts.starts);
    fmt::print("  {:<10} {:>8.4f} %  ({:.4f} to {:.4f})\n",
               outcome_names.of(static_cast<Outcome>(code)), 100 * share.value, 100 * share.low,
               100 * share.high);
  }
  report_minima(summary);
  if (counts.boxes > 0) {
    fmt::print("  basin entropy {:.4f}, at the boundary {:.4f}\n", basin_entropy(counts),
               boundary_basin_entropy(counts));
  }
  if (summary.uncertainty) {
    fmt::print("  uncertainty exponent {:.4f} +- {:.4f}\n", summary.uncertainty->exponent,
               summary.uncertainty->exponent_error);
  }
}

int run(BasinArguments const& arguments, RuleArguments const& rule) {
  BasinOptions const options = read(arguments, rule);
  ProgressLine line(arguments.quiet);
  BasinResult const result = basin(options, line.hooks());
  line.clear();
  if (result.stop_reason == "interrupted") {
    if (launched_ranks().is_first()) {
      fmt::print(stderr, "brink: interrupted; go on with the same command and --resume\n");
    }
    return interrupted_exit_code();
  }
  if (arguments.quiet || !launched_ranks().is_first()) return 0;
  if (result.stop_reason == "shard") {
    fmt::print("shard {}: done; {} chunks of others are to come\n", arguments.shard,
               result.to_come);
    return 0;
  }
  for (BasinSummary const& summary : result.summaries) report(summary);
  fmt::print("record: {}\n", options.out);
  for (std::string const& picture : result.pictures) fmt::print("picture: {}\n", picture);
  return 0;
}

void add_starts(CLI::App& command, BasinArguments& a) {
  command
      .add_option("--x", a.x, "starts along the first coordinate that varies (a sample: LOW:HIGH)")
      ->type_name("LOW:HIGH:COUNT")
      ->capture_default_str();
  command.add_option("--y", a.y, "along the second (default: as --x)")->type_name("LOW:HIGH:COUNT");
  command
      .add_option("--fix", a.fixed,
                  "hold a coordinate, counted from 1, at a value: a slice of the landscape")
      ->type_name("I=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--sample", a.options.samples,
                  "so many random starts in the box instead of a grid")
      ->type_name("N");
  command.add_option("--seed", a.options.seed, "of the sample")
      ->check(is_whole_number)  // else -1 would wrap around
      ->capture_default_str();
  command.add_option("--starts", a.starts, "these starts instead, one per row")
      ->type_name("npy:FILE.npy");
}

void add_output(CLI::App& command, BasinArguments& a) {
  command.add_option("--out", a.options.out, "the record, a Zarr store")->capture_default_str();
  command
      .add_option("--png", a.options.png,
                  "a picture of one pixel per start (several step sizes: one each)")
      ->type_name("MAP.png");
  command.add_flag("--overwrite", a.options.overwrite, "replace the record if it exists");
  command.add_flag("--resume", a.options.resume,
                   "compute what an interrupted scan did not, beside others that do so");
  command
      .add_option("--shard", a.shard,
                  "compute the I-th of N parts of a record that several processes share")
      ->type_name("I/N");
  command.add_flag("--quiet", a.quiet, "print nothing");
}

}  // namespace

Action add_basin(CLI::App& program) {
  CLI::App& command = *program.add_subcommand(
      "basin", "where gradient descent ends from many starts of a landscape, and how");
  auto const rule = add_rule_options(command);
  auto const arguments = std::make_shared<BasinArguments>();
  BasinArguments& a = *arguments;
  command
      .add_option("--lr", a.learning_rate,
                  "step size, or several: A,B,C or LOW:HIGH:COUNT; fractions are welcome")
      ->type_name("ETA")
      ->capture_default_str();
  add_starts(command, a);
  command
      .add_option("--uncertainty", a.options.uncertainty_pairs,
                  "estimate the boundary's uncertainty exponent from so many pairs of starts")
      ->type_name("N");
  command.add_option("--precision", a.precision, "float32 | float64")->capture_default_str();
  command.add_option("--device", a.options.device, "auto | cpu | cuda | cuda:N")
      ->capture_default_str();
  command.add_option("--threads", a.options.threads, "0: one per core")->capture_default_str();
  add_output(command, a);
  return [arguments, rule] { return run(*arguments, *rule); };
}

}  // namespace brink
