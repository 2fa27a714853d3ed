#include "host/bench/groups.hpp"
#include "host/bench/shapes.hpp"
#include "host/network/initialize.hpp"
#include "host/objective/pass.hpp"

namespace brink {
namespace {

/// A network at its initial parameters, with a pass over data. Stays where it is: the pass refers
/// to the model.
template <class T>
class Trained {
 public:
  Trained(BenchPlace<T> const& place, BenchArrays<T>& arrays, NetworkShape const& s)
      : step_(place.operations.step.get()),
        model_{Network({s.features, s.width, s.width, s.outputs}, Activation::tanh),
               LossKind::cross_entropy},
        pass_(place.context, place.operations, model_),
        theta_(arrays.keep(initialize<T>(model_.network, Initialization::pytorch, 0))),
        gradient_(arrays.normal_vector(theta_.size)),
        previous_(arrays.normal_vector(theta_.size)),
        scalars_(arrays.template room<StepScalars>(1)) {
    examples_.x = arrays.normal_matrix(s.examples, s.features);
    examples_.targets.labels = arrays.labels(s.examples, s.outputs);
  }
  Trained(Trained const&) = delete;
  Trained& operator=(Trained const&) = delete;

  void descend() {
    pass_.gradient(theta_, examples_, gradient_);
    step_->update({Method::gd, bench_step, 0, false}, pass_.loss_in_memory(), theta_, gradient_,
                  previous_, {}, {}, nullptr, scalars_.data);
  }
  void keep_curvature() { pass_.gradient(theta_, examples_, gradient_, Pass<T>::Curvature::keep); }
  void hessian_products(Matrix<T const> vectors, Matrix<T> products) {
    pass_.hessian_products(vectors, products);
  }

 private:
  Step<T> const* step_;
  Model model_;
  Pass<T> pass_;
  Vector<T> theta_, gradient_, previous_;
  Vector<StepScalars> scalars_;
  Examples<T> examples_;
};

/// Recorded, as training issues it.
auto const gd_step = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                 NetworkTangentShape const& s) {
  auto const trained = std::make_shared<Trained<T>>(place, arrays, s.network);
  trained->descend();  // allocates
  std::shared_ptr<Recording> const step = place.context.record([trained] { trained->descend(); });
  return [step] { step->replay(); };
};

auto const hessian_products = []<class T>(BenchPlace<T> const& place, BenchArrays<T>& arrays,
                                          NetworkTangentShape const& s) {
  auto const trained = std::make_shared<Trained<T>>(place, arrays, s.network);
  trained->keep_curvature();
  return [trained, vectors = arrays.normal_matrix(s.directions, s.network.parameters()),
          products = arrays.matrix(s.directions, s.network.parameters())] {
    trained->hessian_products(vectors, products);
  };
};

}  // namespace

template <class T>
std::vector<BenchOperation<T>> whole_operations() {
  return {{"whole.gd_step", "a step of gradient descent with loss, accuracy, RP and L",
           over<T>(
               networks, [](NetworkTangentShape const& s) { return gd_step_work(s.network); },
               gd_step)},
          {"whole.hessian_products", "Hessian-vector products along k directions",
           over<T>(
               network_tangents,
               [](NetworkTangentShape const& s) {
                 return hessian_products_work(s.network, s.directions);
               },
               hessian_products)}};
}

template std::vector<BenchOperation<float>> whole_operations();
template std::vector<BenchOperation<double>> whole_operations();

}  // namespace brink
