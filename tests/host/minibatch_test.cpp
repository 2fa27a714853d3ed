#include "host/dynamics/minibatch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "host/dynamics/batch_buffer.hpp"
#include "tests/support/problem.hpp"

namespace brink::test {
namespace {

TEST(Minibatches, AnEpochGoesThroughAllExamplesOnce) {
  for (Index const n : {1, 31, 32, 33}) {
    for (Index const size : {1, 7, 32, 33}) {
      Minibatches const batches{n, std::min(size, n), 5};
      EXPECT_EQ(batches.per_epoch(), (n + batches.batch_size - 1) / batches.batch_size);
      for (Index const epoch : {0, 1, 4}) {
        std::vector<Index> seen;
        for (Index i = 0; i < batches.per_epoch(); ++i) {
          auto const batch = batches.of_step(epoch * batches.per_epoch() + i);
          bool const last = i + 1 == batches.per_epoch();
          EXPECT_TRUE(last ? std::ssize(batch) <= batches.batch_size
                           : std::ssize(batch) == batches.batch_size);
          EXPECT_FALSE(batch.empty());
          seen.insert(seen.end(), batch.begin(), batch.end());
        }
        std::sort(seen.begin(), seen.end());
        std::vector<Index> all(static_cast<std::size_t>(n));
        std::iota(all.begin(), all.end(), Index{0});
        EXPECT_EQ(seen, all);
      }
    }
  }
}

TEST(Minibatches, EpochsAndSeedsDiffer) {
  Minibatches const batches{100, 100, 5};
  EXPECT_NE(batches.of_step(0), batches.of_step(1));
  EXPECT_NE(batches.of_step(0), (Minibatches{100, 100, 6}.of_step(0)));
  EXPECT_EQ(batches.of_step(3), (Minibatches{100, 100, 5}.of_step(3)));
  EXPECT_FALSE(std::ranges::is_sorted(batches.of_step(0)));
}

TEST(Minibatches, DrawsAreDifferentExamplesUniformly) {
  Minibatches const batches{10, 3, 1};
  std::vector<int> count(10, 0);
  constexpr int draws = 3000;
  for (int i = 0; i < draws; ++i) {
    auto const batch = batches.draw(i / 100, i % 100);
    EXPECT_EQ(std::set<Index>(batch.begin(), batch.end()).size(), 3u);
    for (Index const example : batch) ++count[static_cast<std::size_t>(example)];
  }
  // Each is in 30 % of the draws: 900 with a standard deviation of 25.
  for (int const times : count) EXPECT_NEAR(times, 0.3 * draws, 130);
  EXPECT_NE(batches.draw(0, 0), batches.draw(1, 0));
  EXPECT_EQ((Minibatches{4, 9, 1}.draw(0, 0).size()), 4u);
}

TEST(BatchBuffer, HoldsTheExamplesAskedFor) {
  for (bool const regression : {false, true}) {
    SmallProblem<float> const problem({9, 3, {2}, 4, regression}, "tanh", "mse");
    LoadedProblem<float> loaded(problem);
    BatchBuffer<float> buffer(*loaded.machine.context, *loaded.machine.operations.linalg,
                              loaded.set.examples(), 5);
    for (std::vector<Index> const& indices :
         std::vector<std::vector<Index>>{{8, 0, 3, 1, 2}, {4}}) {
      Examples<float> const batch = buffer.gather(indices);
      ASSERT_EQ(batch.count(), std::ssize(indices));
      Context& context = *loaded.machine.context;
      for (std::size_t i = 0; i < indices.size(); ++i) {
        auto const row = static_cast<Index>(i);
        auto const example = static_cast<std::size_t>(indices[i]);
        std::vector<float> x(3), values(4);
        std::int32_t label = -1;
        context.download(x.data(), batch.x.row(row), 3 * sizeof(float));
        EXPECT_EQ(widened(x), problem.oracle.x[example]);
        if (regression) {
          EXPECT_TRUE(batch.targets.labels.empty());
          context.download(values.data(), batch.targets.values.row(row), 4 * sizeof(float));
          EXPECT_EQ(widened(values), problem.oracle.targets[example]);
        } else {
          context.download(&label, batch.targets.labels.data + i, sizeof(label));
          EXPECT_EQ(label, problem.oracle.labels[example]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace brink::test
