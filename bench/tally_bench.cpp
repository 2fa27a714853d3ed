#include "kernels/tally.hpp"

#include "bench/f4_grid.hpp"
#include "bench/operation.hpp"
#include "bench/sizes.hpp"
#include "host/scan/rule.hpp"

namespace brink::bench {
namespace {

/// Of a scan's verdicts, whose basins have the borders that they have.
void tally_count(benchmark::State& state) {
  Index const grid = state.range(0);
  Index const count = grid * grid;
  RuleOptions options;
  options.step = 0.1 * static_cast<double>(state.range(1));
  BasinRule const rule = make_rule<double>(options).basin;
  Buffer<double> const axis(context(), grid_axis<double>(grid));
  Buffer<std::uint8_t> const outcome(context(), count);
  Buffer<std::int16_t> const minimum(context(), count);
  Buffer<std::uint32_t> const steps(context(), count);
  operations<double>().basin->scan(rule, grid_rows(axis.view(), 0, grid),
                                   {outcome.view(), minimum.view(), steps.view(), {}, {}, {}});
  Verdicts const verdicts{grid, grid, outcome.view(), minimum.view(), steps.view()};
  // 7 bytes per start, and nothing in floating point.
  time<std::uint8_t>(state, {0, 7 * count}, [&] {
    operations<double>().tally->count(verdicts, std::ssize(rule.minima), Boxes::square);
  });
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(tally_count)->Apply(grids)->UseRealTime();

}  // namespace
}  // namespace brink::bench
