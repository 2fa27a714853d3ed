#pragma once

#include <vector>

#include "bench/jobs/job.hpp"
#include "host/objective/pass.hpp"
#include "kernels/math/random.hpp"

namespace brink::bench {

/// A problem at its θ, with a pass over its training data and room for a gradient.
template <class T>
struct Workbench {
  explicit Workbench(ProblemOptions const& options)
      : problem(options),
        network(problem.model().network),
        examples(problem.train().examples()),
        pass(problem.context(), problem.operations(), problem.model()),
        theta(problem.context(), problem.theta()),
        gradient(problem.context(), network.parameters()) {}
  Workbench(Workbench const&) = delete;
  Workbench& operator=(Workbench const&) = delete;

  void compute_gradient(typename Pass<T>::Curvature curvature) {
    pass.gradient(theta.view(), examples, gradient.view(), curvature);
    synchronize();
  }
  void synchronize() { problem.context().synchronize(); }

  Problem<T> problem;
  Network const& network;
  Examples<T> examples;
  Pass<T> pass;
  Buffer<T> theta, gradient;
};

/// `size` standard normal numbers, the same in every run.
template <class T>
Buffer<T> random_buffer(Context& context, Index size) {
  std::vector<T> values(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(normal(0, 0, i));
  return Buffer<T>(context, values);
}

/// Operations of all products that a layer takes part in, `products` of them for the first layer
/// and `products_above` for each of the others.
inline double product_flops(Network const& network, Index examples, int products,
                            int products_above) {
  double flops = 0;
  for (Index l = 0; l < network.layers(); ++l) {
    flops += 2.0 * static_cast<double>(examples * network.inputs(l) * network.outputs(l)) *
             (l == 0 ? products : products_above);
  }
  return flops;
}

/// Of one gradient: forward, weight gradient and, above the first layer, input gradient.
inline double gradient_flops(Network const& network, Index examples) {
  return product_flops(network, examples, 2, 3);
}

/// Of a step of gradient descent: with the data's Gram matrix, one product in the first layer.
inline double step_flops(Network const& network, Index examples, bool gram) {
  Index const saved = gram ? 2 * network.inputs(0) - examples : 0;
  return gradient_flops(network, examples) -
         2.0 * static_cast<double>(examples * network.outputs(0) * saved);
}

/// Of a Hessian-vector product at a θ whose state is kept: each of those products has two factors
/// to be differentiated, except that the data have no tangent.
inline double hessian_product_flops(Network const& network, Index examples) {
  return product_flops(network, examples, 2, 6);
}

}  // namespace brink::bench
