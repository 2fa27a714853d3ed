#include <fmt/format.h>

#include <array>
#include <numeric>
#include <optional>

#include "bench/f4_grid.hpp"
#include "bench/jobs/job.hpp"
#include "bench/jobs/peak_bytes.hpp"
#include "bench/jobs/peak_rate.hpp"
#include "host/scan/names.hpp"
#include "host/scan/rule.hpp"
#include "kernels/operations.hpp"

namespace brink::bench {
namespace {

/// Arrays that every grid's results stream through; on a GPU more at a time, which it needs to be
/// full.
struct Tile {
  explicit Tile(Context& context)
      : starts(Index{1} << (context.backend() == "cpu" ? 22 : 26)),
        outcome(context, starts),
        minimum(context, starts),
        steps(context, starts),
        rises(context, starts),
        last_rise(context, starts),
        host_outcome(starts),
        host_minimum(starts) {}

  Index bytes() const { return starts * (1 + 2 + 3 * 4); }
  /// The labels of the first `count` starts go to the host.
  void bring(Context& context, Index count) {
    auto const size = static_cast<std::size_t>(count);
    context.download(host_outcome.data(), outcome.view().data, size * sizeof(host_outcome[0]));
    context.download(host_minimum.data(), minimum.view().data, size * sizeof(host_minimum[0]));
  }

  Index starts;
  Buffer<std::uint8_t> outcome;
  Buffer<std::int16_t> minimum;
  Buffer<std::uint32_t> steps, rises, last_rise;
  std::vector<std::uint8_t> host_outcome;
  std::vector<std::int16_t> host_minimum;
};

/// Which arrays a scan writes: outcome and minimum, the same and then into the host's memory, or
/// all.
enum class Written { labels, host, all };

/// Scans of one grid with one rule, tile by tile.
template <class T>
class GridScan {
 public:
  GridScan(Context& context, Basin<T> const& basin, BasinRule const& rule, Tile& tile, Index grid)
      : context_(context),
        basin_(basin),
        rule_(rule),
        tile_(tile),
        grid_(grid),
        axis_(context, grid_axis<T>(grid)) {}

  Index grid() const { return grid_; }
  Index starts() const { return grid_ * grid_; }

  void run(Written written) const {
    run(written, [](Index) {});
  }

  /// What the starts come to; also the scan that warms up for those that are timed.
  struct Tally {
    std::array<Index, outcomes> outcome = {};
    Index steps = 0;
  };
  Tally tally() const {
    Tally tally;
    run(Written::all, [&](Index count) {
      std::vector<std::uint8_t> const outcome = tile_.outcome.download();
      std::vector<std::uint32_t> const steps = tile_.steps.download();
      for (Index i = 0; i < count; ++i) ++tally.outcome[outcome[i]];
      tally.steps = std::accumulate(steps.begin(), steps.begin() + count, tally.steps);
    });
    return tally;
  }

  Timing time(Written written, Index samples) const {
    std::vector<double> seconds;
    for (Index i = 0; i < samples; ++i) seconds.push_back(seconds_of([&] { run(written); }));
    return summarize(std::move(seconds));
  }

 private:
  /// Calls after_tile(starts) when they are done.
  template <class AfterTile>
  void run(Written written, AfterTile&& after_tile) const {
    BasinResults<T> results{tile_.outcome.view(), tile_.minimum.view(), {}, {}, {}, {}};
    if (written == Written::all) {
      results.steps = tile_.steps.view();
      results.rises = tile_.rises.view();
      results.last_rise = tile_.last_rise.view();
    }
    Index const rows = tile_.starts / grid_;
    for (Index first = 0; first < grid_; first += rows) {
      Index const height = std::min(rows, grid_ - first);
      basin_.scan(rule_, grid_rows(axis_.view(), first, height), results);
      context_.synchronize();
      if (written == Written::host) tile_.bring(context_, height * grid_);
      after_tile(height * grid_);
    }
  }

  Context& context_;
  Basin<T> const& basin_;
  BasinRule const& rule_;
  Tile& tile_;
  Index grid_;
  Buffer<T> axis_;
};

template <class T>
class BasinMeasurement {
  using Tally = typename GridScan<T>::Tally;

 public:
  BasinMeasurement(BasinJobOptions const& options, Report const& report)
      : options_(options),
        report_(report),
        context_(make_context(options.device, options.threads)),
        operations_(make_operations<T>(*context_)),
        tile_(*context_) {
    if (context_->backend() == "cpu") peak_rate_ = peak_rate<T>(context_->threads());
  }

  void run() const {
    for (double const step : options_.steps) {
      RuleOptions options;
      options.step = step;
      BasinRule const rule = make_rule<T>(options).basin;
      measure_grid(rule);
      for (Index const grid : options_.further_grids) {
        GridScan<T> const scan = make_scan(rule, grid);
        Tally const tally = scan.tally();
        Index const samples = grid <= options_.grid ? options_.samples : options_.few_samples();
        row("labels", rule, scan, tally, scan.time(Written::labels, samples));
      }
    }
  }

 private:
  GridScan<T> make_scan(BasinRule const& rule, Index grid) const {
    return {*context_, *operations_.basin, rule, tile_, grid};
  }

  /// The grid that is compared with others' and with the floor.
  void measure_grid(BasinRule const& rule) const {
    GridScan<T> const scan = make_scan(rule, options_.grid);
    Tally const tally = scan.tally();
    Timing const labels = scan.time(Written::labels, options_.samples);
    row("labels", rule, scan, tally, labels);
    row("all", rule, scan, tally, scan.time(Written::all, options_.samples));
    if (context_->backend() != "cpu") {
      row("host", rule, scan, tally, scan.time(Written::host, options_.samples));
    }
    if (peak_rate_) floor_row(rule, scan, tally, labels);
  }

  std::string name(char const* what, BasinRule const& rule, GridScan<T> const& scan) const {
    return fmt::format("basin/{}-{}-{}-{}", what, precision_name(options_.precision), rule.step,
                       scan.grid());
  }

  void row(char const* what, BasinRule const& rule, GridScan<T> const& scan, Tally const& tally,
           Timing const& timing) const {
    nlohmann::ordered_json counts;
    for (int code = 0; code < outcomes; ++code) {
      counts[outcome_names.of(static_cast<Outcome>(code))] = tally.outcome[code];
    }
    auto const starts = static_cast<double>(scan.starts());
    auto const steps = static_cast<double>(tally.steps);
    report_.row(name(what, rule, scan), timing,
                {{"starts", scan.starts()},
                 {"starts_per_s", starts / timing.median},
                 {"mean_steps", steps / starts},
                 {"steps_per_s", steps / timing.median},
                 {"operations_per_s", steps * static_cast<double>(f4_step.all()) / timing.median},
                 {"outcomes", counts},
                 {"tile_bytes", tile_.bytes()},
                 {"peak_bytes", peak_bytes()}});
  }

  /// The time that the steps' operations alone take at the peak rate.
  void floor_row(BasinRule const& rule, GridScan<T> const& scan, Tally const& tally,
                 Timing const& labels) const {
    double const seconds = static_cast<double>(f4_step.all() * tally.steps) / *peak_rate_;
    report_.row(name("floor", rule, scan), summarize({seconds}),
                {{"share", seconds / labels.median},
                 {"operations_per_step", f4_step.all()},
                 {"multiplications", f4_step.multiplications},
                 {"additions", f4_step.additions},
                 {"comparisons", f4_step.comparisons},
                 {"selections", f4_step.selections},
                 {"peak_operations_per_s", *peak_rate_}});
  }

  BasinJobOptions const& options_;
  Report const& report_;
  std::unique_ptr<Context> context_;
  Operations<T> operations_;
  mutable Tile tile_;
  std::optional<double> peak_rate_;  ///< of the CPU
};

}  // namespace

void measure_basin(BasinJobOptions const& options, Report const& report) {
  with_precision(options.precision, [&]<class T>(std::type_identity<T>) {
    BasinMeasurement<T>(options, report).run();
  });
}

}  // namespace brink::bench
