// GoogleTest's main, for a device that may not be there.
#include <gtest/gtest.h>

#include <cstdio>

#include "kernels/error.hpp"
#include "tests/support/machine.hpp"

int main(int argc, char** argv) {
  constexpr int skipped = 77;  // as tests/CMakeLists.txt tells ctest
  testing::InitGoogleTest(&argc, argv);
  try {
    brink::make_context(brink::test::device(), 1);
  } catch (brink::InputError const& error) {
    std::printf("SKIPPED: %s\n", error.what());
    return skipped;
  }
  return RUN_ALL_TESTS();
}
