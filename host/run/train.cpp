#include "host/run/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "host/data/npy.hpp"
#include "host/diagnostics/coarse_hessian.hpp"
#include "host/diagnostics/line_sweep.hpp"
#include "host/diagnostics/segment_sharpness.hpp"
#include "host/dynamics/gram_layer.hpp"
#include "host/dynamics/optimizer.hpp"
#include "host/dynamics/steps_ahead.hpp"
#include "host/record/checkpoint.hpp"
#include "host/run/network_memory.hpp"
#include "host/run/output.hpp"
#include "host/run/train_record.hpp"
#include "kernels/error.hpp"
#include "kernels/math/nan.hpp"

namespace brink {
namespace {

/// A loss beyond this multiple of max(1, first loss) counts as divergence.
constexpr double divergence_factor = 1e4;

bool due(Index step, Index every) {
  return every > 0 && step % every == 0;
}

double median(std::vector<double> values) {
  if (values.empty()) return nan;
  auto const middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// What a record that a finished run left says.
TrainResult finished_result(ZarrGroup const& record) {
  auto const last = [&](char const* name) {
    std::vector<double> const values = record.has(name) ? record.read(name) : std::vector<double>{};
    return values.empty() ? nan : values.back();
  };
  std::string const reason = record.attributes().at("stop_reason");
  return {reason, static_cast<Index>(last("step")), last("loss"), last("accuracy"), nan, nan, nan};
}

/// InputError where the options do not go with the data or the network.
template <class T>
void check_options(TrainOptions const& options, ProblemSizes<T> const& sizes) {
  if (options.test_every > 0 && !sizes.test) {
    throw InputError(fmt::format("--test-every {}: {} has no test set", options.test_every,
                                 options.problem.data.source));
  }
  Index const parameters = sizes.network.parameters();
  if (options.sharpness_every > 0 && options.top > parameters) {
    throw InputError(
        fmt::format("--top {}: the network has only {} parameters", options.top, parameters));
  }
}

/// InputError on what ranks that share the examples cannot do.
void check_for_ranks(TrainOptions const& options) {
  if (options.method == Method::sgd) {
    throw InputError("--method sgd: ranks share the examples of a full batch; start one process");
  }
  if (options.gram.value_or(false)) {
    throw InputError("--gram: the Gram matrix is of all examples, which ranks share; leave it out");
  }
}

/// One training run. At each step t: f and ∇f at θ_t, which complete the row of t−1; diagnostics at
/// θ_t; the tests that end the run; the update. The row of t waits for the next gradient, and a
/// checkpoint, taken after an update, holds it.
template <class T>
class TrainingRun {
 public:
  TrainingRun(TrainOptions const& options, RunHooks const& hooks)
      : options_(options),
        hooks_(hooks),
        problem_(
            options.problem,
            [&](ProblemSizes<T> const& sizes) {
              check_options(options, sizes);
              return plan_training(options, sizes);
            },
            options.test_every > 0, *hooks.ranks),
        examples_(problem_.train().examples()),
        optimizer_(
            problem_.context(), problem_.operations(),
            {options.method, options.learning_rate, options.momentum, options.on_square_root},
            problem_.theta()),
        ahead_(problem_.context()),
        pass_(problem_.context(), problem_.operations(), problem_.model()),
        test_pass_(problem_.context(), problem_.operations(), problem_.model()),
        checkpoint_(options.resume && has_checkpoint(options.out)
                        ? std::optional(load_checkpoint(options.out))
                        : std::nullopt),
        gram_(make_gram_layer()),
        eigen_(problem_.context(), *problem_.operations().linalg, parameters(),
               eigen_options(options.top)),
        record_(checkpoint_ ? reopen(*checkpoint_) : create()) {
    checkpoint_.reset();
    if (options.sharpness_every > 0 || options.segment_every > 0) {
      coarse_ = CoarseHessian<T>::create(problem_.context(), problem_.operations(),
                                         problem_.model(), examples_);
    }
    if (options.segment_every > 0) {
      segment_.emplace(problem_.context(), problem_.operations(), parameters(), examples_,
                       test_pass_, coarse_.get(), eigen_options(1));
    }
    if (options.line_every > 0) {
      line_theta_ = Buffer<T>(problem_.context(), parameters());
      line_direction_ = Buffer<T>(problem_.context(), parameters());
    }
    if (gram_) {
      all_parameters_ = Buffer<T>(problem_.context(), parameters());
      Index const size = examples_.count() * problem_.model().network.outputs(0);
      line_preactivation_ = Buffer<T>(problem_.context(), options.line_every > 0 ? size : 0);
      line_tangent_ = Buffer<T>(problem_.context(), line_preactivation_.size());
    }
    if (options.method == Method::sgd) {
      batches_ = {examples_.count(), std::min(options.batch_size, examples_.count()),
                  options.problem.seed};
      batch_.emplace(problem_.context(), *problem_.operations().linalg, examples_,
                     batches_.batch_size);
    }
    hooks.planned(problem_.memory_plan());
  }

  TrainResult run();

 private:
  Index parameters() const { return problem_.model().network.parameters(); }
  bool sgd() const { return options_.method == Method::sgd; }
  EigenOptions eigen_options(Index count) const {
    return {count, SpectrumEnd::largest, options_.sharpness_tolerance, 1000, options_.problem.seed};
  }

  std::unique_ptr<GramLayer<T>> make_gram_layer();
  TrainRecord create();
  TrainRecord reopen(Checkpoint const& checkpoint);
  void restore(Checkpoint const& checkpoint);
  void check_that_ranks_agree();
  void save_checkpoint_now();
  bool checkpoint_due();

  Vector<T const> theta();
  void issue_gradient(Examples<T> const& examples, typename Pass<T>::Curvature curvature);
  void issue_update();
  void evaluate();
  StepRow row(LossSums const& sums, Index examples) const;
  void complete_pending_row(StepScalars const& after);
  void finish_step(StepScalars const& scalars);
  Index steps_ahead() const;
  bool go_ahead(Index count);
  void diagnose(bool at_the_end);
  void measure_sharpness();
  std::vector<double> alignment(Vector<T const> gradient, Eigenpairs const& pairs) const;
  void measure_test();
  void measure_expectation();
  std::string reason_to_stop() const;
  void advance();
  KeptElsewhere observe_first_layer();
  LineFunction line();
  void sweep_line();
  void measure_segment();
  TrainResult descend();
  TrainResult last_row(std::string const& reason);
  TrainResult finish(std::string const& reason);

  TrainOptions const& options_;
  RunHooks const& hooks_;
  Problem<T> problem_;
  Examples<T> examples_;
  Optimizer<T> optimizer_;
  StepsAhead ahead_;
  Pass<T> pass_, test_pass_;
  std::optional<Checkpoint> checkpoint_;  ///< while this is constructed: where to go on
  std::unique_ptr<GramLayer<T>> gram_;    ///< null: the optimizer has the first layer as well
  EigenSolver<T> eigen_;
  std::unique_ptr<CoarseHessian<T>> coarse_;
  Minibatches batches_{};
  std::optional<BatchBuffer<T>> batch_;
  std::optional<ExpectationProbe<T>> expectation_;
  std::optional<SegmentSharpness<T>> segment_;
  Buffer<T> all_parameters_;
  Buffer<T> line_theta_, line_direction_, line_preactivation_, line_tangent_;
  std::chrono::steady_clock::time_point last_checkpoint_ = std::chrono::steady_clock::now();

  // What a checkpoint holds besides vectors.
  Index step_ = 0;
  double time_ = 0;
  double sharpness_ = nan;
  double first_loss_ = nan;
  std::optional<StepRow> pending_;  ///< the row of step_ − 1, its RP and L still open
  StepScalars scalars_{};           ///< of the update that left it

  StepRow now_{};  ///< at θ of step_
  bool curvature_kept_ = false;
  bool shapes_seen_ = false;    ///< a step was issued, and memory made for it
  double full_accuracy_ = nan;  ///< sgd: of the last expectation
  TrainRecord record_;
};

template <class T>
std::unique_ptr<GramLayer<T>> TrainingRun<T>::make_gram_layer() {
  Network const& network = problem_.model().network;
  bool const shares = !examples_.share.is_all();
  bool const keeps = checkpoint_ && checkpoint_->arrays.contains("gram_coefficients");
  if (shares && keeps) {
    throw InputError(fmt::format(
        "--resume: {} was begun by one process, with the Gram matrix of all examples, which ranks "
        "share; go on with one",
        options_.out));
  }
  bool const wanted = !shares && uses_gram(options_, network, examples_.count());
  if (checkpoint_ ? !keeps : !wanted) return nullptr;
  return std::make_unique<GramLayer<T>>(problem_.context(), problem_.operations(), network,
                                        examples_.x, optimizer_.theta());
}

/// θ with all its layers, for who wants to read it.
template <class T>
Vector<T const> TrainingRun<T>::theta() {
  if (!gram_) return optimizer_.theta();
  gram_->parameters(optimizer_.theta(), all_parameters_.view());
  return all_parameters_.view();
}

template <class T>
TrainRecord TrainingRun<T>::create() {
  if (options_.until_accuracy && !problem_.train().has_labels()) {
    throw InputError("--until-accuracy needs class labels; for values there is --until-loss");
  }
  nlohmann::json attributes = common_attributes(problem_, options_.problem, "train");
  attributes["method"] = method_name(options_.method);
  attributes["objective"] = options_.on_square_root ? "sqrt" : "loss";
  attributes["learning_rate"] = options_.learning_rate;
  attributes["stop_reason"] = "running";
  attributes["first_layer_products"] = gram_ ? "gram" : "data";
  attributes["config"] = to_json(options_);
  if (!problem_.ranks().is_first()) return {};
  return TrainRecord::create(options_, std::move(attributes));
}

template <class T>
TrainRecord TrainingRun<T>::reopen(Checkpoint const& checkpoint) {
  check_same_config(options_.out, checkpoint.state.at("config"), to_json(options_));
  if (checkpoint.state.at("data_fingerprint") != problem_.fingerprint()) {
    throw InputError(
        fmt::format("--resume: the data or the initial parameters are not those that {} was made "
                    "with",
                    options_.out));
  }
  restore(checkpoint);
  if (!problem_.ranks().is_first()) return {};
  return TrainRecord::resume(options_, checkpoint.state.at("rows"));
}

template <class T>
void TrainingRun<T>::restore(Checkpoint const& checkpoint) {
  auto const count = static_cast<std::size_t>(parameters());
  bool const has_previous = checkpoint.arrays.contains("previous_update");
  optimizer_.restore(
      {checkpoint.get<T>("theta", count),
       has_previous ? checkpoint.get<T>("previous_update", count) : std::vector<T>{},
       optimizer_.has_momentum() ? checkpoint.get<T>("momentum", count) : std::vector<T>{}});
  if (gram_) {
    auto const size =
        static_cast<std::size_t>(examples_.count() * problem_.model().network.outputs(0));
    gram_->restore({checkpoint.get<T>("gram_coefficients", size),
                    checkpoint.get<T>("gram_preactivation", size),
                    has_previous ? checkpoint.get<T>("gram_image", size) : std::vector<T>{}});
  }
  if (checkpoint.arrays.contains("eigenvectors")) {
    eigen_.restore(checkpoint.get<T>("eigenvectors"));
  }
  nlohmann::json const& state = checkpoint.state;
  step_ = state.at("step");
  time_ = state.at("time");
  sharpness_ = state.at("sharpness");
  first_loss_ = state.at("first_loss");
  full_accuracy_ = state.at("full_accuracy");
  scalars_ = checkpoint.get<StepScalars>("scalars", 1).front();
  if (checkpoint.arrays.contains("pending")) {
    pending_ = checkpoint.get<StepRow>("pending", 1).front();
  }
}

template <class T>
void TrainingRun<T>::save_checkpoint_now() {
  last_checkpoint_ = std::chrono::steady_clock::now();
  if (!problem_.ranks().is_first()) return;
  record_.flush();
  Checkpoint checkpoint;
  checkpoint.state = {{"config", to_json(options_)},
                      {"data_fingerprint", problem_.fingerprint()},
                      {"rows", record_.rows()},
                      {"step", step_},
                      {"time", time_},
                      {"sharpness", sharpness_},
                      {"first_loss", first_loss_},
                      {"full_accuracy", full_accuracy_}};
  OptimizerState<T> const optimizer = optimizer_.state();
  auto const put = [&](char const* name, std::vector<T> const& values) {
    if (!values.empty()) checkpoint.put(name, std::span<T const>(values));
  };
  put("theta", optimizer.theta);
  put("previous_update", optimizer.previous_update);
  put("momentum", optimizer.momentum);
  if (gram_) {
    GramLayerState<T> const layer = gram_->state();
    put("gram_coefficients", layer.coefficients);
    put("gram_preactivation", layer.preactivation);
    put("gram_image", layer.previous_image);
  }
  put("eigenvectors", eigen_.state());
  checkpoint.put("scalars", std::span<StepScalars const>(&scalars_, 1));
  if (pending_) checkpoint.put("pending", std::span<StepRow const>(&*pending_, 1));
  save_checkpoint(options_.out, checkpoint);
}

/// Each rank makes the same steps from the same gradients. That they did is looked at in the end.
template <class T>
void TrainingRun<T>::check_that_ranks_agree() {
  if (problem_.ranks().is_alone()) return;
  std::vector<T> const all = optimizer_.state().theta;
  auto const* const bytes = reinterpret_cast<char const*>(all.data());
  problem_.ranks().must_agree(
      "parameters",
      fmt::format("hash {:016x}", std::hash<std::string_view>{}({bytes, all.size() * sizeof(T)})));
}

template <class T>
bool TrainingRun<T>::checkpoint_due() {
  if (options_.checkpoint_every > 0) return due(step_, options_.checkpoint_every);
  return std::chrono::steady_clock::now() - last_checkpoint_ > std::chrono::seconds(30);
}

template <class T>
void TrainingRun<T>::issue_gradient(Examples<T> const& examples,
                                    typename Pass<T>::Curvature curvature) {
  pass_.gradient(optimizer_.theta(), examples, optimizer_.gradient(), curvature,
                 gram_ ? gram_->preactivation() : Matrix<T const>{});
}

template <class T>
void TrainingRun<T>::issue_update() {
  optimizer_.advance(pass_.loss_in_memory(), observe_first_layer());
  if (gram_) gram_->advance(optimizer_.scalars_in_memory(), pass_.first_delta());
}

/// f and ∇f at θ, and the row of this step as far as it is known.
template <class T>
void TrainingRun<T>::evaluate() {
  curvature_kept_ = !sgd() && due(step_, options_.sharpness_every);
  Examples<T> const& here = sgd() ? batch_->gather(batches_.of_step(step_)) : examples_;
  issue_gradient(here, curvature_kept_ ? Pass<T>::Curvature::keep : Pass<T>::Curvature::forget);
  now_ = row(pass_.sums(), here.of_all_ranks());
  shapes_seen_ = true;
  if (std::isnan(first_loss_)) first_loss_ = now_.loss;
}

/// What is known of this step's row from f(θ) alone.
template <class T>
StepRow TrainingRun<T>::row(LossSums const& sums, Index examples) const {
  double const accuracy =
      problem_.train().has_labels() ? sums.correct / static_cast<double>(examples) : nan;
  return {step_, sums.loss, accuracy, nan, nan, nan, time_};
}

/// RP and L of the last step, now that f and ⟨u, ∇f⟩ are known where it led. With the step −s u and
/// the objective F (f, or √f with ∇F = c ∇f): RP = (F' − F) / (s ⟨u, ∇F⟩), which is Definition 1
/// where u is the gradient, and L = ⟨u, ∇F − ∇F'⟩ / (s ‖u‖²), Definition 2.
template <class T>
void TrainingRun<T>::complete_pending_row(StepScalars const& after) {
  if (!pending_) return;
  if (!sgd()) {
    bool const root = options_.on_square_root;
    auto const objective = [&](double loss) { return root ? std::sqrt(loss) : loss; };
    auto const chain = [&](double loss) { return root ? slope_of_root(loss) : 1.0; };
    double const overlap = chain(pending_->loss) * scalars_.update_overlap;
    double const overlap_after = chain(now_.loss) * after.previous_overlap;
    double const change = objective(now_.loss) - objective(pending_->loss);
    pending_->relative_progress = change / (scalars_.scale * overlap);
    pending_->directional_smoothness =
        (overlap - overlap_after) / (scalars_.scale * scalars_.update_square);
  }
  record_.append(*pending_);
  pending_.reset();
}

template <class T>
void TrainingRun<T>::diagnose(bool at_the_end) {
  auto const wanted = [&](Index every) { return every > 0 && (at_the_end || due(step_, every)); };
  if (wanted(options_.sharpness_every)) measure_sharpness();
  if (wanted(options_.test_every)) measure_test();
  if (wanted(options_.expectation_every)) measure_expectation();
}

template <class T>
void TrainingRun<T>::measure_sharpness() {
  // Over all examples; after the last step it takes the place of what that has left.
  Pass<T>& pass = sgd() ? test_pass_ : pass_;
  Buffer<T> const own_gradient(problem_.context(), sgd() ? parameters() : 0);
  Vector<T> const here = sgd() ? own_gradient.view() : optimizer_.gradient();
  if (!curvature_kept_) {
    pass.gradient(optimizer_.theta(), examples_, here, Pass<T>::Curvature::keep,
                  gram_ ? gram_->preactivation() : Matrix<T const>{});
  }
  if (coarse_) coarse_->at(pass);
  Eigenpairs const pairs = eigen_.solve(
      [&](Matrix<T const> v, Matrix<T> hv) { pass.hessian_products(v, hv); }, coarse_.get());
  sharpness_ = pairs.values.front();
  Vector<T const> gradient = here;
  if (gram_) {
    gram_->gradient(pass.first_delta(), here, all_parameters_.view());
    gradient = all_parameters_.view();
  }
  record_.append_sharpness(step_, pairs, alignment(gradient, pairs));
}

/// |⟨g, v⟩| / ‖g‖ for the eigenvector v of each pair; NaN where there is none, or no direction of
/// g.
template <class T>
std::vector<double> TrainingRun<T>::alignment(Vector<T const> gradient,
                                              Eigenpairs const& pairs) const {
  std::vector<double> cosines(pairs.values.size(), nan);
  if (std::isnan(pairs.values.front())) return cosines;
  Linalg<T> const& linalg = *problem_.operations().linalg;
  Matrix<T const> const g{gradient.data, 1, gradient.size};
  double const norm = std::sqrt(linalg.inner_products(g, g).front());
  Matrix<T const> const vectors = eigen_.vectors().row_range(0, std::ssize(cosines));
  std::vector<double> const along = linalg.inner_products(g, vectors);
  std::transform(along.begin(), along.end(), cosines.begin(),
                 [&](double overlap) { return std::abs(overlap) / norm; });
  return cosines;
}

template <class T>
void TrainingRun<T>::measure_test() {
  TrainingSet<T> const& test = *problem_.test();
  test_pass_.value(theta(), test.examples());
  LossSums const sums = test_pass_.sums();
  record_.append_test(step_, sums.loss, problem_.accuracy(sums.correct, test));
}

template <class T>
void TrainingRun<T>::measure_expectation() {
  if (!expectation_) {
    expectation_.emplace(problem_.context(), problem_.operations(), problem_.model(), examples_,
                         batches_);
  }
  ExpectedProgress const expected =
      expectation_->measure(optimizer_.theta(), options_.learning_rate, step_, options_.draws);
  full_accuracy_ = problem_.accuracy(expected.correct, problem_.train());
  record_.append_expectation(step_, expected, full_accuracy_);
}

template <class T>
std::string TrainingRun<T>::reason_to_stop() const {
  bool const finite = std::isfinite(now_.loss);
  if (!finite || now_.loss > divergence_factor * std::max(1.0, first_loss_)) return "diverged";
  double const accuracy = sgd() ? full_accuracy_ : now_.accuracy;
  if (options_.until_accuracy && accuracy >= *options_.until_accuracy) return "accuracy";
  if (options_.until_loss && now_.loss <= *options_.until_loss) return "loss";
  if (step_ >= options_.steps) return "steps";
  return "";
}

template <class T>
void TrainingRun<T>::advance() {
  bool const sweep = due(step_, options_.line_every);
  bool const segment = due(step_, options_.segment_every);
  if (segment) segment_->begin(theta());
  if (sweep) {
    line_theta_.copy_from(optimizer_.theta());
    if (gram_) {
      line_preactivation_.copy_from({gram_->preactivation().data, line_preactivation_.size()});
    }
  }
  if (options_.method == Method::flow) {
    double const bound = sharpness_ > 0 ? options_.flow_alpha / sharpness_ : options_.learning_rate;
    optimizer_.advance_flow(std::min(options_.learning_rate, bound),
                            [&](Vector<T const> theta, Vector<T> gradient) {
                              pass_.gradient(theta, examples_, gradient);
                            });
  } else {
    issue_update();
  }
  finish_step(optimizer_.scalars());
  if (sweep) sweep_line();
  if (segment) measure_segment();
  ++step_;
}

/// The rows, now that the update of this step is made.
template <class T>
void TrainingRun<T>::finish_step(StepScalars const& scalars) {
  now_.gradient_norm = std::sqrt(scalars.gradient_square);
  complete_pending_row(scalars);
  pending_ = now_;
  scalars_ = scalars;
  time_ += scalars.scale;
}

/// How many steps may be made before anything but their metrics is wanted, an even number.
template <class T>
Index TrainingRun<T>::steps_ahead() const {
  bool const waits = sgd() || options_.method == Method::flow || !examples_.share.is_all();
  if (waits || !shapes_seen_) return 0;
  Index count = std::min(ahead_.most(), options_.steps - step_);
  for (Index const every :
       {options_.sharpness_every, options_.test_every, options_.expectation_every,
        options_.line_every, options_.segment_every, options_.checkpoint_every}) {
    if (every > 0) count = std::min(count, due(step_, every) ? 0 : every - step_ % every);
  }
  return count / 2 * 2;
}

/// Makes `count` steps; false where the run ends among them, or may: it goes back to that step
/// then.
template <class T>
bool TrainingRun<T>::go_ahead(Index count) {
  auto const issue_step = [this] {
    issue_gradient(examples_, Pass<T>::Curvature::forget);
    issue_update();
    problem_.operations().step->append(pass_.sums_in_memory(), optimizer_.scalars_in_memory(),
                                       ahead_.log());
  };
  optimizer_.keep();
  if (gram_) gram_->keep();
  Index made = 0;
  for (StepMetrics const& metrics : ahead_.make(count, optimizer_.gradient().data, issue_step)) {
    now_ = row(metrics.sums, examples_.count());
    if (!reason_to_stop().empty() || metrics.scalars.is_at_rest()) {
      optimizer_.go_back();
      if (gram_) gram_->go_back();
      ahead_.clear();
      for (Index i = 0; i < made; ++i) issue_step();
      return false;
    }
    finish_step(metrics.scalars);
    ++step_;
    ++made;
  }
  return true;
}

template <class T>
KeptElsewhere TrainingRun<T>::observe_first_layer() {
  return gram_ ? gram_->observe(pass_.first_delta()) : KeptElsewhere{};
}

/// The objective along the step that was just made.
template <class T>
LineFunction TrainingRun<T>::line() {
  optimizer_.displacement(line_direction_.view());
  Vector<T const> const start = line_theta_.view();
  if (!gram_) return pass_.line(start, examples_, line_direction_.view());
  Index const n = examples_.count();
  Index const outputs = problem_.model().network.outputs(0);
  gram_->displacement(scalars_.scale, line_tangent_.matrix(n, outputs));
  return pass_.line(start, examples_, line_direction_.view(),
                    line_preactivation_.matrix(n, outputs), line_tangent_.matrix(n, outputs));
}

template <class T>
void TrainingRun<T>::sweep_line() {
  std::vector<double> const taus = fractions_of_step(options_.line_points);
  double const length = scalars_.scale * scalars_.scale * scalars_.update_square;
  LineSweep const sweep =
      analyse_sweep(sample_line(line(), taus, sampling_tolerance<T>), taus, length);
  record_.append_line(step_, sweep.smoothness, sweep.progress);
}

template <class T>
void TrainingRun<T>::measure_segment() {
  auto const values = segment_->end(theta(), fractions_of_step(options_.segment_points));
  record_.append_segment(step_, values.sharpness, values.residuals);
}

template <class T>
TrainResult TrainingRun<T>::run() {
  return to_be_resumed([this] {
    try {
      return descend();
    } catch (MachineError const&) {
      record_.flush();  // the steps that were made
      throw;
    }
  });
}

template <class T>
TrainResult TrainingRun<T>::descend() {
  while (true) {
    Index const count = steps_ahead();
    if (count == 0 || !go_ahead(count)) {
      evaluate();
      if (std::string const reason = reason_to_stop(); !reason.empty()) return last_row(reason);
      diagnose(false);
      advance();
      if (!sgd() && scalars_.is_at_rest()) return finish("stationary");
    }
    hooks_.progress(
        {step_, options_.steps, now_.loss, sgd() ? full_accuracy_ : now_.accuracy, sharpness_});
    if (problem_.ranks().any(hooks_.interrupted())) {
      save_checkpoint_now();
      return {"interrupted", step_, now_.loss, now_.accuracy, sharpness_, nan, nan};
    }
    if (checkpoint_due()) save_checkpoint_now();
  }
}

/// What is known where no step is made any more.
template <class T>
TrainResult TrainingRun<T>::last_row(std::string const& reason) {
  optimizer_.observe(observe_first_layer());
  StepScalars const scalars = optimizer_.scalars();
  now_.gradient_norm = std::sqrt(scalars.gradient_square);
  complete_pending_row(scalars);
  diagnose(true);
  return finish(reason);
}

template <class T>
TrainResult TrainingRun<T>::finish(std::string const& reason) {
  check_that_ranks_agree();
  TrainResult result{reason, now_.step, now_.loss, now_.accuracy, sharpness_, nan, nan};
  if (!problem_.ranks().is_first()) return result;
  // The parameters first: once the checkpoint is gone, a killed run could not make them again.
  if (!options_.save_parameters.empty()) {
    std::vector<T> all(static_cast<std::size_t>(parameters()));
    problem_.context().download(all.data(), theta().data, all.size() * sizeof(T));
    write_npy<T>(options_.save_parameters, all, {std::ssize(all)});
  }
  record_.append(now_);
  record_.set_attribute("stop_reason", reason);
  record_.flush();
  remove_checkpoint(options_.out);
  if (options_.line_every == 0 || options_.on_square_root) return result;

  std::vector<double> const progress = record_.read("relative_progress");
  std::vector<double> const smoothness = record_.read("directional_smoothness");
  std::vector<double> const right_side = record_.read("line_progress");
  std::vector<double> const steps = record_.read("line_step");
  std::vector<double> approximation;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto const row = static_cast<std::size_t>(steps[i]);
    if (std::isnan(progress[row])) continue;
    double const residual = std::abs(progress[row] - right_side[i]);
    result.identity_residual = std::fmax(result.identity_residual, residual);  // NaN at first
    double const half_step = 0.5 * options_.learning_rate;
    approximation.push_back(std::abs(progress[row] - (-1 + half_step * smoothness[row])));
  }
  result.approximation_residual = options_.method == Method::gd ? median(approximation) : nan;
  return result;
}

}  // namespace

TrainResult train(TrainOptions const& options, RunHooks const& hooks) {
  check(options);
  if (!hooks.ranks->is_alone()) check_for_ranks(options);
  if (options.resume && std::filesystem::exists(options.out) && !has_checkpoint(options.out)) {
    ZarrGroup const record = ZarrGroup::open(options.out);
    check_same_config(options.out, record.attributes().value("config", nlohmann::json::object()),
                      to_json(options));
    if (record.attributes().value("stop_reason", "running") != "running") {
      bool const saved =
          options.save_parameters.empty() || std::filesystem::exists(options.save_parameters);
      if (!saved) {
        throw InputError(fmt::format(
            "--save-params {}: {} is finished and its parameters were not saved; run it "
            "again with --overwrite",
            options.save_parameters, options.out));
      }
      return finished_result(record);
    }
  }
  hooks.ranks->meet();  // all have seen the record as it was
  if (options.problem.precision == Precision::float64) {
    return TrainingRun<double>(options, hooks).run();
  }
  return TrainingRun<float>(options, hooks).run();
}

}  // namespace brink
