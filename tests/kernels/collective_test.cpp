#include "kernels/collective.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

struct Shape {
  Index rows, cols, padding;
};

/// Shapes whose slices are empty, ragged or strided.
std::vector<Shape> const small_shapes{{1, 1, 0}, {1, 2, 3}, {1, 1000, 0}, {7, 33, 0}, {3, 100, 5}};

double factor_of(int rank) {
  return 0.25 + 0.3 * rank;
}

template <class T>
std::vector<double> values_of(int rank, Shape const& shape) {
  return random_values<T>(shape.rows * shape.cols, static_cast<std::uint64_t>(rank) + 1);
}

/// In the order of ranks and in double precision, from what each has rounded.
template <class T>
std::vector<T> sums(int ranks, Shape const& shape) {
  std::vector<double> sums(static_cast<std::size_t>(shape.rows * shape.cols));
  for (int rank = 0; rank < ranks; ++rank) {
    std::vector<double> const values = values_of<T>(rank, shape);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      auto const scaled = static_cast<T>(factor_of(rank) * static_cast<double>(T(values[i])));
      sums[i] += static_cast<double>(scaled);
    }
  }
  return {sums.begin(), sums.end()};
}

/// Whether this rank's collective makes the sums of each shape, to the last bit.
template <class T>
bool adds_up(Context& context, std::vector<Shape> const& shapes, std::string const& meeting,
             int rank, int ranks) {
  std::unique_ptr<Collective> const collective = context.join(meeting, rank, ranks);
  bool right = true;
  for (Shape const& shape : shapes) {
    Block<T> const block(context, shape.rows, shape.cols, values_of<T>(rank, shape), shape.padding);
    collective->add_up(block.view(), factor_of(rank));
    right &= block.values() == sums<T>(ranks, shape);
    right &= shape.padding == 0 || block.padding_untouched();
  }
  return right;
}

template <class T>
class CollectiveOperation : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(CollectiveOperation, Precisions);

TYPED_TEST(CollectiveOperation, IsScalingInAProcessThatIsAlone) {
  Machine<TypeParam> const machine;
  if (machine.context->identity().empty()) {
    EXPECT_EQ(machine.context->join("", 0, 1), nullptr);
    GTEST_SKIP() << "adds up through the host";
  }
  EXPECT_TRUE(
      adds_up<TypeParam>(*machine.context, small_shapes, machine.context->make_meeting(), 0, 1));
}

TYPED_TEST(CollectiveOperation, TakesMoreThanItsMemoryInPieces) {
  Machine<TypeParam> const machine;
  if (machine.context->identity().empty()) GTEST_SKIP() << "adds up through the host";
  Index const piece = (Index{16} << 20) / static_cast<Index>(sizeof(TypeParam));
  EXPECT_TRUE(adds_up<TypeParam>(*machine.context, {{2, piece / 2 + 3, 1}},
                                 machine.context->make_meeting(), 0, 1));
}

/// The exit code of a process of its own that does the work: 0 where it returns true.
template <class Work>
pid_t start(Work const& work) {
  pid_t const child = fork();
  if (child == 0) {
    try {
      _exit(work() ? 0 : 1);
    } catch (std::exception const& error) {
      std::fprintf(stderr, "%s\n", error.what());
      _exit(2);
    }
  }
  return child;
}

TYPED_TEST(CollectiveOperation, AddsUpOverProcessesInTheirOrder) {
  std::string meeting;
  {
    Machine<TypeParam> const machine;
    if (!machine.context->description().starts_with("emulated")) {
      GTEST_SKIP() << "processes that are forked have no GPU";
    }
    meeting = machine.context->make_meeting();
  }
  constexpr int ranks = 3;
  std::vector<pid_t> children;
  for (int rank = 0; rank < ranks; ++rank) {
    children.push_back(start([&] {
      Machine<TypeParam> const machine;
      return adds_up<TypeParam>(*machine.context, small_shapes, meeting, rank, ranks);
    }));
  }
  for (pid_t const child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
}

TEST(Identity, OfADeviceIsItsOwn) {
  std::unique_ptr<Context> const one = make_context(device(), 1);
  std::unique_ptr<Context> const again = make_context(device(), 1);
  EXPECT_EQ(one->identity(), again->identity());
  EXPECT_TRUE(one->backend() == "cuda" || one->identity().empty());
}

}  // namespace
}  // namespace brink::test
