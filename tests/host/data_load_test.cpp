#include "host/data/load.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/data/npy.hpp"
#include "tests/host/data_files.hpp"

namespace brink {
namespace {

using test::expect_input_error;

class Load : public ::testing::Test {
 protected:
  template <class T>
  std::string npy(std::string const& name, std::vector<T> const& values,
                  std::vector<std::int64_t> const& shape) const {
    write_npy<T>(files_.path(name), values, shape);
    return files_.string(name);
  }

  /// A pair of 4 examples x 2 features with labels 0 1 2 0.
  std::string labelled() const {
    return npy<float>("x.npy", {1, 2, 3, 4, 5, 6, 7, 8}, {4, 2}) + "," +
           npy<std::int64_t>("y.npy", {0, 1, 2, 0}, {4});
  }

  static std::string record(char label, char pixel) {
    return std::string(1, label) + std::string(3072, pixel);
  }

  /// Both entries must refuse, with the same words.
  static void expect_refused(DataOptions const& options, std::string const& part) {
    expect_input_error([&] { check_data(options); }, part);
    expect_input_error([&] { load_data<float>(options); }, part);
  }

  /// What only the data themselves show.
  static void expect_refused_on_load(DataOptions const& options, std::string const& part) {
    EXPECT_NO_THROW(check_data(options));
    expect_input_error([&] { load_data<float>(options); }, part);
  }

  test::Files files_;
};

TEST_F(Load, SyntheticByDefault) {
  auto const splits = load_data<float>({"synthetic:examples=30,features=4,test=2", 20, {}});
  EXPECT_EQ(splits.train.examples, 20);
  EXPECT_EQ(splits.train.name, "synthetic:examples=30,features=4,test=2");
  EXPECT_EQ(splits.test->examples, 2);
}

TEST_F(Load, NpyClassification) {
  auto const train = load_data<double>({"npy:" + labelled(), {}, {}}).train;
  EXPECT_EQ(train.examples, 4);
  EXPECT_EQ(train.features, 2);
  EXPECT_EQ(train.outputs, 3);
  EXPECT_EQ(train.x, (std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(train.labels, (std::vector<std::int32_t>{0, 1, 2, 0}));
  EXPECT_TRUE(train.values.empty());
}

TEST_F(Load, NpyKeepsTheFirstExamplesAndAllClasses) {
  auto const train = load_data<float>({"npy:" + labelled(), 1, {}}).train;
  EXPECT_EQ(train.x, (std::vector<float>{1, 2}));
  EXPECT_EQ(train.labels, (std::vector<std::int32_t>{0}));
  EXPECT_EQ(train.outputs, 3);
}

TEST_F(Load, NpyRegression) {
  auto const x = npy<double>("x.npy", {1, 2, 3}, {3, 1});
  auto const y = npy<float>("y.npy", {1, 2, 3, 4, 5, 6}, {3, 2});
  auto const train = load_data<float>({"npy:" + x + "," + y, 2, {}}).train;
  EXPECT_EQ(train.outputs, 2);
  EXPECT_EQ(train.values, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_TRUE(train.labels.empty());
}

TEST_F(Load, NpyStandardisesByFeatureWithTheTrainingStatistics) {
  auto const x = npy<float>("tx.npy", {9, 5}, {1, 2});
  auto const y = npy<std::int64_t>("ty.npy", {1}, {1});
  auto const splits =
      load_data<double>({"npy:" + labelled() + "," + x + "," + y, {}, Standardize::pixel});
  EXPECT_NEAR(splits.train.x[0], -3 / std::sqrt(5.0), 1e-15);
  EXPECT_NEAR(splits.train.x[7], 3 / std::sqrt(5.0), 1e-15);
  ASSERT_TRUE(splits.test);
  EXPECT_NEAR(splits.test->x[0], 5 / std::sqrt(5.0), 1e-15);
  EXPECT_EQ(splits.test->x[1], 0.0);
  EXPECT_EQ(splits.test->outputs, 3) << "a test set may lack classes";
}

TEST_F(Load, NpyRefusesTheWrongShapes) {
  auto const x = npy<float>("x.npy", {1, 2, 3, 4}, {2, 2});
  auto const flat = npy<float>("flat.npy", {1, 2}, {2});
  auto const matrix = npy<std::int64_t>("matrix.npy", {1, 2}, {2, 1});
  auto const three = npy<std::int64_t>("three.npy", {1, 2, 0}, {3});
  auto const whole = npy<std::int64_t>("whole.npy", {1, 2}, {1, 2});
  auto const none = npy<float>("none.npy", {}, {0, 2});
  auto const no_labels = npy<std::int64_t>("no_labels.npy", {}, {0});
  expect_refused({"npy:" + flat + "," + three, {}, {}}, "examples x features of floats");
  expect_refused({"npy:" + whole + "," + three, {}, {}}, "it holds (1, 2) of int64");
  expect_refused({"npy:" + x + "," + flat, {}, {}}, "integer vector of labels or a float matrix");
  expect_refused({"npy:" + x + "," + matrix, {}, {}}, "integer vector of labels or a float matrix");
  expect_refused({"npy:" + x + "," + three, {}, {}}, "has 2 examples, but");
  expect_refused({"npy:" + none + "," + no_labels, {}, {}}, "holds no values");
}

TEST_F(Load, NpyRefusesBadValues) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  auto const good = npy<double>("good.npy", {1, 2, 3, 4}, {2, 2});
  auto const bad = npy<double>("bad.npy", {1, 2, 3, nan}, {2, 2});
  auto const large = npy<double>("large.npy", {1, 2, 1e300, 4}, {2, 2});
  auto const labels = npy<std::int64_t>("labels.npy", {0, 1}, {2});
  auto const negative = npy<std::int64_t>("negative.npy", {0, -1}, {2});
  auto const giant = npy<std::int64_t>("giant.npy", {0, 1 << 30}, {2});
  expect_refused_on_load({"npy:" + bad + "," + labels, {}, {}}, "bad.npy: row 1, column 1 is nan");
  expect_refused_on_load({"npy:" + large + "," + labels, {}, {}},
                         "row 1, column 0 is inf in float32");
  EXPECT_NO_THROW(load_data<double>({"npy:" + large + "," + labels, {}, {}}));
  expect_refused_on_load({"npy:" + good + "," + bad, {}, {}}, "bad.npy: row 1, column 1 is nan");
  expect_refused_on_load({"npy:" + good + "," + negative, {}, {}}, "row 1 has label -1");
  expect_refused_on_load({"npy:" + good + "," + giant, {}, {}}, "row 1 has label 1073741824");
  expect_input_error(
      [&] {
        load_data<double>({"npy:" + large + "," + labels, {}, Standardize::pixel});
      },
      "column 0 is too large to standardise");
}

TEST_F(Load, RefusesTestSetsThatDoNotFit) {
  auto const wide = npy<float>("wide.npy", {1, 2, 3}, {1, 3});
  auto const fits = npy<float>("fits.npy", {1, 2}, {1, 2});
  auto const label = npy<std::int64_t>("label.npy", {1}, {1});
  auto const beyond = npy<std::int64_t>("beyond.npy", {3}, {1});
  auto const source = "npy:" + labelled() + ",";
  expect_refused_on_load({source + wide + "," + label, {}, {}},
                         "has 3 features, the training set 2");
  expect_refused_on_load({source + fits + "," + beyond, {}, {}},
                         "has 4 classes, the training set 3");
  expect_refused_on_load({source + fits + "," + fits, {}, {}}, "the other regression targets");
  expect_refused({source + fits + "," + files_.string("missing"), {}, {}}, "no such file");
}

TEST_F(Load, RefusesMoreExamplesThanThereAre) {
  expect_refused({"npy:" + labelled(), 5, {}}, "5 examples are wanted; it has 1 ... 4");
  expect_refused({"npy:" + labelled(), 0, {}}, "0 examples are wanted");
  expect_refused({"synthetic:examples=10", 11, {}}, "11 examples are wanted");
  expect_refused({"synthetic", -1, {}}, "-1 examples are wanted");
}

TEST_F(Load, RefusesChannelsWhereThereAreNone) {
  expect_refused({"synthetic", {}, Standardize::channel}, "has no channels");
  expect_refused({"npy:" + labelled(), {}, Standardize::channel}, "has no channels");
}

TEST_F(Load, RefusesMissingFiles) {
  expect_refused({"cifar10:" + files_.string("missing"), {}, {}}, "not a readable directory");
  expect_refused({"idx:" + files_.string("a") + "," + files_.string("b"), {}, {}}, "no such file");
  expect_refused({"npy:" + files_.string("a") + "," + files_.string("b"), {}, {}}, "no such file");
}

TEST_F(Load, CifarStandardisesByPixel) {
  std::string train = record(0, '\x10') + record(1, '\x30');
  train[1] = '\x20';  // the first pixel of the first image: constant except there
  train[1 + 3073] = '\x20';
  files_.write("data_batch_1.bin", train);
  files_.write("test_batch.bin", record(2, '\x40'));
  auto const splits = load_data<double>({"cifar10:" + files_.string(""), {}, {}});
  EXPECT_EQ(splits.train.x[0], 0.0) << "a constant pixel";
  EXPECT_NEAR(splits.train.x[1], -1.0, 1e-14);
  EXPECT_NEAR(splits.train.x[3072 + 1], 1.0, 1e-14);
  ASSERT_TRUE(splits.test);
  EXPECT_NEAR(splits.test->x[0], 32.0 / 255, 1e-15) << "(64 - 32) / 255 over 1";
  EXPECT_NEAR(splits.test->x[1], 2.0, 1e-14);
}

TEST_F(Load, CifarStandardisesByChannel) {
  std::string image = record(0, '\0');
  for (std::size_t i = 0; i < 3072; ++i) {
    image[1 + i] = static_cast<char>((i / 1024 + 1) * (i % 2 == 0 ? 10 : 30));
  }
  files_.write("data_batch_1.bin", image);
  auto const train =
      load_data<double>({"cifar10:" + files_.string(""), {}, Standardize::channel}).train;
  for (std::size_t i = 0; i < 3072; ++i) {
    ASSERT_NEAR(train.x[i], i % 2 == 0 ? -1.0 : 1.0, 1e-14);
  }
}

TEST_F(Load, ImagesWithoutStandardisationAreDividedBy255) {
  files_.write("data_batch_1.bin", record(0, '\xff') + record(1, '\x33'));
  auto const train =
      load_data<double>({"cifar10:" + files_.string(""), {}, Standardize::none}).train;
  EXPECT_EQ(train.x[0], 1.0);
  EXPECT_EQ(train.x[3072], 0.2);
}

TEST_F(Load, StatisticsAreThoseOfTheExamplesKept) {
  files_.write("data_batch_1.bin", record(0, '\x10') + record(1, '\x30') + record(1, '\x7f'));
  auto const train = load_data<double>({"cifar10:" + files_.string(""), 2, {}}).train;
  EXPECT_NEAR(train.x[0], -1.0, 1e-14);
  EXPECT_NEAR(train.x[3072], 1.0, 1e-14);
}

TEST_F(Load, IdxWithTestSet) {
  auto const images =
      files_.write("i", std::string("\0\0\x08\x03\0\0\0\2\0\0\0\1\0\0\0\1\x0a\x1e", 18));
  auto const labels = files_.write("l", std::string("\0\0\x08\x01\0\0\0\2\0\1", 10));
  std::string const pair = images + "," + labels;
  for (auto const standardize : {Standardize::pixel, Standardize::channel}) {
    auto const splits = load_data<float>({"idx:" + pair + "," + pair, {}, standardize});
    EXPECT_EQ(splits.train.x, (std::vector<float>{-1, 1}));
    ASSERT_TRUE(splits.test);
    EXPECT_EQ(splits.test->x, splits.train.x);
  }
}

}  // namespace
}  // namespace brink
