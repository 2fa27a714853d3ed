#include "host/run/train_record.hpp"

#include "host/diagnostics/line_sweep.hpp"
#include "host/diagnostics/segment_sharpness.hpp"

namespace brink {
namespace {

/// The growing dimensions: each is also the name of its coordinate.
constexpr char const* growing[] = {"step",         "sharpness_step", "line_step",
                                   "segment_step", "test_step",      "expectation_step"};

ArraySpec series(std::string name, std::string dimension, std::string long_name,
                 std::string units = "1", DType type = DType::f8) {
  ArraySpec spec;
  spec.name = std::move(name);
  spec.dtype = type;
  spec.dimensions = {std::move(dimension)};
  spec.shape = {0};
  spec.attributes = {{"long_name", std::move(long_name)}, {"units", std::move(units)}};
  spec.grows = true;
  return spec;
}

ArraySpec table(ArraySpec spec, std::string second_dimension, Index size) {
  spec.dimensions.push_back(std::move(second_dimension));
  spec.shape.push_back(size);
  return spec;
}

void define_step(ZarrGroup& group, TrainOptions const& options) {
  bool const sgd = options.method == Method::sgd;
  std::string const over = sgd ? " of the minibatch" : "";
  group.define(series("step", "step", "updates made", "1", DType::i8));
  group.define(series("loss", "step", "training loss" + over));
  group.define(series("accuracy", "step", "training accuracy" + over));
  group.define(series("gradient_norm", "step", "Euclidean norm of the gradient" + over));
  group.define(series("relative_progress", "step", "relative progress ratio RP"));
  group.define(series("directional_smoothness", "step", "directional smoothness L along the step"));
  if (options.method == Method::flow) {
    group.define(series("time", "step", "time along the flow, the sum of the steps taken"));
  }
}

void define_sharpness(ZarrGroup& group, Index top) {
  group.define(series("sharpness_step", "sharpness_step", "updates made", "1", DType::i8));
  group.define(table(series("sharpness", "sharpness_step",
                            "largest eigenvalues of the Hessian of the training loss"),
                     "rank", top));
  group.define(table(series("sharpness_residual", "sharpness_step",
                            "norm of H v - lambda v for the unit vector v"),
                     "rank", top));
  group.define(table(series("gradient_alignment", "sharpness_step",
                            "cosine of the angle between the gradient of the training loss and the "
                            "eigenvector, without its sign"),
                     "rank", top));
  group.define(
      series("hvp_count", "sharpness_step", "Hessian-vector products used", "1", DType::i8));
  group.define(series("coarse_hvp_count", "sharpness_step",
                      "products used with the Hessian on the data's principal directions", "1",
                      DType::i8));
  ArraySpec rank = series("rank", "rank", "rank of the eigenvalue, 1 the largest", "1", DType::i8);
  rank.grows = false;
  rank.shape = {top};
  group.define(rank);
  std::vector<std::int64_t> ranks;
  for (Index i = 1; i <= top; ++i) ranks.push_back(i);
  group.write("rank", std::span<std::int64_t const>(ranks));
}

/// A coordinate along the step.
void define_fractions(ZarrGroup& group, std::string const& name, std::vector<double> const& taus) {
  ArraySpec tau = series(name, name, "fraction of the step");
  tau.grows = false;
  tau.shape = {std::ssize(taus)};
  group.define(tau);
  group.write(name, std::span<double const>(taus));
}

void define_line(ZarrGroup& group, Index points) {
  group.define(series("line_step", "line_step", "updates made", "1", DType::i8));
  group.define(table(series("line_smoothness", "line_step",
                            "directional smoothness L of the loss along tau times the step"),
                     "tau", points));
  group.define(series("line_progress", "line_step",
                      "right-hand side of identity (4.2), by quadrature over tau"));
  std::vector<double> taus = fractions_of_step(points);
  taus.erase(taus.begin());
  define_fractions(group, "tau", taus);
}

void define_segment(ZarrGroup& group, Index points) {
  std::vector<double> const taus = fractions_of_step(points);
  Index const size = std::ssize(taus);
  group.define(series("segment_step", "segment_step", "updates made", "1", DType::i8));
  group.define(table(series("segment_sharpness", "segment_step",
                            "largest eigenvalue of the Hessian along the step, at its start + tau "
                            "times the step"),
                     "segment_tau", size));
  group.define(table(series("segment_sharpness_residual", "segment_step",
                            "norm of H v - lambda v for the unit vector v"),
                     "segment_tau", size));
  define_fractions(group, "segment_tau", taus);
}

void define_expectation(ZarrGroup& group) {
  auto const define = [&](char const* name, char const* long_name) {
    group.define(series(name, "expectation_step", long_name));
  };
  group.define(series("expectation_step", "expectation_step", "updates made", "1", DType::i8));
  define("full_loss", "training loss over all examples");
  define("full_accuracy", "training accuracy over all examples");
  define("full_gradient_norm", "Euclidean norm of the gradient over all examples");
  define("expected_relative_progress", "expected relative progress ratio E[RP]");
  define("expected_relative_progress_error", "standard error of E[RP]");
  define("expected_smoothness",
         "E[|g|^2 L(theta; eta g)] / |grad f|^2, so that (5.1) reads E[RP] = -1 + eta/2 of it");
  define("expected_smoothness_error", "standard error of expected_smoothness");
}

}  // namespace

TrainRecord TrainRecord::create(TrainOptions const& options, nlohmann::json attributes) {
  // With --resume, what is there was killed before its first checkpoint.
  bool const replace = options.overwrite || options.resume;
  if (replace && std::filesystem::exists(options.out)) remove_record(options.out);
  TrainRecord record(ZarrGroup::create(options.out, std::move(attributes)));
  ZarrGroup& group = *record.group_;
  define_step(group, options);
  if (options.sharpness_every > 0) define_sharpness(group, options.top);
  if (options.line_every > 0) define_line(group, options.line_points);
  if (options.segment_every > 0) define_segment(group, options.segment_points);
  if (options.test_every > 0) {
    group.define(series("test_step", "test_step", "updates made", "1", DType::i8));
    group.define(series("test_loss", "test_step", "test loss"));
    group.define(series("test_accuracy", "test_step", "test accuracy"));
  }
  if (options.expectation_every > 0) define_expectation(group);
  record.flush();
  return record;
}

TrainRecord TrainRecord::resume(TrainOptions const& options, nlohmann::json const& rows) {
  TrainRecord record(ZarrGroup::open(options.out));
  for (std::string const& name : record.group_->names()) {
    ArraySpec const& spec = record.group_->spec(name);
    if (spec.grows) record.group_->truncate(name, rows.at(spec.dimensions.front()).get<Index>());
  }
  return record;
}

nlohmann::json TrainRecord::rows() const {
  nlohmann::json rows;
  for (char const* dimension : growing) {
    if (group_->has(dimension)) rows[dimension] = group_->shape(dimension).front();
  }
  return rows;
}

void TrainRecord::flush() {
  if (group_) group_->flush();
}

template <class V>
void TrainRecord::append(std::string const& name, V const& values) {
  if (group_) group_->append(name, values);
}

void TrainRecord::append(StepRow const& row) {
  append("step", row.step);
  append("loss", row.loss);
  append("accuracy", row.accuracy);
  append("gradient_norm", row.gradient_norm);
  append("relative_progress", row.relative_progress);
  append("directional_smoothness", row.directional_smoothness);
  if (group_ && group_->has("time")) append("time", row.time);
}

void TrainRecord::append_sharpness(Index step, Eigenpairs const& pairs,
                                   std::vector<double> const& alignment) {
  append("sharpness_step", step);
  append("sharpness", std::span<double const>(pairs.values));
  append("sharpness_residual", std::span<double const>(pairs.residuals));
  append("gradient_alignment", std::span<double const>(alignment));
  append("hvp_count", pairs.products);
  append("coarse_hvp_count", pairs.coarse_products);
}

void TrainRecord::append_line(Index step, std::vector<double> const& smoothness, double progress) {
  append("line_step", step);
  append("line_smoothness", std::span<double const>(smoothness));
  append("line_progress", progress);
}

void TrainRecord::append_segment(Index step, std::vector<double> const& sharpness,
                                 std::vector<double> const& residuals) {
  append("segment_step", step);
  append("segment_sharpness", std::span<double const>(sharpness));
  append("segment_sharpness_residual", std::span<double const>(residuals));
}

void TrainRecord::append_test(Index step, double loss, double accuracy) {
  append("test_step", step);
  append("test_loss", loss);
  append("test_accuracy", accuracy);
}

void TrainRecord::append_expectation(Index step, ExpectedProgress const& expected,
                                     double accuracy) {
  append("expectation_step", step);
  append("full_loss", expected.loss);
  append("full_accuracy", accuracy);
  append("full_gradient_norm", expected.gradient_norm);
  append("expected_relative_progress", expected.progress.mean);
  append("expected_relative_progress_error", expected.progress.error);
  append("expected_smoothness", expected.smoothness.mean);
  append("expected_smoothness_error", expected.smoothness.error);
}

}  // namespace brink
