#pragma once

#include "host/bench/operation.hpp"

// The operations of each contract in `kernels/`, one <group>.cpp each, and the composites.
namespace brink {

template <class T>
std::vector<BenchOperation<T>> dense_operations();
template <class T>
std::vector<BenchOperation<T>> hvp_operations();
template <class T>
std::vector<BenchOperation<T>> loss_operations();
template <class T>
std::vector<BenchOperation<T>> step_operations();
template <class T>
std::vector<BenchOperation<T>> linalg_operations();
template <class T>
std::vector<BenchOperation<T>> line_operations();
template <class T>
std::vector<BenchOperation<T>> basin_operations();
template <class T>
std::vector<BenchOperation<T>> tally_operations();
template <class T>
std::vector<BenchOperation<T>> whole_operations();

}  // namespace brink
