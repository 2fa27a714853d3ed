#include "bench/jobs/breakdown.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "bench/jobs/workbench.hpp"
#include "host/dynamics/gram_layer.hpp"

namespace brink::bench {
namespace {

/// The times of named pieces of work, and the order in which they first came.
class Stopwatch {
 public:
  explicit Stopwatch(Context& context) : context_(context) {}

  template <class Work>
  void time(std::string const& name, Work&& work) {
    double const seconds = seconds_of([&] {
      work();
      context_.synchronize();
    });
    if (!seconds_.contains(name)) names_.push_back(name);
    seconds_[name].push_back(seconds);
  }
  void forget() { seconds_.clear(), names_.clear(); }
  std::vector<std::string> const& names() const { return names_; }
  std::vector<double> const& seconds(std::string const& name) const { return seconds_.at(name); }

 private:
  Context& context_;
  std::vector<std::string> names_;
  std::map<std::string, std::vector<double>> seconds_;
};

template <class T>
std::string shaped(char const* operation, Matrix<T> weight) {
  return fmt::format("{}-{}-{}", operation, weight.cols, weight.rows);
}

template <class T>
class TimedDense final : public Dense<T> {
 public:
  TimedDense(std::unique_ptr<Dense<T>> inner, Stopwatch& watch)
      : inner_(std::move(inner)), watch_(watch) {}

  void forward(Matrix<T const> input, DenseLayer<T const> layer, Activation activation,
               ActivationJet<T> out) const override {
    watch_.time(shaped("forward", layer.weight),
                [&] { inner_->forward(input, layer, activation, out); });
  }
  void activate(Matrix<T const> preactivation, Activation activation,
                ActivationJet<T> out) const override {
    watch_.time("activate", [&] { inner_->activate(preactivation, activation, out); });
  }
  void weight_gradient(Matrix<T const> delta, Matrix<T const> input,
                       DenseLayer<T> gradient) const override {
    watch_.time(shaped("weight-gradient", gradient.weight),
                [&] { inner_->weight_gradient(delta, input, gradient); });
  }
  void input_gradient(Matrix<T const> delta, Matrix<T const> weight, ActivationJet<T const> below,
                      Matrix<T> delta_below, Matrix<T> bend) const override {
    watch_.time(shaped("input-gradient", weight),
                [&] { inner_->input_gradient(delta, weight, below, delta_below, bend); });
  }
  double workspace_bytes(std::vector<DenseShape> const& values,
                         std::vector<DenseShape> const& gradients) const override {
    return inner_->workspace_bytes(values, gradients);
  }

 private:
  std::unique_ptr<Dense<T>> inner_;
  Stopwatch& watch_;
};

template <class T>
class TimedLoss final : public Loss<T> {
 public:
  TimedLoss(std::unique_ptr<Loss<T>> inner, Stopwatch& watch)
      : inner_(std::move(inner)), watch_(watch) {}

  void value_and_gradient(LossKind kind, Matrix<T const> output, Targets<T> targets,
                          Vector<double> example_loss, LossSums* sums,
                          Matrix<T> delta) const override {
    watch_.time("loss", [&] {
      inner_->value_and_gradient(kind, output, targets, example_loss, sums, delta);
    });
  }
  void tangent(LossKind kind, Matrix<T const> output, Matrix<T const> output_tangent,
               Matrix<T> delta_tangent) const override {
    inner_->tangent(kind, output, output_tangent, delta_tangent);
  }
  double workspace_bytes(Index examples) const override {
    return inner_->workspace_bytes(examples);
  }

 private:
  std::unique_ptr<Loss<T>> inner_;
  Stopwatch& watch_;
};

}  // namespace

template <class T>
void measure_breakdown(JobOptions const& options, Report const& report) {
  Problem<T> problem(options.problem);
  Stopwatch watch(problem.context());
  Operations<T> operations = make_operations<T>(problem.context());
  operations.dense = std::make_unique<TimedDense<T>>(std::move(operations.dense), watch);
  operations.loss = std::make_unique<TimedLoss<T>>(std::move(operations.loss), watch);
  Pass<T> pass(problem.context(), operations, problem.model());
  Optimizer<T> optimizer(problem.context(), operations,
                         {Method::gd, options.learning_rate, 0, false}, problem.theta());

  Network const& network = problem.model().network;
  Examples<T> const examples = problem.train().examples();
  std::optional<GramLayer<T>> gram;
  if (GramLayer<T>::pays(network, examples.count())) {
    gram.emplace(problem.context(), operations, network, examples.x, optimizer.theta());
  }

  auto const step = [&] {
    pass.gradient(optimizer.theta(), examples, optimizer.gradient(), Pass<T>::Curvature::forget,
                  gram ? gram->preactivation() : Matrix<T const>{});
    KeptElsewhere first_layer;
    if (gram) watch.time("gram-product", [&] { first_layer = gram->observe(pass.first_delta()); });
    watch.time("update", [&] {
      optimizer.advance(pass.loss_in_memory(), first_layer);
      if (gram) gram->advance(optimizer.scalars_in_memory(), pass.first_delta());
    });
    watch.time("scalars", [&] { pass.sums(), optimizer.scalars(); });
  };
  step();
  watch.forget();  // the first step allocates
  Timing const whole = measure(options.samples, step);
  report.row("step/operations", whole);
  for (std::string const& name : watch.names()) {
    Timing const timing = summarize(watch.seconds(name));
    report.row("step/" + name, timing, {{"share", timing.median / whole.median}});
  }
}

template void measure_breakdown<float>(JobOptions const&, Report const&);
template void measure_breakdown<double>(JobOptions const&, Report const&);

}  // namespace brink::bench
