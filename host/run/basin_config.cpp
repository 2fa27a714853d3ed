#include "host/run/basin_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "host/data/npy.hpp"
#include "host/landscape/landscape.hpp"
#include "host/run/output.hpp"
#include "host/scan/names.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

constexpr Index most_on_axis = Index{1} << 24;
constexpr Index most_starts = Index{1} << 40;

void check_axis(char const* option, Axis const& axis, double escape) {
  auto const shown = fmt::format("{} {}:{}:{}", option, axis.low, axis.high, axis.count);
  require(std::isfinite(axis.low) && std::isfinite(axis.high) && axis.low <= axis.high,
          shown + ": the first number must not be greater than the second");
  require(axis.count >= 1 && axis.count <= most_on_axis,
          fmt::format("{}: the number of starts must be from 1 to {}", shown, most_on_axis));
  require(axis.count == 1 || axis.low < axis.high,
          shown + ": several starts need two different ends");
  require(
      std::max(std::abs(axis.low), std::abs(axis.high)) <= escape,
      fmt::format("{}: beyond --escape {}, where every start counts as diverged", shown, escape));
}

/// Coordinates at their fixed values, the others 0; and which are free.
struct Layout {
  std::vector<double> through;
  std::vector<int> free;
};
Layout layout(BasinOptions const& options) {
  int const dimension = options.rule.landscape.dimension;
  Layout found{std::vector<double>(dimension, 0.0), {}};
  std::vector<bool> fixed(dimension, false);
  for (auto const& [coordinate, value] : options.fixed) {
    auto const shown = fmt::format("--fix {}={}", coordinate, value);
    require(coordinate >= 1 && coordinate <= dimension,
            fmt::format("{}: {} has coordinates 1 to {}", shown,
                        landscape_name(options.rule.landscape), dimension));
    require(!fixed[coordinate - 1], shown + ": is fixed already");
    require(std::abs(value) <= options.rule.escape,
            fmt::format("{}: beyond --escape {}, where every start counts as diverged", shown,
                        options.rule.escape));
    fixed[coordinate - 1] = true;
    found.through[coordinate - 1] = value;
  }
  for (int i = 0; i < dimension; ++i) {
    if (!fixed[i]) found.free.push_back(i);
  }
  return found;
}

/// CRC-32 of the points: a resumed scan must meet the same.
uLong fingerprint(std::vector<double> const& points) {
  auto const* const bytes = reinterpret_cast<Bytef const*>(points.data());
  return crc32_z(crc32_z(0, nullptr, 0), bytes, points.size() * sizeof(double));
}

ScanSpace listed_points(BasinOptions const& options) {
  int const dimension = options.rule.landscape.dimension;
  NpyArray const file = read_npy(options.starts_file);
  require(
      file.shape.size() == 2 && file.shape[1] == dimension && file.shape[0] > 0,
      fmt::format("--starts {}: has shape ({}); {} needs (starts, {})", options.starts_file,
                  fmt::join(file.shape, ", "), landscape_name(options.rule.landscape), dimension));
  ScanSpace space;
  space.kind = SpaceKind::points;
  space.through.assign(dimension, 0.0);
  space.samples = file.shape[0];
  space.points = npy_values<double>(file, options.starts_file);
  auto const bad = std::find_if_not(space.points.begin(), space.points.end(),
                                    [](double number) { return std::isfinite(number); });
  require(bad == space.points.end(),
          fmt::format("--starts {}: row {} is not finite", options.starts_file,
                      (bad - space.points.begin()) / dimension));
  for (int i = 0; i < dimension; ++i) space.free.push_back({i, {}});
  return space;
}

/// A grid or a sample.
ScanSpace box(BasinOptions const& options) {
  Layout const found = layout(options);
  ScanSpace space;
  space.through = found.through;
  space.seed = options.seed;
  std::string const name = landscape_name(options.rule.landscape);
  require(!found.free.empty(), fmt::format("--fix: leaves no coordinate of {} to vary", name));
  if (options.samples > 0) {
    space.kind = SpaceKind::sample;
    space.samples = options.samples;
  } else {
    require(found.free.size() <= 2,
            fmt::format("--landscape {}: a grid has two coordinates; --fix {} of {}, or --sample",
                        name, found.free.size() - 2, found.free.size()));
  }
  require(found.free.size() > 1 || !options.y,
          fmt::format("--y: only one coordinate of {} varies, along --x", name));
  for (int const coordinate : found.free) {
    bool const first = space.free.empty();
    space.free.push_back({coordinate, first ? options.x : options.y.value_or(options.x)});
  }
  require(space.kind == SpaceKind::sample || element_count(space.shape()) <= most_starts,
          fmt::format("--x, --y: more than {} starts; scan the box in parts", most_starts));
  return space;
}

void check_steps(BasinOptions const& options) {
  require(!options.steps.empty(), "--lr: needs at least one step size");
  std::set<double> seen;
  for (double const step : options.steps) {
    RuleOptions rule = options.rule;
    rule.step = step;
    check_rule(rule);
    require(seen.insert(step).second, fmt::format("--lr {}: is given twice", step));
  }
}

void check_pictures(BasinOptions const& options) {
  namespace fs = std::filesystem;
  require(fs::path(options.png).extension() == ".png",
          fmt::format("--png {}: give a file that ends in .png", options.png));
  for (std::size_t step = 0; step < options.steps.size(); ++step) {
    fs::path const path = picture_path(options, step);
    check_output_file("--png", path);
    require(path.lexically_normal() != fs::path(options.out).lexically_normal(),
            fmt::format("--png {}: is the record; name another file", path.string()));
  }
}

void check_shard(BasinOptions const& options) {
  auto const& [number, count] = options.shard;
  auto const shown = fmt::format("--shard {}/{}", number, count);
  require(count >= 1 && number >= 1 && number <= count,
          shown + ": shards are counted from 1 to their number");
  require(count == 1 || !options.overwrite,
          shown + ": one shard cannot --overwrite what others write");
}

}  // namespace

void check(BasinOptions const& options) {
  check_shard(options);
  check_steps(options);
  if (options.starts_file.empty()) {
    check_axis("--x", options.x, options.rule.escape);
    if (options.y) check_axis("--y", *options.y, options.rule.escape);
  }
  require(options.samples >= 0 && options.samples <= most_starts,
          fmt::format("--sample {}: must be from 0 to {}", options.samples, most_starts));
  require(options.samples == 0 || options.starts_file.empty(),
          "--sample and --starts exclude each other");
  require(options.fixed.empty() || options.starts_file.empty(),
          "--fix and --starts exclude each other");
  require(options.uncertainty_pairs >= 0 && options.uncertainty_pairs <= (Index{1} << 24),
          fmt::format("--uncertainty {}: must be from 0 to {}", options.uncertainty_pairs,
                      Index{1} << 24));
  require(options.uncertainty_pairs == 0 || options.starts_file.empty(),
          "--uncertainty draws starts from a box, which --starts does not have");
  require(options.threads >= 0, fmt::format("--threads {}: must be at least 0", options.threads));
  require(!(options.resume && options.overwrite), "--resume and --overwrite exclude each other");
  if (!options.png.empty()) check_pictures(options);
}

ScanSpace make_space(BasinOptions const& options) {
  ScanSpace space = options.starts_file.empty() ? box(options) : listed_points(options);
  require(options.png.empty() || space.shape().size() == 2,
          "--png: a picture needs a grid of two coordinates");
  return space;
}

nlohmann::json to_json(BasinOptions const& options, ScanSpace const& space) {
  auto const axis = [](Axis const& a) { return nlohmann::json{a.low, a.high, a.count}; };
  nlohmann::json fixed = nlohmann::json::array();
  for (auto const& [coordinate, value] : options.fixed) fixed.push_back({coordinate, value});
  RuleOptions const& rule = options.rule;
  return {{"landscape", landscape_name(rule.landscape)},
          {"objective", objective_names.of(rule.objective)},
          {"method", scan_method_names.of(rule.normalized)},
          {"lr", options.steps},
          {"max_steps", rule.max_steps},
          {"escape", rule.escape},
          {"tolerance", rule.tolerance ? nlohmann::json(*rule.tolerance) : nullptr},
          {"x", axis(options.x)},
          {"y", axis(options.y.value_or(options.x))},
          {"fix", fixed},
          {"sample", options.samples},
          {"starts", options.starts_file},
          {"starts_crc", fingerprint(space.points)},
          {"seed", options.seed},
          {"uncertainty", options.uncertainty_pairs},
          {"precision", precision_name(options.precision)}};
}

std::string picture_path(BasinOptions const& options, std::size_t step) {
  if (options.steps.size() == 1) return options.png;
  std::filesystem::path path = options.png;
  path.replace_filename(fmt::format("{}-{}.png", path.stem().string(), options.steps[step]));
  return path.string();
}

}  // namespace brink
