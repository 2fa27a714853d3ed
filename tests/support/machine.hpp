#pragma once

#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernels/operations.hpp"
#include "tests/support/compare.hpp"

namespace brink::test {

/// What the tests of operations run on: BRINK_TEST_DEVICE, as `--device` has it, or the CPU.
inline std::string device() {
  char const* const chosen = std::getenv("BRINK_TEST_DEVICE");
  return chosen == nullptr ? "cpu" : chosen;
}

/// Numbers of threads to try: other devices than the CPU do not use them.
inline std::vector<int> thread_counts() {
  return device() == "cpu" ? std::vector<int>{1, 2, 3} : std::vector<int>{2};
}

/// Whether a context is of the emulated device, which takes its time, and goes other ways at
/// smaller sizes than a GPU does.
inline bool is_emulated(Context const& context) {
  return context.description().find("emulated") != std::string::npos;
}

/// Whether the tests run on a GPU, which goes other ways only at sizes that take other devices
/// long.
inline bool on_gpu() {
  auto const context = make_context(device(), 1, Products::exact);
  return context->backend() == "cuda" && !is_emulated(*context);
}

/// A context with its operations.
template <class T>
struct Machine {
  explicit Machine(int threads = 2, Products products = Products::exact)
      : context(make_context(device(), threads, products)),
        operations(make_operations<T>(*context)) {}

  std::unique_ptr<Context> context;
  Operations<T> operations;
};

/// A matrix in a context's memory whose rows are followed by `padding` entries that belong to
/// nobody: NaN, so that whoever reads them is found out, and so is whoever writes there.
template <class T>
class Block {
 public:
  /// Nothing written yet: NaN.
  Block(Context& context, Index rows, Index cols, Index padding = 0)
      : rows_(rows),
        cols_(cols),
        padding_(padding),
        buffer_(context, std::vector<T>(static_cast<std::size_t>(rows * (cols + padding)), nan)) {}

  Block(Context& context, Index rows, Index cols, std::vector<double> const& values,
        Index padding = 0)
      : Block(context, rows, cols, padding) {
    std::vector<T> memory = buffer_.download();
    for (Index i = 0; i < rows * cols; ++i) {
      memory[i / cols * (cols + padding) + i % cols] = static_cast<T>(values[i]);
    }
    buffer_.upload(memory);
  }

  Matrix<T> view() const { return {buffer_.view().data, rows_, cols_, cols_ + padding_}; }
  Vector<T> vector() const { return {buffer_.view().data, rows_ * cols_}; }

  /// The entries, row by row, without the padding.
  std::vector<T> values() const {
    std::vector<T> const memory = buffer_.download();
    std::vector<T> values;
    for (Index r = 0; r < rows_; ++r) {
      auto const row = memory.begin() + r * (cols_ + padding_);
      values.insert(values.end(), row, row + cols_);
    }
    return values;
  }

  bool padding_untouched() const {
    std::vector<T> const memory = buffer_.download();
    for (Index i = 0; i < std::ssize(memory); ++i) {
      if (i % (cols_ + padding_) >= cols_ && !std::isnan(memory[i])) return false;
    }
    return true;
  }

 private:
  static constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  Index rows_, cols_, padding_;
  Buffer<T> buffer_;
};

}  // namespace brink::test
