#include "host/bench/operation.hpp"

#include "host/bench/groups.hpp"

namespace brink {

template <class T>
std::vector<BenchOperation<T>> bench_operations() {
  std::vector<BenchOperation<T>> all;
  for (auto const group : {dense_operations<T>, hvp_operations<T>, loss_operations<T>,
                           step_operations<T>, linalg_operations<T>, line_operations<T>,
                           basin_operations<T>, tally_operations<T>, whole_operations<T>}) {
    std::vector<BenchOperation<T>> const more = group();
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

template std::vector<BenchOperation<float>> bench_operations();
template std::vector<BenchOperation<double>> bench_operations();

}  // namespace brink
