#include "host/run/network_memory.hpp"

#include <algorithm>

#include "host/diagnostics/coarse_hessian.hpp"
#include "host/diagnostics/segment_sharpness.hpp"
#include "host/diagnostics/whole_spectrum.hpp"
#include "host/dynamics/gram_layer.hpp"
#include "host/dynamics/optimizer.hpp"
#include "host/dynamics/steps_ahead.hpp"

namespace brink {
namespace {

/// What would make a part smaller.
constexpr char const* fewer_examples = "fewer --examples";
constexpr char const* narrower = "narrower --hidden";

/// The sizes that a run calls operations with, gathered while its parts are added up, and what
/// working memory these need.
template <class T>
class Calls {
 public:
  explicit Calls(ProblemSizes<T> const& sizes) : sizes_(sizes) {}

  void value(Index examples) {
    examples_ = std::max(examples_, examples);
    add_layers(sizes_.network, examples, values_);
  }
  void gradient(Index examples) {
    value(examples);
    add_layers(sizes_.network, examples, gradients_);
  }
  void hessian_products(Network const& network, Index examples, Index directions) {
    gradient(examples);
    add_layers(network, examples, hessians_);
    directions_ = std::max(directions_, directions);
  }
  void inner_products(LinalgShape const& shape) {
    linalg_ = std::max(linalg_, sizes_.operations.linalg->workspace_bytes(shape));
  }
  void step(Index size) { step_ = std::max(step_, size); }
  /// With the Gram matrix of so many examples.
  void image(Index examples, Index outputs) {
    image_ = sizes_.operations.linalg->apply_bytes(examples, outputs, examples);
  }

  double workspace_bytes() const {
    auto const& operations = sizes_.operations;
    return operations.dense->workspace_bytes(values_, gradients_) +
           operations.hvp->workspace_bytes(hessians_, directions_) +
           operations.loss->workspace_bytes(examples_) +
           (step_ > 0 ? operations.step->workspace_bytes(step_) : 0) + linalg_ + image_;
  }

 private:
  static void add_layers(Network const& network, Index examples, std::vector<DenseShape>& shapes) {
    for (Index l = 0; l < network.layers(); ++l) {
      shapes.push_back({examples, network.inputs(l), network.outputs(l)});
    }
  }

  ProblemSizes<T> const& sizes_;
  std::vector<DenseShape> values_, gradients_, hessians_;
  Index directions_ = 0, examples_ = 0, step_ = 0;
  double linalg_ = 0, image_ = 0;
};

template <class T>
MemoryPlan plan_for(ProblemSizes<T> const& sizes) {
  MemoryPlan plan(sizes.context.device());
  if (sizeof(T) == sizeof(double)) plan.add_remedy("--precision float32");
  plan.add("data", TrainingSet<T>::bytes_needed(sizes.train), fewer_examples);
  return plan;
}

/// What curvature over `n` examples adds to a pass that is used otherwise, too.
template <class T>
double curvature_bytes(Network const& network, PassUse const& without, Index n, Index directions) {
  PassUse with = without;
  with.values = std::max(with.values, n);
  with.gradients = std::max(with.gradients, n);
  with.curvatures = n;
  with.directions = directions;
  return Pass<T>::bytes_needed(network, with) - Pass<T>::bytes_needed(network, without);
}

/// What solvers for eigenpairs need, which come one after the other, and the coarse Hessian that
/// they may share.
template <class T>
class SolverPlan {
 public:
  SolverPlan(ProblemSizes<T> const& sizes, bool with_coarse, Calls<T>& calls)
      : sizes_(sizes), calls_(calls) {
    if (with_coarse) coarse_ = CoarseHessian<T>::network(sizes.network, examples());
    if (!coarse_) return;
    Index const rank = coarse_->inputs(0);
    calls.inner_products({rank, rank, sizes.network.inputs(0), 0});
    most_ = CoarseHessian<T>::bytes_to_make(sizes.network, *coarse_);
  }

  /// A solver for `count` eigenpairs.
  void add(Index count, char const* remedy) {
    Index const parameters = sizes_.network.parameters();
    add_calls(sizes_.network, count);
    if (coarse_) add_calls(*coarse_, count);
    add(EigenSolver<T>::bytes_needed(parameters, count, coarse_ ? coarse_->parameters() : 0),
        EigenSolver<T>::carried(parameters, count), remedy);
  }
  void add_density(Index probes) {
    Index const parameters = sizes_.network.parameters();
    calls_.hessian_products(sizes_.network, examples(), probes);
    calls_.inner_products({probes, probes, parameters, 0});
    add(density_bytes_needed<T>(parameters, probes), probes, "smaller --probes");
  }

  /// Every eigenvalue.
  void add_all() {
    Index const parameters = sizes_.network.parameters();
    calls_.hessian_products(sizes_.network, examples(), unit_vectors_at_once);
    calls_.inner_products({.symmetric = parameters});
    add(whole_spectrum_bytes<T>(parameters), unit_vectors_at_once,
        "--top, --bottom and --density instead of --all");
  }

  double bytes() const { return solver_bytes() + coarse_bytes(); }
  double solver_bytes() const { return most_; }
  double coarse_bytes() const {
    return coarse_ ? CoarseHessian<T>::bytes_needed(sizes_.network, *coarse_, examples()) : 0;
  }
  Index directions() const { return directions_; }  ///< that are multiplied at a time
  char const* remedy() const { return remedy_; }

 private:
  Index examples() const { return sizes_.train.examples; }
  void add_calls(Network const& network, Index count) {
    Index const parameters = network.parameters();
    calls_.hessian_products(network, examples(), EigenSolver<T>::carried(parameters, count));
    calls_.inner_products(EigenSolver<T>::largest_products(parameters, count));
  }
  void add(double bytes, Index directions, char const* remedy) {
    if (bytes > most_) remedy_ = remedy;
    most_ = std::max(most_, bytes);
    directions_ = std::max(directions_, directions);
  }

  ProblemSizes<T> const& sizes_;
  Calls<T>& calls_;
  std::optional<Network> coarse_;
  double most_ = 0;
  Index directions_ = 0;
  char const* remedy_ = narrower;
};

template <class T>
class TrainingPlan {
 public:
  TrainingPlan(TrainOptions const& options, ProblemSizes<T> const& sizes)
      : options_(options),
        sizes_(sizes),
        network_(sizes.network),
        n_(sizes.train.examples),
        parameters_(sizes.network.parameters()),
        batch_(sgd() ? std::min(options.batch_size, n_) : n_),
        gram_(!sizes.is_share && uses_gram(options, sizes.network, n_)),
        calls_(sizes),
        plan_(plan_for(sizes)) {}

  MemoryPlan make() {
    add_descent();
    if (options_.sharpness_every > 0) add_sharpness();
    if (options_.segment_every > 0) add_segments();
    if (options_.line_every > 0) add_lines();
    if (sizes_.test) add_test();
    if (options_.expectation_every > 0) add_expectation();
    plan_.add("working memory", calls_.workspace_bytes(), narrower);
    return plan_;
  }

 private:
  bool sgd() const { return options_.method == Method::sgd; }
  Index layer_size() const { return n_ * network_.outputs(0); }
  PassUse test_pass() const { return {.values = sizes_.test ? sizes_.test->examples : 0}; }

  void add_descent() {
    bool const runs_ahead = !sgd() && options_.method != Method::flow;
    bool const keeps = runs_ahead && StepsAhead::most(sizes_.context) > 0;
    plan_.add("parameters",
              Optimizer<T>::bytes_needed(options_.method, parameters_, keeps) +
                  StepsAhead::bytes_needed(sizes_.context) + bytes_of<T>(gram_ ? parameters_ : 0),
              narrower);
    pass_ = {.values = batch_, .gradients = batch_};
    plan_.add("activations", Pass<T>::bytes_needed(network_, pass_),
              sgd() ? "smaller --batch-size" : fewer_examples);
    calls_.gradient(batch_);
    calls_.step(parameters_);
    calls_.inner_products({1, 1, 1, 0});  // the factors of a displacement
    if (gram_) {
      plan_.add("Gram matrix", GramLayer<T>::bytes_needed(network_, n_, keeps), "--no-gram");
      calls_.step(layer_size());
      calls_.image(n_, network_.outputs(0));
    }
    if (sgd()) {
      plan_.add("minibatch", BatchBuffer<T>::bytes_needed(sizes_.train, batch_),
                "smaller --batch-size");
      calls_.inner_products({0, 0, 0, batch_});
    }
  }

  void add_sharpness() {
    SolverPlan<T> solver(sizes_, true, calls_);
    solver.add(options_.top, options_.top > 1 ? "smaller --top" : narrower);
    plan_.add("eigenvectors", solver.bytes(), solver.remedy());
    PassUse const without = sgd() ? test_pass() : pass_;
    plan_.add("curvature",
              curvature_bytes<T>(network_, without, n_, solver.directions()) +
                  bytes_of<T>(sgd() ? parameters_ : 0),  // a gradient of its own
              fewer_examples);
  }

  void add_segments() {
    SolverPlan<T> solver(sizes_, true, calls_);
    solver.add(1, narrower);
    bool const shares_coarse = options_.sharpness_every > 0;
    bool const shares_curvature = sgd() && options_.sharpness_every > 0;
    double const curvature = curvature_bytes<T>(network_, test_pass(), n_, solver.directions());
    plan_.add("sharpness along steps",
              SegmentSharpness<T>::bytes_needed(parameters_) + solver.solver_bytes() +
                  (shares_coarse ? 0 : solver.coarse_bytes()) + (shares_curvature ? 0 : curvature),
              "no --segment-every");
  }

  void add_lines() {
    // Where it starts, and its direction; the first layer's preactivation at the one and along the
    // other.
    double const vectors = bytes_of<T>(2, parameters_);
    double const preactivations = bytes_of<T>(2, layer_size());
    std::vector<Index> const outputs(network_.widths().begin() + 1, network_.widths().end());
    SweepShape const line{n_, outputs, options_.line_points + 1};
    plan_.add("line sweeps",
              vectors + preactivations + sizes_.operations.line->workspace_bytes(line),
              "no --line-every");
  }

  void add_test() {
    Index const examples = sizes_.test->examples;
    plan_.add("test set",
              TrainingSet<T>::bytes_needed(*sizes_.test) +
                  Pass<T>::bytes_needed(network_, {.values = examples}),
              "no --test-every");
    calls_.value(examples);
  }

  void add_expectation() {
    plan_.add("expectation", ExpectationProbe<T>::bytes_needed(network_, sizes_.train, batch_),
              "no --expectation-every");
    calls_.gradient(n_);
    calls_.inner_products({1, 1, parameters_, batch_});
  }

  TrainOptions const& options_;
  ProblemSizes<T> const& sizes_;
  Network const& network_;
  Index n_, parameters_, batch_;  // batch: of a step
  bool gram_;
  PassUse pass_;
  Calls<T> calls_;
  MemoryPlan plan_;
};

}  // namespace

template <class T>
MemoryPlan plan_training(TrainOptions const& options, ProblemSizes<T> const& sizes) {
  return TrainingPlan<T>(options, sizes).make();
}

template <class T>
MemoryPlan plan_spectrum(SpectrumOptions const& options, ProblemSizes<T> const& sizes) {
  Index const n = sizes.train.examples;
  Index const parameters = sizes.network.parameters();
  MemoryPlan plan = plan_for(sizes);
  plan.add("parameters", bytes_of<T>(2, parameters), narrower);

  Calls<T> calls(sizes);
  SolverPlan<T> solver(sizes, options.top > 0, calls);
  if (options.top > 0) solver.add(options.top, "smaller --top");
  if (options.bottom > 0) solver.add(options.bottom, "smaller --bottom");
  if (options.all) solver.add_all();
  if (options.density || options.trace) solver.add_density(options.probes);
  plan.add("eigenvectors", solver.bytes(), solver.remedy());

  PassUse const gradient{.values = n, .gradients = n};
  plan.add("activations", Pass<T>::bytes_needed(sizes.network, gradient), fewer_examples);
  plan.add("curvature", curvature_bytes<T>(sizes.network, gradient, n, solver.directions()),
           fewer_examples);
  calls.inner_products({1, 1, parameters, 0});
  plan.add("working memory", calls.workspace_bytes(), narrower);
  return plan;
}

template MemoryPlan plan_training<float>(TrainOptions const&, ProblemSizes<float> const&);
template MemoryPlan plan_training<double>(TrainOptions const&, ProblemSizes<double> const&);
template MemoryPlan plan_spectrum<float>(SpectrumOptions const&, ProblemSizes<float> const&);
template MemoryPlan plan_spectrum<double>(SpectrumOptions const&, ProblemSizes<double> const&);

}  // namespace brink
