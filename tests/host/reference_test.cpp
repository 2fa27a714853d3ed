// brink in float64 against the values that PyTorch computed (tests/reference/README.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "host/data/npy.hpp"
#include "host/diagnostics/density.hpp"
#include "host/dynamics/optimizer.hpp"
#include "host/record/zarr.hpp"
#include "host/run/train.hpp"
#include "tests/host/data_files.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

std::string reference(std::string const& name) {
  return std::string(BRINK_SOURCE_DIR) + "/tests/reference/data/" + name;
}

nlohmann::json read_json(std::string const& name) {
  return nlohmann::json::parse(std::ifstream(reference(name)));
}

std::vector<double> read_vector(std::string const& name) {
  return npy_values<double>(read_npy(reference(name)), name);
}

ProblemOptions problem_options(nlohmann::json const& settings) {
  ProblemOptions options;
  options.data.source = "npy:" + reference(settings.at("x")) + "," + reference(settings.at("y"));
  options.hidden = settings.at("hidden").get<std::vector<Index>>();
  options.activation = parse_activation(settings.at("activation"));
  options.loss = settings.at("loss") == "mse" ? LossKind::mse : LossKind::cross_entropy;
  options.initialization = "npy:" + reference(settings.at("theta"));
  options.precision = Precision::float64;
  options.threads = 2;
  return options;
}

class Reference : public ::testing::TestWithParam<std::string> {
 protected:
  nlohmann::json settings_ = read_json(GetParam() + ".json");
  nlohmann::json expected_ = settings_.at("expected");
  Files files_;
};

TEST_P(Reference, LossGradientAndHessian) {
  Problem<double> problem(problem_options(settings_));
  Context& context = problem.context();
  Linalg<double> const& linalg = *problem.operations().linalg;
  Index const parameters = problem.model().network.parameters();
  Pass<double> pass(context, problem.operations(), problem.model());
  Buffer<double> const theta(context, problem.theta()), gradient(context, parameters);
  pass.gradient(theta.view(), problem.train().examples(), gradient.view(),
                Pass<double>::Curvature::keep);
  EXPECT_LE(relative_error(pass.sums().loss, expected_.at("loss")), 1e-10);
  EXPECT_LE(relative_error(gradient.download(), read_vector(expected_.at("gradient"))), 1e-10);
  if (expected_.contains("accuracy")) {
    EXPECT_DOUBLE_EQ(problem.accuracy(pass.sums().correct, problem.train()),
                     expected_.at("accuracy"));
  }

  Buffer<double> const direction(context, read_vector(settings_.at("direction")));
  Buffer<double> const product(context, parameters);
  pass.hessian_products(direction.matrix(1, parameters), product.matrix(1, parameters));
  EXPECT_LE(relative_error(product.download(), read_vector(expected_.at("hessian_vector_product"))),
            1e-10);

  SymmetricOperator<double> const hessian = [&](Matrix<double const> v, Matrix<double> hv) {
    pass.hessian_products(v, hv);
  };
  auto const eigenvalues = [&](SpectrumEnd end, Index count) {
    return EigenSolver<double>(context, linalg, parameters, {count, end, 1e-7, 10'000, 1})
        .solve(hessian)
        .values;
  };
  // Relative to the largest: the smallest may be zero.
  auto const expect_eigenvalues = [&](SpectrumEnd end, char const* key) {
    auto const want = expected_.at(key).get<std::vector<double>>();
    auto const got = eigenvalues(end, std::ssize(want));
    ASSERT_EQ(got.size(), want.size());
    double const largest = expected_.at("top_eigenvalues").front();
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-8 * largest);
  };
  expect_eigenvalues(SpectrumEnd::largest, "top_eigenvalues");
  expect_eigenvalues(SpectrumEnd::smallest, "bottom_eigenvalues");
  Estimate const trace =
      spectral_density(context, linalg, parameters, hessian, {64, 1, 2, 1}).trace;
  EXPECT_NEAR(trace.mean, expected_.at("hessian_trace"), 5 * trace.error);
}

TEST_P(Reference, ProgressAndSmoothnessOfAStep) {
  TrainOptions options;
  options.problem = problem_options(settings_);
  options.learning_rate = settings_.at("learning_rate");
  options.steps = 1;
  options.line_every = 1;
  options.line_points = 4;
  options.out = files_.string("run.zarr");
  train(options, {});
  ZarrGroup const record = ZarrGroup::open(options.out);
  EXPECT_LE(
      relative_error(record.read("relative_progress").front(), expected_.at("relative_progress")),
      1e-10);
  EXPECT_LE(relative_error(record.read("directional_smoothness").front(),
                           expected_.at("directional_smoothness")),
            1e-10);
  EXPECT_EQ(record.read("tau"), expected_.at("tau").get<std::vector<double>>());
  EXPECT_LE(relative_error(record.read("line_smoothness"),
                           expected_.at("line_smoothness").get<std::vector<double>>()),
            1e-10);
}

INSTANTIATE_TEST_SUITE_P(Cases, Reference,
                         ::testing::Values("tanh-cross-entropy", "tanh-mse", "relu-cross-entropy",
                                           "relu-mse", "gelu-cross-entropy", "gelu-mse",
                                           "elu-cross-entropy", "elu-mse", "softplus-cross-entropy",
                                           "softplus-mse", "hardtanh-cross-entropy", "hardtanh-mse",
                                           "identity-cross-entropy", "identity-mse",
                                           "tanh-mse-regression", "no-hidden-cross-entropy",
                                           "deep-tanh-cross-entropy"),
                         [](auto const& which) {
                           std::string name = which.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ReferenceTrajectory, EveryMethodFollowsIt) {
  nlohmann::json const settings = read_json("trajectory.json");
  Files const files;
  for (std::string const name : {"gd", "polyak", "nesterov", "normalized-gd", "gd-sqrt"}) {
    SCOPED_TRACE(name);
    nlohmann::json const& want = settings.at(name);
    auto const loss = want.at("loss").get<std::vector<double>>();
    TrainOptions options;
    options.problem = problem_options(settings);
    options.on_square_root = name == "gd-sqrt";
    options.method = parse_method(options.on_square_root ? "gd" : name);
    options.learning_rate = want.at("learning_rate");
    options.momentum = want.value("momentum", 0.0);
    options.steps = std::ssize(loss) - 1;
    options.out = files.string(name + ".zarr");
    options.save_parameters = files.string(name + ".npy");
    EXPECT_EQ(train(options, {}).stop_reason, "steps");
    ZarrGroup const record = ZarrGroup::open(options.out);
    EXPECT_LE(relative_error(record.read("loss"), loss), 1e-10);
    if (name != "gd") continue;
    // The last row's progress and smoothness need a step that was not taken.
    for (std::string const series :
         {"relative_progress", "directional_smoothness", "gradient_norm"}) {
      std::vector<double> got = record.read(series);
      got.pop_back();
      EXPECT_LE(relative_error(got, want.at(series).get<std::vector<double>>()), 1e-10) << series;
    }
    EXPECT_LE(relative_error(npy_values<double>(read_npy(options.save_parameters), "theta"),
                             read_vector(want.at("theta"))),
              1e-10);
  }
}

}  // namespace
}  // namespace brink::test
