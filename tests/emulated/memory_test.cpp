// What runs say beforehand that they need of a device's memory, against what they take of the
// emulated one's.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <set>
#include <span>

#include "host/run/basin.hpp"
#include "host/run/spectrum.hpp"
#include "host/run/train.hpp"
#include "tests/host/data_files.hpp"
#include "tests/support/emulated/control.hpp"

namespace brink::test {
namespace {

struct Shape {
  char const* name;
  char const* data;
  std::vector<Index> hidden;
  /// From how many operations on products are made by warp groups, which take the emulated device
  /// long.
  double warpgroup_operations = std::numeric_limits<double>::infinity();
};

/// Products by hand and by the library; networks whose activations are most of it, or parameters.
std::vector<Shape> const shapes{
    {"deep", "synthetic:examples=200,features=20,classes=5,test=100", {24, 40, 16, 24}},
    {"wide", "synthetic:examples=40,features=520,classes=3,test=30", {260}},
    {"tall", "synthetic:examples=400,features=60,classes=10,test=40", {20}},
    {"flat", "synthetic:examples=60,features=90,classes=3,test=40", {}},
    {"by groups", "synthetic:examples=150,features=40,classes=5,test=100", {30, 20}, 1e5},
};

/// What differs from plain gradient descent.
struct Setting {
  std::string name;
  std::function<void(TrainOptions&)> change;
};
std::vector<Setting> training_settings() {
  std::vector<Setting> settings{
      {"gd", [](auto&) {}},
      {"gd by the data", [](auto& o) { o.gram = false; }},
      {"gd by the Gram matrix", [](auto& o) { o.gram = true; }},
      {"normalized-gd", [](auto& o) { o.method = Method::normalized_gd; }},
      {"polyak", [](auto& o) { o.method = Method::polyak; }},
      {"nesterov", [](auto& o) { o.method = Method::nesterov; }},
      {"sgd", [](auto& o) { o.method = Method::sgd; }},
      {"flow", [](auto& o) { o.method = Method::flow, o.sharpness_every = 3; }},
      {"sharpness", [](auto& o) { o.sharpness_every = 3; }},
      {"three eigenvalues", [](auto& o) { o.sharpness_every = 3, o.top = 3; }},
      {"lines", [](auto& o) { o.line_every = 3; }},
      {"segments", [](auto& o) { o.segment_every = 3, o.segment_points = 1; }},
      {"segments of sgd",
       [](auto& o) {
         o.method = Method::sgd, o.segment_every = o.sharpness_every = 3, o.segment_points = 1;
       }},
      {"lines by the data", [](auto& o) { o.line_every = 3, o.gram = false; }},
      {"test set", [](auto& o) { o.test_every = 2; }},
      {"test set beside minibatches",
       [](auto& o) { o.method = Method::sgd, o.test_every = 2, o.batch_size = 8; }},
  };
  settings.push_back({"everything of gd", [](auto& o) {
                        o.sharpness_every = 3, o.top = 2, o.line_every = 2, o.test_every = 2;
                        o.segment_every = 2, o.segment_points = 1;
                      }});
  settings.push_back({"everything of sgd", [](auto& o) {
                        o.method = Method::sgd;
                        o.sharpness_every = 3, o.test_every = 2, o.expectation_every = 3,
                        o.draws = 2;
                      }});
  return settings;
}

/// What a run said, and what it took.
struct Measured {
  MemoryPlan plan;
  double peak;
};

template <class Start>
Measured measure(Start&& start) {
  emulated::reset();
  Measured measured{};
  RunHooks hooks;
  hooks.planned = [&](MemoryPlan const& plan) { measured.plan = plan; };
  start(hooks);
  measured.peak = static_cast<double>(emulated::counts().peak_bytes);
  emulated::check_clean();
  return measured;
}

/// Checks one plan after the other; at last, that no part could have been left out unnoticed.
class Plans {
 public:
  void check(Measured const& measured) {
    double const planned = measured.plan.bytes();
    EXPECT_LE(measured.peak, planned) << measured.plan.text();
    EXPECT_GE(measured.peak, 0.6 * planned) << measured.plan.text();
    for (MemoryPart const& part : measured.plan.parts()) {
      names_.insert(part.name);
      if (measured.peak > planned - part.bytes) needed_.insert(part.name);
    }
  }
  /// In some run, each part is more than what is left when the others are subtracted.
  void check_that_all_parts_are_needed() const { EXPECT_EQ(needed_, names_); }

 private:
  std::set<std::string> names_, needed_;
};

class PlannedMemory : public ::testing::TestWithParam<Precision> {
 protected:
  ~PlannedMemory() override { emulated::reset(); }

  /// In float64 some of them: sizes are the same but for that of a number.
  std::span<Shape const> tested_shapes() const {
    return std::span(shapes).first(GetParam() == Precision::float64 ? 1 : shapes.size());
  }

  ProblemOptions problem(Shape const& shape) const {
    emulated::set_warpgroup_operations(shape.warpgroup_operations);
    ProblemOptions problem;
    problem.data.source = shape.data;
    problem.hidden = shape.hidden;
    problem.precision = GetParam();
    problem.device = "cuda";
    problem.threads = 1;
    return problem;
  }
  TrainOptions training(Shape const& shape) const {
    TrainOptions options;
    options.problem = problem(shape);
    options.learning_rate = 0.05;
    options.sharpness_tolerance = 0.3;
    options.steps = 4;
    options.line_points = 30;  // all of them at once
    options.out = files_.string("run.zarr");
    options.overwrite = true;
    return options;
  }
  SpectrumOptions spectrum_of(Shape const& shape) const {
    SpectrumOptions options;
    options.problem = problem(shape);
    options.max_products = 4;
    options.lanczos_steps = 2;
    options.out = files_.string("spectrum.zarr");
    options.overwrite = true;
    return options;
  }
  BasinOptions scan() const {
    BasinOptions options;
    options.rule.landscape = parse_landscape("f4");
    options.steps = {0.3};
    options.x = {-2, 2, 90};
    options.precision = GetParam();
    options.device = "cuda";
    options.threads = 1;
    options.out = files_.string("scan.zarr");
    options.overwrite = true;
    return options;
  }

  Files files_;
};

TEST_P(PlannedMemory, BoundsWhatTrainingTakes) {
  Plans plans;
  for (Shape const& shape : tested_shapes()) {
    for (Setting const& setting : training_settings()) {
      SCOPED_TRACE(fmt::format("{}, {}", shape.name, setting.name));
      TrainOptions options = training(shape);
      setting.change(options);
      plans.check(measure([&](RunHooks const& hooks) { train(options, hooks); }));
    }
  }
  plans.check_that_all_parts_are_needed();
}

TEST_P(PlannedMemory, BoundsWhatASpectrumTakes) {
  Plans plans;
  for (Shape const& shape : tested_shapes()) {
    for (auto const& [top, bottom, density] :
         std::vector<std::tuple<Index, Index, bool>>{{1, 0, false},
                                                     {4, 0, false},
                                                     {0, 3, false},
                                                     {2, 3, false},
                                                     {0, 0, true},
                                                     {1, 1, true}}) {
      SCOPED_TRACE(
          fmt::format("{}, top {}, bottom {}, density {}", shape.name, top, bottom, density));
      SpectrumOptions options = spectrum_of(shape);
      options.top = top;
      options.bottom = bottom;
      options.density = density;
      plans.check(measure([&](RunHooks const& hooks) { spectrum(options, hooks); }));
    }
  }
  SpectrumOptions options = spectrum_of(shapes[0]);
  options.top = 0;
  options.all = true;
  plans.check(measure([&](RunHooks const& hooks) { spectrum(options, hooks); }));
  plans.check_that_all_parts_are_needed();
}

TEST_P(PlannedMemory, BoundsWhatAScanTakes) {
  Plans plans;
  for (bool const sample : {false, true}) {
    for (Index const pairs : {0, 5000}) {
      SCOPED_TRACE(fmt::format("{}, {} pairs", sample ? "sample" : "grid", pairs));
      BasinOptions options = scan();
      options.samples = sample ? 3000 : 0;
      options.uncertainty_pairs = pairs;
      plans.check(measure([&](RunHooks const& hooks) { basin(options, hooks); }));
    }
  }
  plans.check_that_all_parts_are_needed();
}

/// The message of the MachineError that `start` ends in.
template <class Start>
std::string refusal(Start&& start) {
  try {
    start(RunHooks{});
  } catch (MachineError const& error) {
    return error.what();
  }
  ADD_FAILURE() << "was not refused";
  return "";
}

/// With as many bytes as planned a run succeeds; with one less it does not begin, and leaves what
/// was there.
template <class Start>
void check_limit(Start&& start, std::filesystem::path const& out) {
  auto const planned = static_cast<std::size_t>(measure(start).plan.bytes());
  emulated::set_memory(planned);
  start(RunHooks{});
  std::filesystem::remove_all(out);
  emulated::reset();
  emulated::set_memory(planned - 1);
  std::string const message = refusal(start);
  EXPECT_TRUE(message.starts_with("not enough memory: this needs up to ")) << message;
  EXPECT_NE(message.find(" on cuda:0 ("), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(emulated::counts().allocations, 0);
  EXPECT_EQ(emulated::counts().launches, 0);
}

TEST_P(PlannedMemory, IsWhatDecidesWhetherARunBegins) {
  TrainOptions options = training(shapes[0]);
  options.sharpness_every = options.line_every = options.test_every = 3;
  check_limit([&](RunHooks const& hooks) { train(options, hooks); }, options.out);
  SpectrumOptions const eigenpairs = spectrum_of(shapes[0]);
  check_limit([&](RunHooks const& hooks) { spectrum(eigenpairs, hooks); }, eigenpairs.out);
  BasinOptions const starts = scan();
  check_limit([&](RunHooks const& hooks) { basin(starts, hooks); }, starts.out);
}

/// A part that is left out of a plan is more than the plan has to spare: the checks above fail.
TEST_P(PlannedMemory, IsNoBoundWithoutAPart) {
  TrainOptions options = training(shapes[1]);
  options.sharpness_every = options.line_every = 3;
  Measured const measured = measure([&](RunHooks const& hooks) { train(options, hooks); });
  for (MemoryPart const& left_out : measured.plan.parts()) {
    if (left_out.bytes < 0.1 * measured.plan.bytes()) continue;
    MemoryPlan rest;
    for (MemoryPart const& part : measured.plan.parts()) {
      if (part.name != left_out.name) rest.add(part.name, part.bytes);
    }
    EXPECT_GT(measured.peak, rest.bytes()) << left_out.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, PlannedMemory,
                         ::testing::Values(Precision::float32, Precision::float64),
                         [](auto const& tested) { return precision_name(tested.param); });

}  // namespace
}  // namespace brink::test
