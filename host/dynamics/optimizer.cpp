#include "host/dynamics/optimizer.hpp"

#include "host/network/names.hpp"

namespace brink {
namespace {

constexpr Names<Method, 6> method_names("--method", {{{"gd", Method::gd},
                                                      {"sgd", Method::sgd},
                                                      {"normalized-gd", Method::normalized_gd},
                                                      {"polyak", Method::polyak},
                                                      {"nesterov", Method::nesterov},
                                                      {"flow", Method::flow}}});

/// All but the first entries.
template <class T>
Vector<T> from(Vector<T> v, Index first) {
  return v.empty() ? v : Vector<T>{v.data + first, v.size - first};
}

}  // namespace

Method parse_method(std::string const& name) {
  return method_names.parse(name);
}
std::string method_name(Method method) {
  return method_names.of(method);
}

template <class T>
Optimizer<T>::Optimizer(Context& context, Operations<T> const& operations, UpdateRule rule,
                        std::vector<T> const& theta)
    : context_(&context),
      operations_(&operations),
      rule_(rule),
      theta_(context, theta),
      gradient_(context, std::ssize(theta)),
      previous_(context, std::ssize(theta)),
      scalars_(context, 1) {
  // Defined even where they belong to parameters that are kept elsewhere.
  gradient_.fill_zero();
  previous_.fill_zero();
  if (has_momentum()) {
    momentum_ = Buffer<T>(context, theta_.size());
    momentum_.fill_zero();
  }
  if (rule.method == Method::flow) {
    stage_gradient_ = Buffer<T>(context, theta_.size());
    stage_theta_ = Buffer<T>(context, theta_.size());
  }
}

template <class T>
void Optimizer<T>::advance(double const* loss, KeptElsewhere const& elsewhere) {
  Index const first = elsewhere.parameters;
  operations_->step->update(rule_, loss, from(theta(), first), from(gradient(), first),
                            from(previous(), first), momentum_.view(),
                            update_is_gradient() ? Vector<T>{} : previous_.view(),
                            elsewhere.scalars, scalars_.view().data);
  if (update_is_gradient()) gradient_.swap(previous_);
  has_previous_ = true;
}

template <class T>
void Optimizer<T>::advance_flow(double step, Field const& gradient_at) {
  // The overlap of ∇f(θ) with the last displacement is taken before that is written over.
  observe();
  double const overlap = scalars().previous_overlap;
  struct Stage {
    double reach, weight;
  };
  Index const size = theta_.size();
  stage_gradient_.copy_from(gradient_.view());
  auto const& linalg = *operations_->linalg;
  linalg.combine({1.0 / 6}, gradient_.matrix(1, size), previous_.matrix(1, size), false);
  for (Stage const stage : {Stage{0.5, 2.0 / 6}, Stage{0.5, 2.0 / 6}, Stage{1, 1.0 / 6}}) {
    stage_theta_.copy_from(theta_.view());
    linalg.axpy(-stage.reach * step, stage_gradient_.view(), stage_theta_.view());
    gradient_at(stage_theta_.view(), stage_gradient_.view());
    linalg.axpy(stage.weight, stage_gradient_.view(), previous_.view());
  }
  rule_.learning_rate = step;
  has_previous_ = false;
  advance(nullptr);
  StepScalars scalars = this->scalars();
  scalars.previous_overlap = overlap;
  scalars_.upload({scalars});
}

template <class T>
void Optimizer<T>::observe(KeptElsewhere const& elsewhere) {
  Index const first = elsewhere.parameters;
  operations_->step->observe(from<T const>(gradient(), first), from(previous(), first),
                             elsewhere.scalars, scalars_.view().data);
}

template <class T>
void Optimizer<T>::displacement(Vector<T> out) const {
  std::vector<double> const factor{-scalars().scale};
  operations_->linalg->combine(factor, previous_.matrix(1, theta_.size()),
                               {out.data, 1, theta_.size()}, false);
}

template <class T>
OptimizerState<T> Optimizer<T>::state() const {
  return {theta_.download(), has_previous_ ? previous_.download() : std::vector<T>{},
          momentum_.download()};
}

template <class T>
void Optimizer<T>::restore(OptimizerState<T> const& state) {
  theta_.upload(state.theta);
  has_previous_ = !state.previous_update.empty();
  if (has_previous_) previous_.upload(state.previous_update);
  if (has_momentum()) momentum_.upload(state.momentum);
}

template <class T>
void Optimizer<T>::keep() {
  auto const keep = [&](Buffer<T> const& from, Buffer<T>& to) {
    if (to.size() < from.size()) to = Buffer<T>(*context_, from.size());
    if (from.size() > 0) to.copy_from(from.view());
  };
  keep(theta_, kept_theta_);
  keep(previous_, kept_previous_);
  keep(momentum_, kept_momentum_);
}

template <class T>
void Optimizer<T>::go_back() {
  theta_.copy_from(kept_theta_.view());
  previous_.copy_from(kept_previous_.view());
  if (has_momentum()) momentum_.copy_from(kept_momentum_.view());
}

template <class T>
double Optimizer<T>::bytes_needed(Method method, Index parameters, bool keeps) {
  Index const momentum = has_momentum(method) ? 1 : 0;
  Index const stages = method == Method::flow ? 2 : 0;
  Index const kept = keeps ? 2 + momentum : 0;
  return bytes_of<T>(3 + momentum + stages + kept, parameters) + sizeof(StepScalars);
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace brink
