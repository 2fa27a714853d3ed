#include "kernels/basin.hpp"

#include <cmath>
#include <numeric>

#include "host/bench/groups.hpp"
#include "host/bench/landscape_cost.hpp"
#include "host/scan/rule.hpp"
#include "host/scan/space.hpp"
#include "kernels/math/nan.hpp"

namespace brink {
namespace {

/// About so many starts: a grid over the first two coordinates in [−4, 4]², or a line of them; the
/// other coordinates are 1.
ScanSpace space_of(BenchAxes const& axes, Index starts) {
  int const dimension = axes.landscape.dimension;
  auto const side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(starts))));
  ScanSpace space;
  space.through.assign(dimension, 1.0);
  space.free.push_back({0, {-4, 4, dimension > 1 ? side : starts}});
  if (dimension > 1) space.free.push_back({1, {-4, 4, side}});
  return space;
}

/// Reads the coordinates along the sides of the space; writes an outcome (1 byte) and a minimum (2
/// bytes) per start. How many steps that takes is seen by taking them.
Work scan_work(ScanSpace const& space) {
  Work work{nan};
  for (FreeCoordinate const& side : space.free)
    work.numbers += static_cast<double>(side.axis.count);
  work.bytes = 3 * static_cast<double>(element_count(space.shape()));
  return work;
}

/// A scan with all that it reads and writes. Stays where it is: the source refers to the space.
template <class T>
class Scan {
 public:
  Scan(BenchPlace<T> const& place, BenchAxes const& axes, ScanSpace const& space)
      : context_(place.context),
        basin_(place.operations.basin.get()),
        arrays_(place.context),
        rule_(make_rule<T>(options(axes)).basin),
        space_(space),
        count_(element_count(space.shape())),
        source_(place.context, space_),
        starts_(source_.at({Extents(space.shape().size(), 0), space.shape()})) {
    results_.outcome = arrays_.template room<std::uint8_t>(count_);
    results_.minimum = arrays_.template room<std::int16_t>(count_);
  }
  Scan(Scan const&) = delete;
  Scan& operator=(Scan const&) = delete;

  void run() const { basin_->scan(rule_, starts_, results_); }

  /// Of all starts together.
  double steps() const {
    Buffer<std::uint32_t> const steps(context_, count_);
    BasinResults<T> results = results_;
    results.steps = steps.view();
    basin_->scan(rule_, starts_, results);
    std::vector<std::uint32_t> const taken = steps.download();
    return std::accumulate(taken.begin(), taken.end(), 0.0);
  }

 private:
  static RuleOptions options(BenchAxes const& axes) {
    RuleOptions options;
    options.landscape = axes.landscape;
    options.step = axes.learning_rate;
    return options;
  }

  Context& context_;
  Basin<T> const* basin_;
  BenchArrays<T> arrays_;
  BasinRule rule_;
  ScanSpace space_;
  Index count_;
  StartSource<T> source_;
  Starts<T> starts_;
  BasinResults<T> results_;
};

template <class T>
std::vector<BenchCase<T>> scans(BenchAxes const& axes) {
  std::vector<BenchCase<T>> cases;
  for (Index const starts : axes.starts) {
    ScanSpace const space = space_of(axes, starts);
    cases.push_back({{{"starts", element_count(space.shape())}},
                     scan_work(space),
                     [axes, space](BenchPlace<T> const& place) {
                       auto const scan = std::make_shared<Scan<T>>(place, axes, space);
                       return BenchTask{[scan] { scan->run(); },
                                        scan->steps() * basin_step_operations(axes.landscape)};
                     }});
  }
  return cases;
}

}  // namespace

template <class T>
std::vector<BenchOperation<T>> basin_operations() {
  return {{"basin.scan", "outcome and minimum of starts of a landscape", scans<T>}};
}

template std::vector<BenchOperation<float>> basin_operations();
template std::vector<BenchOperation<double>> basin_operations();

}  // namespace brink
