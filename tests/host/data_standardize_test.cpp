#include "host/data/standardize.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace brink {
namespace {

Dataset<float> rows(std::int64_t features, std::vector<float> const& x) {
  Dataset<float> data;
  data.features = features;
  data.examples = std::ssize(x) / features;
  data.x = x;
  return data;
}

TEST(Standardize, UsesThePopulationDeviation) {
  Dataset<float> data = rows(2, {1, 10, 3, 30});
  Standardization const map = fit_standardization(data, 2, 1.0);
  EXPECT_EQ(map.mean, (std::vector<double>{2, 20}));
  EXPECT_EQ(map.deviation, (std::vector<double>{1, 10}));
  apply_standardization(map, data);
  EXPECT_EQ(data.x, (std::vector<float>{-1, -1, 1, 1}));
}

TEST(Standardize, PoolsTheFeaturesOfAGroup) {
  Dataset<float> const data = rows(4, {0, 2, 10, 10, 4, 6, 30, 30});
  Standardization const map = fit_standardization(data, 2, 1.0);
  EXPECT_EQ(map.mean, (std::vector<double>{3, 20}));
  EXPECT_EQ(map.deviation, (std::vector<double>{std::sqrt(5.0), 10}));
}

TEST(Standardize, ConstantFeaturesKeepTheUnit) {
  // 0.1f summed three times and divided by three is not 0.1f, whence a tiny spurious deviation.
  Dataset<float> data = rows(1, {0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f});
  Standardization const map = fit_standardization(data, 1, 255.0);
  EXPECT_EQ(map.deviation[0], 255.0);
  apply_standardization(map, data);
  for (float const x : data.x) {
    EXPECT_NEAR(x, 0.0f, 1e-12f);
  }
}

TEST(Standardize, AppliesTheSameMapToOtherData) {
  Dataset<float> const train = rows(2, {0, 5, 2, 5});
  Dataset<float> test = rows(2, {3, 7});
  apply_standardization(fit_standardization(train, 2, 1.0), test);
  EXPECT_EQ(test.x, (std::vector<float>{2, 2}));
}

TEST(Standardize, StatisticsAreFloat64) {
  // A float32 sum of these loses the small part entirely.
  std::vector<float> x(4000, 1e6f);
  for (std::size_t i = 0; i < x.size(); i += 2) {
    x[i] += 1.0f;
  }
  Standardization const map = fit_standardization(rows(1, x), 1, 1.0);
  EXPECT_EQ(map.mean[0], 1e6 + 0.5);
  EXPECT_EQ(map.deviation[0], 0.5);
}

}  // namespace
}  // namespace brink
