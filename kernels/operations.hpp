#pragma once

#include <memory>

#include "kernels/basin.hpp"
#include "kernels/context.hpp"
#include "kernels/dense.hpp"
#include "kernels/hvp.hpp"
#include "kernels/linalg.hpp"
#include "kernels/line.hpp"
#include "kernels/loss.hpp"
#include "kernels/step.hpp"
#include "kernels/tally.hpp"

namespace brink {

/// The operations of one backend at one precision, bound to the context they run on.
template <class T>
struct Operations {
  std::unique_ptr<Dense<T>> dense;
  std::unique_ptr<Hvp<T>> hvp;
  std::unique_ptr<Loss<T>> loss;
  std::unique_ptr<Step<T>> step;
  std::unique_ptr<Line<T>> line;
  std::unique_ptr<Linalg<T>> linalg;
  std::unique_ptr<Basin<T>> basin;
  std::unique_ptr<Tally> tally;
};

/// T is float or double. The context outlives its operations.
template <class T>
Operations<T> make_operations(Context& context);

}  // namespace brink
