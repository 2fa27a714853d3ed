#include "kernels/step.hpp"

#include "host/bench/groups.hpp"
#include "host/bench/shapes.hpp"

namespace brink {
namespace {

/// The same work for every shape that is a number of parameters.
template <Work (*work)(Index)>
auto const of_parameters = [](VectorShape const& shape) { return work(shape.parameters); };

auto const gd = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                            VectorShape const& s) {
  return
      [step = place.operations.step.get(), theta = arrays.normal_vector(s.parameters),
       gradient = arrays.normal_vector(s.parameters), previous = arrays.normal_vector(s.parameters),
       scalars = arrays.template room<StepScalars>(1)] {
        step->update({Method::gd, bench_step, 0, false}, nullptr, theta, gradient, previous, {}, {},
                     nullptr, scalars.data);
      };
};

auto const polyak = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                VectorShape const& s) {
  return
      [step = place.operations.step.get(), theta = arrays.normal_vector(s.parameters),
       gradient = arrays.normal_vector(s.parameters), update = arrays.normal_vector(s.parameters),
       momentum = arrays.normal_vector(s.parameters),
       scalars = arrays.template room<StepScalars>(1)] {
        step->update({Method::polyak, bench_step, 0.9, false}, nullptr, theta, gradient, update,
                     momentum, update, nullptr, scalars.data);
      };
};

auto const observe = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                 VectorShape const& s) {
  return [step = place.operations.step.get(), gradient = arrays.normal_vector(s.parameters),
          previous = arrays.normal_vector(s.parameters),
          scalars = arrays.template room<StepScalars>(1)] {
    step->observe(gradient, previous, nullptr, scalars.data);
  };
};

auto const observe_in_span = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                         OutputShape const& s) {
  Index const size = s.examples * s.outputs;
  return [step = place.operations.step.get(), delta = arrays.normal_vector(size),
          image = arrays.normal_vector(size), previous = arrays.normal_vector(size),
          scalars = arrays.template room<StepScalars>(1)] {
    step->observe_in_span(delta, image, previous, scalars.data);
  };
};

auto const update_in_span = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                        OutputShape const& s) {
  Index const size = s.examples * s.outputs;
  return [step = place.operations.step.get(),
          scalars = arrays.keep(std::vector{StepScalars{0, 0, 0, 0, bench_step}}),
          delta = arrays.normal_vector(size), image = arrays.normal_vector(size),
          coefficients = arrays.normal_vector(size), preactivation = arrays.normal_vector(size)] {
    step->update_in_span(scalars.data, delta, image, coefficients, preactivation);
  };
};

}  // namespace

template <class T>
std::vector<BenchOperation<T>> step_operations() {
  return {{"step.gd", "the update of gradient descent with the products of RP and L",
           over<T>(vectors, of_parameters<gd_work>, gd)},
          {"step.polyak", "the same with momentum",
           over<T>(vectors, of_parameters<polyak_work>, polyak)},
          {"step.observe", "the products alone",
           over<T>(vectors, of_parameters<observe_work>, observe)},
          {"step.observe_in_span", "the products of weights in the span of the data",
           over<T>(first_layer_outputs, observe_in_span_work, observe_in_span)},
          {"step.update_in_span", "their update",
           over<T>(first_layer_outputs, update_in_span_work, update_in_span)}};
}

template std::vector<BenchOperation<float>> step_operations();
template std::vector<BenchOperation<double>> step_operations();

}  // namespace brink
