#include "host/run/basin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "host/data/parallel.hpp"
#include "host/record/png.hpp"
#include "host/run/basin_config.hpp"
#include "host/run/basin_record.hpp"
#include "host/run/chunk_queue.hpp"
#include "host/run/landscape_record.hpp"
#include "host/run/output.hpp"
#include "host/run/version.hpp"
#include "host/scan/names.hpp"
#include "kernels/error.hpp"
#include "kernels/math/nan.hpp"

namespace brink {
namespace {

/// Chunks that are in memory at a time: enough to keep every thread compressing.
constexpr Index most_in_flight = 4;

/// Between two looks at what other processes do.
constexpr std::chrono::milliseconds pause{20};

/// The colours of the outcomes by code: stable and unstable as in Chen et al. 2024, the others kept
/// apart from these for the colour-blind too. Those of brink_plot/outcome.py.
std::vector<Colour> const palette{{0x5A, 0x5A, 0x5A}, {0x35, 0xD6, 0xEA}, {0x1F, 0x3F, 0xD0},
                                  {0xF6, 0xF6, 0xF2}, {0xE6, 0x9F, 0x00}, {0xCC, 0x79, 0xA7}};

template <class T>
std::vector<ScanRule> make_rules(BasinOptions const& options, int threads) {
  std::vector<ScanRule> rules(options.steps.size());
  in_parallel(threads, std::ssize(rules), [&](Index i) {
    RuleOptions rule = options.rule;
    rule.step = options.steps[i];
    rules[i] = make_rule<T>(rule);
  });
  return rules;
}

nlohmann::json attributes(BasinOptions const& options, ScanSpace const& space,
                          std::vector<ScanRule> const& rules, Context const& context,
                          MemoryPlan const& plan) {
  std::vector<std::string> const names = coordinate_names(options.rule.landscape);
  std::vector<std::string> axes;
  for (auto const& free : space.free) axes.push_back(names.at(free.coordinate));
  nlohmann::json reasons = nlohmann::json::array();
  for (ScanRule const& rule : rules) reasons.push_back(certificate_reasons(rule.certificates));
  return {{"brink_version", version},
          {"Conventions", "CF-1.10"},
          {"command", "basin"},
          {"backend", context.backend()},
          {"precision", precision_name(options.precision)},
          {"landscape", landscape_name(options.rule.landscape)},
          {"objective", objective_names.of(options.rule.objective)},
          {"method", scan_method_names.of(options.rule.normalized)},
          {"learning_rates", options.steps},
          {"tolerance", rules.front().basin.tolerance},
          {"coordinates", names},
          {"axes", axes},
          {"certificate_reasons", reasons},
          {"memory_planned_bytes", static_cast<std::int64_t>(plan.bytes())},
          {"stop_reason", "running"},
          {"config", to_json(options, space)}};
}

/// Of each count the sum over all ranks.
void add_up(Ranks& ranks, VerdictCounts& counts) {
  std::array<Index, 4> single{counts.starts, counts.steps, counts.boxes, counts.boundary_boxes};
  ranks.add_up(single);
  counts.starts = single[0];
  counts.steps = single[1];
  counts.boxes = single[2];
  counts.boundary_boxes = single[3];
  ranks.add_up(counts.outcome);
  ranks.add_up(counts.minimum);
  ranks.add_up(counts.occurrences);
}

/// A scan: chunks that the record does not have yet are computed and counted a few at a time, by
/// all threads, and then compressed, by all threads.
template <class T>
class Scan {
 public:
  Scan(BasinOptions const& options, RunHooks const& hooks)
      : options_(options),
        hooks_(hooks),
        ranks_(*hooks.ranks),
        context_(make_context(ranks_.device(options.device), ranks_.threads(options.threads))),
        operations_(make_operations<T>(*context_)),
        space_(make_space(options)),
        rules_(make_rules<T>(options, context_->threads())),
        plan_(checked_plan()),
        source_(*context_, space_),
        record_(open_record()),
        was_complete_(is_complete()),
        counted_(record_.chunk_count()),
        counts_(options.steps.size()),
        outcome_(*context_, element_count(space_.chunks())),
        minimum_(*context_, outcome_.size()),
        steps_(*context_, outcome_.size()),
        rises_(*context_, outcome_.size()),
        last_rise_(*context_, outcome_.size()) {
    hooks.planned(plan_);
  }

  BasinResult run();

 private:
  using Places = std::vector<std::size_t>;  // of chunks in the record

  MemoryPlan checked_plan() const;
  BasinRecord open_record() const;
  bool fill();
  BasinResult leave(std::string const& stop_reason);
  BasinResult complete();
  void add_up_counts();
  void count_others();
  void compute(Places const& missing);
  bool is_complete() const { return record_.attributes().at("stop_reason") == "complete"; }
  void wait() const;
  void scan(ScanChunk const& chunk, ChunkVerdicts& verdicts);
  void count(ScanChunk const& chunk);
  std::vector<BasinSummary> summaries() const;
  void draw(std::size_t step) const;

  BasinOptions const& options_;
  RunHooks const& hooks_;
  Ranks& ranks_;
  std::unique_ptr<Context> context_;
  Operations<T> operations_;
  ScanSpace space_;
  std::vector<ScanRule> rules_;
  MemoryPlan plan_;
  StartSource<T> source_;
  BasinRecord record_;
  bool was_complete_;                  // before this run
  std::vector<std::int64_t> counted_;  // by place: 1 if it is part of counts_
  std::vector<VerdictCounts> counts_;  // one per step size
  std::vector<ChunkVerdicts> in_flight_ = std::vector<ChunkVerdicts>(most_in_flight);
  // The verdicts of one chunk.
  Buffer<std::uint8_t> outcome_;
  Buffer<std::int16_t> minimum_;
  Buffer<std::uint32_t> steps_, rises_, last_rise_;
};

/// What the scan needs of the device's memory, which is there.
template <class T>
MemoryPlan Scan<T>::checked_plan() const {
  Index const chunk = element_count(space_.chunks());
  std::size_t minima = 0;
  for (ScanRule const& rule : rules_) minima = std::max(minima, rule.minima.size());
  MemoryPlan plan(context_->device());
  if (sizeof(T) == sizeof(double)) plan.add_remedy("--precision float32");
  plan.add("starts", StartSource<T>::bytes_needed(space_, chunk), "fewer starts along --x and --y");
  plan.add("verdicts of a chunk", bytes_of<std::uint8_t>(chunk) + bytes_of<std::int16_t>(chunk) +
                                      bytes_of<std::uint32_t>(3, chunk));
  if (options_.uncertainty_pairs > 0) {
    plan.add("uncertainty", uncertainty_bytes_needed<T>(space_, options_.uncertainty_pairs),
             "smaller --uncertainty");
  }
  plan.add("working memory",
           operations_.basin->workspace_bytes(static_cast<Index>(minima)) +
               operations_.tally->workspace_bytes(chunk, static_cast<Index>(minima)));
  plan.check(context_->memory());
  return plan;
}

/// The first rank makes the record, or sees to one that is there, before the others join.
template <class T>
BasinRecord Scan<T>::open_record() const {
  auto const open = [this](BasinOptions const& options) {
    return BasinRecord::open(options, space_, rules_,
                             attributes(options, space_, rules_, *context_, plan_),
                             [this] { wait(); });
  };
  std::optional<BasinRecord> record;
  auto const try_open = [&](BasinOptions const& options) {
    try {
      record = open(options);
    } catch (Interrupted const&) {  // to be said once all are here
    }
  };
  if (ranks_.is_first()) try_open(options_);
  ranks_.meet();
  if (!ranks_.is_first()) {
    BasinOptions joining = options_;
    joining.overwrite = false;
    joining.resume = true;
    try_open(joining);
  }
  if (ranks_.any(!record)) throw Interrupted();
  return std::move(*record);
}

template <class T>
BasinResult Scan<T>::run() {
  bool const filled = fill();
  record_.sync();
  if (ranks_.any(!filled)) return leave("interrupted");
  add_up_counts();
  if (!ranks_.is_first()) return {"complete", {}, {}, 0};
  Index to_come = 0;
  for (std::size_t i = 0; i < counted_.size(); ++i) {
    if (counted_[i] == 0 && !record_.has(record_.chunk(i))) ++to_come;
  }
  if (to_come > 0) return {"shard", {}, {}, to_come};
  while (!record_.try_alone()) {
    if (hooks_.interrupted()) return {"interrupted", {}, {}, 0};
    std::this_thread::sleep_for(pause);
  }
  // Another process may have completed it meanwhile.
  return is_complete() && !was_complete_ ? BasinResult{"complete", {}, {}, 0} : complete();
}

/// Computes what is missing, and sees to it that what others compute comes. False if interrupted.
template <class T>
bool Scan<T>::fill() {
  ChunkQueue queue(record_, options_.shard, ranks_);
  while (!queue.empty()) {
    if (hooks_.interrupted()) return false;
    ChunkQueue::Batch const batch = queue.take(most_in_flight);
    if (!batch.places.empty()) {
      compute(batch.places);
      hooks_.progress({queue.starts_taken(), queue.starts(), nan, nan, nan, "start"});
    } else if (!queue.empty()) {
      std::this_thread::sleep_for(pause);
    }
  }
  return true;
}

/// While another process has the record alone, for a short time.
template <class T>
void Scan<T>::wait() const {
  if (hooks_.interrupted()) throw Interrupted();
  std::this_thread::sleep_for(pause);
}

/// Others may still be at it: they are the ones then to say how it ended.
template <class T>
BasinResult Scan<T>::leave(std::string const& stop_reason) {
  if (record_.try_alone() && !is_complete()) record_.finish(stop_reason, nullptr);
  return {stop_reason, {}, {}, 0};
}

/// All chunks are there, and no other process.
template <class T>
BasinResult Scan<T>::complete() {
  count_others();
  BasinResult result{"complete", summaries(), {}, 0};
  nlohmann::json written = nlohmann::json::array();
  for (BasinSummary const& summary : result.summaries) written.push_back(to_json(summary));
  record_.finish(result.stop_reason, written);
  for (std::size_t step = 0; !options_.png.empty() && step < options_.steps.size(); ++step) {
    draw(step);
    result.pictures.push_back(picture_path(options_, step));
  }
  return result;
}

/// The first rank goes on with what all ranks have counted.
template <class T>
void Scan<T>::add_up_counts() {
  if (ranks_.is_alone()) return;
  ranks_.add_up(counted_);
  for (std::size_t step = 0; step < counts_.size(); ++step) {
    counts_[step].minimum.resize(rules_[step].minima.size());  // none yet where nothing was counted
    add_up(ranks_, counts_[step]);
  }
}

/// The verdicts of a chunk that are in the context's memory.
template <class T>
void Scan<T>::count(ScanChunk const& chunk) {
  Extents const& extent = chunk.place.extent;
  Index const rows = extent.size() == 2 ? extent.front() : 1;
  counts_[chunk.step].add(operations_.tally->count(
      {rows, extent.back(), outcome_.view(), minimum_.view(), steps_.view()},
      std::ssize(rules_[chunk.step].minima), space_.boxes()));
}

/// The chunks that this process did not compute, as many at a time as can be read in parallel.
template <class T>
void Scan<T>::count_others() {
  Places others;
  for (std::size_t i = 0; i < counted_.size(); ++i) {
    if (counted_[i] == 0) others.push_back(i);
  }
  auto const bring = [&]<class N>(std::vector<N> const& from, Buffer<N> const& to) {
    context_->upload(to.view().data, from.data(), from.size() * sizeof(N));
  };
  std::vector<ChunkVerdicts> verdicts(context_->threads());
  for (Index first = 0; first < std::ssize(others); first += std::ssize(verdicts)) {
    Index const some = std::min(std::ssize(verdicts), std::ssize(others) - first);
    in_parallel(context_->threads(), some,
                [&](Index i) { verdicts[i] = record_.read(record_.chunk(others[first + i])); });
    for (Index i = 0; i < some; ++i) {
      bring(verdicts[i].outcome, outcome_);
      bring(verdicts[i].minimum, minimum_);
      bring(verdicts[i].steps, steps_);
      count(record_.chunk(others[first + i]));
    }
  }
  for (std::size_t step = 0; step < counts_.size(); ++step) {
    if (all_counted(counts_[step])) continue;
    throw InputError(fmt::format(
        "{}: is damaged: at step size {} there are codes that are no outcome or minimum; "
        "choose another --out, or --overwrite",
        options_.out, options_.steps[step]));
  }
}

template <class T>
void Scan<T>::compute(Places const& missing) {
  std::vector<ScanChunk> chunks;
  for (std::size_t const place : missing) {
    chunks.push_back(record_.chunk(place));
    scan(chunks.back(), in_flight_[chunks.size() - 1]);
    counted_[place] = 1;
  }
  record_.write(chunks, in_flight_, context_->threads());
}

template <class T>
void Scan<T>::scan(ScanChunk const& chunk, ChunkVerdicts& verdicts) {
  Starts<T> const starts = source_.at(chunk.place);
  operations_.basin->scan(
      rules_[chunk.step].basin, starts,
      {outcome_.view(), minimum_.view(), steps_.view(), rises_.view(), last_rise_.view(), {}});
  count(chunk);
  auto const fetch = [&]<class N>(Buffer<N> const& from, std::vector<N>& to) {
    to.resize(static_cast<std::size_t>(starts.rows * starts.cols));
    context_->download(to.data(), from.view().data, to.size() * sizeof(N));
  };
  fetch(outcome_, verdicts.outcome);
  fetch(minimum_, verdicts.minimum);
  fetch(steps_, verdicts.steps);
  fetch(rises_, verdicts.rises);
  fetch(last_rise_, verdicts.last_rise);
  if (space_.kind != SpaceKind::grid) verdicts.theta = source_.theta();
}

template <class T>
std::vector<BasinSummary> Scan<T>::summaries() const {
  std::vector<BasinSummary> all;
  for (std::size_t step = 0; step < options_.steps.size(); ++step) {
    BasinSummary summary{options_.steps[step], rules_[step], counts_[step], {}};
    if (options_.uncertainty_pairs > 0) {
      summary.uncertainty = boundary_uncertainty<T>(*context_, operations_, rules_[step].basin,
                                                    space_, options_.uncertainty_pairs);
    }
    all.push_back(summary);
  }
  return all;
}

/// One pixel per start, y upwards, by rows of chunks.
template <class T>
void Scan<T>::draw(std::size_t step) const {
  Extents const shape = space_.shape();
  Extents const counts = chunk_counts(shape, space_.chunks());
  Index const width = shape[1];
  PngWriter picture(picture_path(options_, step), static_cast<std::uint32_t>(width),
                    static_cast<std::uint32_t>(shape[0]), palette);
  std::vector<std::uint8_t> band;
  for (Index row = counts[0] - 1; row >= 0; --row) {
    Index rows = 0;
    for (Index col = 0; col < counts[1]; ++col) {
      ScanChunk const chunk{step, {row, col}, chunk_place({row, col}, shape, space_.chunks())};
      auto const outcome = record_.read(chunk).outcome;
      auto const& extent = chunk.place.extent;
      rows = extent[0];
      band.resize(static_cast<std::size_t>(rows * width));
      for (Index r = 0; r < rows; ++r) {
        std::copy_n(outcome.begin() + r * extent[1], extent[1],
                    band.begin() + r * width + chunk.place.origin[1]);
      }
    }
    for (Index r = rows - 1; r >= 0; --r) {
      picture.write_row(std::span(band).subspan(static_cast<std::size_t>(r * width),
                                                static_cast<std::size_t>(width)));
    }
  }
  picture.finish();
}

}  // namespace

BasinResult basin(BasinOptions const& options, RunHooks const& hooks) {
  check(options);
  check_output_record(options.out, options.overwrite || options.resume);
  hooks.ranks->meet();  // all have seen what is there
  auto const run = [](auto scan) { return to_be_resumed([&] { return scan->run(); }); };
  if (options.precision == Precision::float64) {
    return run(std::make_unique<Scan<double>>(options, hooks));
  }
  return run(std::make_unique<Scan<float>>(options, hooks));
}

}  // namespace brink
