#include "kernels/basin.hpp"

#include <numeric>

#include "bench/f4_grid.hpp"
#include "bench/operation.hpp"
#include "bench/sizes.hpp"
#include "host/scan/rule.hpp"

namespace brink::bench {
namespace {

template <class T>
void basin_scan(benchmark::State& state) {
  Index const grid = state.range(0);
  Index const count = grid * grid;
  RuleOptions options;
  options.step = 0.1 * static_cast<double>(state.range(1));
  BasinRule const rule = make_rule<T>(options).basin;
  Buffer<T> const axis(context(), grid_axis<T>(grid));
  Starts<T> const starts = grid_rows(axis.view(), 0, grid);
  Buffer<std::uint8_t> const outcome(context(), count);
  Buffer<std::int16_t> const minimum(context(), count);
  Buffer<std::uint32_t> const steps(context(), count);
  BasinResults<T> results{outcome.view(), minimum.view(), steps.view(), {}, {}, {}};
  operations<T>().basin->scan(rule, starts, results);
  std::vector<std::uint32_t> const taken = steps.download();
  Index const all_steps = std::accumulate(taken.begin(), taken.end(), Index{0});
  results.steps = {};
  time<T>(state, {f4_step.all() * all_steps, 0},
          [&] { operations<T>().basin->scan(rule, starts, results); });
  state.SetItemsProcessed(state.iterations() * count);
}
BRINK_BENCHMARK(basin_scan, grids);

}  // namespace
}  // namespace brink::bench
