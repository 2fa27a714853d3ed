#include "host/bench/roofline.hpp"

namespace brink {
namespace {

/// What is measured at one size after the other.
template <class T>
struct Probe {
  char const* name;
  Index least, most;
  BenchSizes (*sizes)(Index size);
  Work (*work)(Index size);
  std::function<std::function<void()>(BenchArrays<T>& arrays, Index size)> prepare;
};

template <class T>
std::vector<Probe<T>> probes(BenchPlace<T> const& place, RooflineSizes const& sizes) {
  auto const numbers = [](Index size) { return BenchSizes{{"numbers", size}}; };
  Index const least = sizes.least_bytes / static_cast<Index>(sizeof(T));
  Index const most = sizes.most_bytes / static_cast<Index>(sizeof(T));
  auto const copy = [&place](BenchArrays<T>& arrays, Index size) {
    return [&place, from = arrays.normal_vector(size), to = arrays.normal_vector(size)] {
      place.context.copy(to.data, from.data, static_cast<std::size_t>(from.size) * sizeof(T));
    };
  };
  auto const axpy = [&place](BenchArrays<T>& arrays, Index size) {
    return [&place, x = arrays.normal_vector(size), y = arrays.normal_vector(size)] {
      place.operations.linalg->axpy(bench_step, x, y);
    };
  };
  auto const multiply = [&place](BenchArrays<T>& arrays, Index side) {
    return [&place, a = arrays.normal_matrix(side, side), b = arrays.normal_matrix(side, side),
            out = arrays.matrix(side, side)] {
      place.operations.linalg->multiply(Transpose::no, a, Transpose::no, b, out);
    };
  };
  return {{"roofline.copy", least, most, numbers, copy_work, copy},
          {"roofline.axpy", least, most, numbers, axpy_work, axpy},
          {"roofline.multiply", sizes.least_side, sizes.most_side,
           [](Index side) {
             return BenchSizes{{"n", side}, {"in", side}, {"out", side}};
           },
           [](Index side) {
             return multiply_work({side, side, side});
           },
           multiply}};
}

/// Seconds of one call, after one that does not count.
double seconds_of(Context& context, std::function<void()> const& call) {
  double start = 0;
  for (int i = 0; i < 2; ++i) {
    start = steady_seconds();
    call();
    context.synchronize();
  }
  return steady_seconds() - start;
}

template <class T>
BenchRow measure(Probe<T> const& probe, BenchPlace<T> const& place, double long_call,
                 StopRule const& rule, std::function<bool()> const& interrupted) {
  for (Index size = probe.least;; size = std::min(2 * size, probe.most)) {
    BenchArrays<T> arrays(place.context);
    std::function<void()> const call = probe.prepare(arrays, size);
    if (size < probe.most && seconds_of(place.context, call) < long_call) continue;
    Work const work = probe.work(size);
    return {probe.name, probe.sizes(size), time_calls(place.context, call, rule, interrupted),
            work.operations, work.numbers * sizeof(T) + work.bytes};
  }
}

}  // namespace

template <class T>
void measure_roofline(BenchPlace<T> const& place, RooflineSizes const& sizes, StopRule const& rule,
                      std::function<bool()> const& interrupted, Roofline& roofline,
                      std::function<void()> const& measured) {
  for (Probe<T> const& probe : probes(place, sizes)) {
    roofline.rows.push_back(measure(probe, place, sizes.long_call, rule, interrupted));
    measured();
  }
}

template void measure_roofline(BenchPlace<float> const&, RooflineSizes const&, StopRule const&,
                               std::function<bool()> const&, Roofline&,
                               std::function<void()> const&);
template void measure_roofline(BenchPlace<double> const&, RooflineSizes const&, StopRule const&,
                               std::function<bool()> const&, Roofline&,
                               std::function<void()> const&);

}  // namespace brink
