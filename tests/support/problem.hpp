#pragma once

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/network/initialize.hpp"
#include "host/objective/loss_name.hpp"
#include "host/objective/training_set.hpp"
#include "tests/oracle/oracle.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {

inline std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (auto const& function : oracle::activations()) names.emplace_back(function.name);
  return names;
}

struct ProblemShape {
  Index examples = 33;
  Index features = 13;
  std::vector<Index> hidden{7, 5};
  Index outputs = 4;
  bool regression = false;

  std::vector<Index> widths() const {
    std::vector<Index> all{features};
    all.insert(all.end(), hidden.begin(), hidden.end());
    all.push_back(outputs);
    return all;
  }
};

/// One objective and a point, for the oracle and for brink: both see the same numbers, which
/// precision T holds exactly. The point keeps away from kinks.
template <class T>
struct SmallProblem {
  SmallProblem(ProblemShape const& shape, std::string const& activation, std::string const& loss)
      : model{Network(shape.widths(), parse_activation(activation)), parse_loss(loss)},
        oracle{shape.widths(), activation, loss, {}, {}, {}} {
    data.examples = shape.examples;
    data.features = shape.features;
    data.outputs = shape.outputs;
    data.x = narrowed<T>(random_vector(shape.examples * shape.features, 1));
    for (Index i = 0; i < shape.examples; ++i) {
      auto const row = data.x.begin() + i * shape.features;
      oracle.x.emplace_back(row, row + shape.features);
    }
    if (shape.regression) {
      data.values = narrowed<T>(random_vector(shape.examples * shape.outputs, 2));
      for (Index i = 0; i < shape.examples; ++i) {
        auto const row = data.values.begin() + i * shape.outputs;
        oracle.targets.emplace_back(row, row + shape.outputs);
      }
    } else {
      for (Index i = 0; i < shape.examples; ++i) {
        double const draw = uniform(3, 0, static_cast<std::uint64_t>(i));
        data.labels.push_back(static_cast<std::int32_t>(draw * static_cast<double>(shape.outputs)));
      }
      oracle.labels = data.labels;
    }
    choose_theta();
  }

  /// A direction in parameter space, or several as rows.
  std::vector<double> directions(Index count, std::uint64_t seed = 7) const {
    return random_values<T>(count * model.network.parameters(), seed);
  }

  Model model;
  oracle::Problem oracle;
  Dataset<T> data;
  std::vector<double> theta;

 private:
  void choose_theta() {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      theta = widened(initialize<T>(model.network, Initialization::pytorch, seed));
      // Twice the default, so that the activations leave their linear range.
      for (double& entry : theta) entry *= 2;
      if (oracle.clearance(theta) > 1e-4) return;
    }
    throw std::runtime_error("no point keeps away from the kinks");
  }
};

/// A SmallProblem in a context's memory, ready for passes.
template <class T>
struct LoadedProblem {
  LoadedProblem(SmallProblem<T> const& problem, int threads = 2)
      : machine(threads),
        set(*machine.context, problem.data),
        theta(*machine.context, narrowed<T>(problem.theta)),
        pass(*machine.context, machine.operations, problem.model) {}

  Buffer<T> upload(std::vector<double> const& values) {
    return Buffer<T>(*machine.context, narrowed<T>(values));
  }

  Machine<T> machine;
  TrainingSet<T> set;
  Buffer<T> theta;
  Pass<T> pass;
};

}  // namespace brink::test
