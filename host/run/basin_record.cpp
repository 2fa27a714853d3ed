#include "host/run/basin_record.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

#include "host/run/landscape_record.hpp"
#include "host/run/output.hpp"
#include "host/run/whole_record.hpp"
#include "host/scan/names.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

/// Points along the longer side of the landscape that goes with a grid.
constexpr Index landscape_side = 257;

/// For another process to define the arrays, or to count all verdicts.
constexpr std::chrono::seconds longest_wait{30};

/// What a scan says of each start.
constexpr std::array verdict_arrays{"outcome", "minimum", "steps", "rises", "last_rise"};

template <class T>
std::span<std::byte const> bytes_of(std::vector<T> const& values) {
  return std::as_bytes(std::span(values));
}

template <class T>
std::vector<T> values_of(std::vector<std::byte> const& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

nlohmann::json outcome_flags() {
  std::vector<int> codes;
  std::vector<std::string> meanings;
  for (int code = 0; code < outcomes; ++code) {
    codes.push_back(code);
    meanings.push_back(outcome_names.of(static_cast<Outcome>(code)));
  }
  return {{"long_name", "verdict on the start"},
          {"flag_values", codes},
          {"flag_meanings", fmt::format("{}", fmt::join(meanings, " "))}};
}

nlohmann::json described(char const* long_name) {
  return {{"long_name", long_name}, {"units", "1"}};
}

std::vector<double> points(Axis const& axis) {
  std::vector<double> all;
  for (Index i = 0; i < axis.count; ++i) all.push_back(axis.at(i));
  return all;
}

void write_grid(ZarrGroup& group, BasinOptions const& options, ScanSpace const& space) {
  std::vector<std::string> const names = coordinate_names(options.rule.landscape);
  for (std::size_t i = 0; i < space.free.size(); ++i) {
    auto const& [coordinate, axis] = space.free[i];
    std::string const dimension = i == 0 ? "x" : "y";
    write_variable(group, dimension, {{dimension, axis.count}}, names.at(coordinate), points(axis));
  }
  if (space.free.size() != 2) return;
  auto const coarse = [](Axis axis) {
    axis.count = std::min(axis.count, landscape_side);
    return points(axis);
  };
  write_landscape(group, options.rule.landscape, options.rule.objective,
                  {space.through, space.free[0].coordinate, space.free[1].coordinate},
                  coarse(space.free[0].axis), coarse(space.free[1].axis));
}

nlohmann::json to_json(Share const& share) {
  return {share.value, share.low, share.high};
}

/// A new record, unless another process is faster and this one may go on with that.
std::optional<ZarrGroup> created(BasinOptions const& options, nlohmann::json attributes) {
  if (options.overwrite && std::filesystem::exists(options.out)) remove_record(options.out);
  try {
    return ZarrGroup::create(options.out, std::move(attributes));
  } catch (std::exception const&) {
    if (!options.resume || !std::filesystem::exists(options.out)) throw;
    return std::nullopt;
  }
}

}  // namespace

BasinRecord::BasinRecord(ZarrGroup group, ScanSpace const& space, std::size_t steps)
    : group_(std::move(group)),
      steps_(steps),
      shape_(space.shape()),
      chunk_shape_(space.chunks()) {}

std::size_t BasinRecord::chunk_count() const {
  return steps_ * static_cast<std::size_t>(element_count(counts()));
}

ScanChunk BasinRecord::chunk(std::size_t place) const {
  Extents const all = counts();
  Extents index(all.size());
  auto left = static_cast<std::int64_t>(place);
  for (std::size_t d = all.size(); d-- > 0; left /= all[d]) index[d] = left % all[d];
  ChunkPlace where = chunk_place(index, shape_, chunk_shape_);
  return {static_cast<std::size_t>(left), std::move(index), std::move(where)};
}

BasinRecord BasinRecord::open(BasinOptions const& options, ScanSpace const& space,
                              std::vector<ScanRule> const& rules, nlohmann::json attributes,
                              std::function<void()> const& wait) {
  nlohmann::json const config = attributes.at("config");
  std::optional<ZarrGroup> group;
  if (!options.resume || !std::filesystem::exists(options.out)) {
    group = created(options, std::move(attributes));
  }
  // Whoever is alone defines the arrays; others wait for them.
  auto const patience = std::chrono::steady_clock::now() + longest_wait;
  while (!group || !(group->is_alone() || group->has("outcome"))) {
    group = ZarrGroup::join(options.out);
    if (group) continue;
    if (std::chrono::steady_clock::now() > patience) StoreLock const refused(options.out);
    wait();
  }
  check_same_config(options.out, group->attributes().value("config", nlohmann::json::object()),
                    config);
  BasinRecord record(std::move(*group), space, rules.size());
  if (!record.group_.has("outcome")) record.define(options, space, rules);
  record.group_.share();
  return record;
}

void BasinRecord::define(BasinOptions const& options, ScanSpace const& space,
                         std::vector<ScanRule> const& rules) {
  auto const add = [&](std::string const& name, DType type, nlohmann::json described_as) {
    ArraySpec spec;
    spec.name = name;
    spec.dtype = type;
    spec.dimensions = space.dimension_names();
    spec.shape = space.shape();
    spec.chunks = space.chunks();
    if (has_step_axis()) {
      spec.dimensions.insert(spec.dimensions.begin(), "lr");
      spec.shape.insert(spec.shape.begin(), std::ssize(rules));
      spec.chunks.insert(spec.chunks.begin(), 1);
    }
    spec.attributes = std::move(described_as);
    group_.define(spec);
  };
  add("outcome", DType::u1, outcome_flags());
  add("minimum", DType::i2, described("index of the minimum that was reached, or -1"));
  add("steps", DType::u4, described("steps before the verdict"));
  add("rises", DType::u4, described("how often the objective rose"));
  add("last_rise", DType::u4, described("first step that only falls follow"));
  if (has_step_axis()) {
    write_variable(group_, "lr", {{"lr", std::ssize(options.steps)}}, "step size", options.steps);
  }
  std::vector<std::vector<CertifiedSet>> certificates;
  for (ScanRule const& rule : rules) certificates.push_back(rule.certificates);
  write_minima(group_, options.rule.landscape, rules.front().minima, certificates);
  if (space.kind == SpaceKind::grid) {
    write_grid(group_, options, space);
  } else {
    ArraySpec theta;
    theta.name = "theta";
    theta.dimensions = {"sample", "coordinate"};
    theta.shape = {space.samples, space.dimension()};
    theta.chunks = {space.chunks().front(), space.dimension()};
    theta.attributes = described("coordinates of the start");
    group_.define(theta);
  }
  nlohmann::json scanned = verdict_arrays;
  if (group_.has("theta")) scanned.push_back("theta");
  group_.set_attribute(scanned_attribute, scanned);
  group_.flush(Durable::no);
}

Extents BasinRecord::index(ScanChunk const& chunk) const {
  Extents index = chunk.index;
  if (has_step_axis()) index.insert(index.begin(), static_cast<Index>(chunk.step));
  return index;
}

bool BasinRecord::has(ScanChunk const& chunk) const {
  return std::all_of(verdict_arrays.begin(), verdict_arrays.end(),
                     [&](char const* name) { return group_.has_chunk(name, index(chunk)); });
}

std::optional<Claim> BasinRecord::claim(ScanChunk const& chunk) const {
  return Claim::take(group_.path(), chunk_key(index(chunk)));
}

void BasinRecord::write(std::vector<ScanChunk> const& chunks,
                        std::vector<ChunkVerdicts> const& verdicts, int threads) {
  std::vector<std::vector<ZarrGroup::Chunk>> groups;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    ChunkVerdicts const& v = verdicts[i];
    Extents const at = index(chunks[i]);
    std::vector<ZarrGroup::Chunk>& files = groups.emplace_back();
    if (!v.theta.empty() && chunks[i].step == 0) {
      files.push_back({"theta", {chunks[i].index.front(), 0}, bytes_of(v.theta)});
    }
    files.push_back({"steps", at, bytes_of(v.steps)});
    files.push_back({"rises", at, bytes_of(v.rises)});
    files.push_back({"last_rise", at, bytes_of(v.last_rise)});
    files.push_back({"minimum", at, bytes_of(v.minimum)});
    files.push_back({"outcome", at, bytes_of(v.outcome)});
  }
  group_.write_chunks(groups, threads);
}

ChunkVerdicts BasinRecord::read(ScanChunk const& chunk) const {
  Extents const at = index(chunk);
  ChunkVerdicts v;
  v.outcome = values_of<std::uint8_t>(group_.read_chunk("outcome", at));
  v.minimum = values_of<std::int16_t>(group_.read_chunk("minimum", at));
  v.steps = values_of<std::uint32_t>(group_.read_chunk("steps", at));
  return v;
}

void BasinRecord::finish(std::string const& stop_reason, nlohmann::json summary) {
  group_.set_attribute("stop_reason", stop_reason);
  group_.set_attribute("summary", std::move(summary));
  group_.flush();
}

nlohmann::json to_json(BasinSummary const& summary) {
  VerdictCounts const& counts = summary.counts;
  nlohmann::json shares = nlohmann::json::object();
  for (int code = 0; code < outcomes; ++code) {
    shares[outcome_names.of(static_cast<Outcome>(code))] =
        to_json(wilson_share(counts.outcome[code], counts.starts));
  }
  nlohmann::json minima = nlohmann::json::array();
  for (Index const hits : counts.minimum)
    minima.push_back(to_json(wilson_share(hits, counts.starts)));
  nlohmann::json json = {{"lr", summary.step},
                         {"starts", counts.starts},
                         {"outcome", shares},
                         {"minimum", minima},
                         {"mean_steps", mean_steps(counts)}};
  if (counts.boxes > 0) {
    json["basin_entropy"] = basin_entropy(counts);
    json["boundary_basin_entropy"] = boundary_basin_entropy(counts);
  }
  if (summary.uncertainty) {
    Uncertainty const& u = *summary.uncertainty;
    json["uncertainty"] = {{"distance", u.distance},
                           {"share", u.share},
                           {"exponent", u.exponent},
                           {"exponent_error", u.exponent_error}};
  }
  return json;
}

}  // namespace brink
