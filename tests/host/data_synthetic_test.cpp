#include "host/data/synthetic.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/host/data_files.hpp"

namespace brink {
namespace {

TEST(Synthetic, HasTheDocumentedShape) {
  Splits<float> const splits = make_synthetic<float>({}, {});
  EXPECT_EQ(splits.train.examples, 2000);
  EXPECT_EQ(splits.train.features, 256);
  EXPECT_EQ(splits.train.outputs, 10);
  EXPECT_EQ(splits.train.x.size(), 2000u * 256u);
  EXPECT_EQ(splits.train.labels[13], 3);
  EXPECT_TRUE(splits.train.values.empty());
  ASSERT_TRUE(splits.test);
  EXPECT_EQ(splits.test->examples, 500);
  EXPECT_EQ(splits.test->outputs, 10);
  EXPECT_NE(splits.test->x[0], splits.train.x[0]);
}

TEST(Synthetic, HasNoTestSetWhenToldSo) {
  EXPECT_FALSE(make_synthetic<float>({.test = 0}, {}).test);
}

// Fixed values: the same data on every platform, for ever.
TEST(Synthetic, DataAreFixed) {
  Splits<double> const splits = make_synthetic<double>({.examples = 20}, {});
  EXPECT_EQ(splits.train.x[0], -0x1.318a0ab540dc6p+2);
  EXPECT_EQ(splits.train.x[256 * 19 + 255], 0x1.18382398e3cabp-1);
  EXPECT_EQ(splits.test->x[0], 0x1.e08f16bd32c83p+2);
}

TEST(Synthetic, PrecisionsAgree) {
  auto const wide = make_synthetic<double>({.examples = 50}, {});
  auto const narrow = make_synthetic<float>({.examples = 50}, {});
  for (std::size_t i = 0; i < wide.train.x.size(); ++i) {
    ASSERT_EQ(static_cast<float>(wide.train.x[i]), narrow.train.x[i]);
  }
}

TEST(Synthetic, ExamplesDoNotDependOnTheirNumber) {
  auto const many = make_synthetic<float>({.examples = 100}, 40).train;
  auto const few = make_synthetic<float>({.examples = 40}, {}).train;
  EXPECT_EQ(many.x, few.x);
  EXPECT_EQ(many.labels, few.labels);
}

TEST(Synthetic, SeedsDiffer) {
  EXPECT_NE(make_synthetic<float>({.examples = 10}, {}).train.x,
            make_synthetic<float>({.examples = 10, .seed = 1}, {}).train.x);
}

TEST(Synthetic, VarianceFollowsThePowerLaw) {
  // Without separation every coordinate k is normal with variance scale^2 k^-decay.
  SyntheticOptions const options{
      .examples = 20000, .features = 8, .test = 0, .scale = 2.0, .decay = 1.0, .separation = 0.0};
  auto const data = make_synthetic<double>(options, {}).train;
  for (std::size_t k = 0; k < 8; ++k) {
    double square = 0;
    for (std::size_t i = 0; i < 20000; ++i) {
      square += data.x[i * 8 + k] * data.x[i * 8 + k];
    }
    double const expected = 4.0 / static_cast<double>(k + 1);
    EXPECT_NEAR(square / 20000 / expected, 1.0, 5 * std::sqrt(2.0 / 20000));
  }
}

TEST(Synthetic, SeparationMovesTheModes) {
  // With one mode far outside the noise, the examples of a class sit together.
  SyntheticOptions const options{.examples = 40,
                                 .features = 4,
                                 .classes = 2,
                                 .test = 0,
                                 .modes = 1,
                                 .scale = 1.0,
                                 .decay = 0.0,
                                 .separation = 1000.0};
  auto const data = make_synthetic<double>(options, {}).train;
  for (std::size_t i = 2; i < 40; ++i) {
    EXPECT_NEAR(data.x[i * 4], data.x[i % 2 * 4], 12.0);
  }
  EXPECT_GT(std::abs(data.x[0] - data.x[4]), 50.0);
}

TEST(Synthetic, RefusesOptionsOutOfRange) {
  auto refused = [](SyntheticOptions const& options, std::string const& part) {
    test::expect_input_error([&] { make_synthetic<float>(options, {}); }, part);
  };
  refused({.examples = 0}, "examples=0");
  refused({.examples = 1'000'000'000'000}, "examples=1000000000000");
  refused({.features = -1}, "features=-1");
  refused({.classes = 1}, "classes=1");
  refused({.test = -1}, "test=-1");
  refused({.modes = 0}, "modes=0");
  refused({.modes = std::int64_t{1} << 62}, "modes=");
  refused({.scale = 0.0}, "scale=0");
  refused({.decay = -1.0}, "decay=-1");
  refused({.separation = std::nan("")}, "separation=nan");
  test::expect_input_error([] { make_synthetic<float>({}, 2001); }, "it has 1 ... 2000");
}

}  // namespace
}  // namespace brink
