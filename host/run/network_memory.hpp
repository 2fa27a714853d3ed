#pragma once

#include "host/run/spectrum.hpp"
#include "host/run/train.hpp"

namespace brink {

/// What `brink train` needs. T: the precision.
template <class T>
MemoryPlan plan_training(TrainOptions const& options, ProblemSizes<T> const& sizes);

/// What `brink spectrum` needs.
template <class T>
MemoryPlan plan_spectrum(SpectrumOptions const& options, ProblemSizes<T> const& sizes);

}  // namespace brink
