#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/bench/work.hpp"
#include "kernels/math/landscape.hpp"
#include "kernels/math/nan.hpp"
#include "kernels/math/random.hpp"
#include "kernels/operations.hpp"

namespace brink {

/// The sizes that operations are measured at: each takes all combinations of those it has.
struct BenchAxes {
  std::vector<Index> examples{1000, 5000};
  std::vector<Index> features{3072};
  std::vector<Index> width{200};  ///< of both hidden layers
  std::vector<Index> directions{1, 8};
  std::vector<Index> taus{10};
  std::vector<Index> starts{Index{1} << 24};
  LandscapeChoice landscape;
  double learning_rate = 0.3;  ///< of scans

  static constexpr Index outputs = 10;  ///< of every network
};

/// Sizes by their symbols, in the order in which they are shown.
using BenchSizes = std::vector<std::pair<std::string, Index>>;

/// Where measurements happen.
template <class T>
struct BenchPlace {
  Context& context;
  Operations<T> const& operations;
};

/// Something to call over and over; owns what it works on.
struct BenchTask {
  std::function<void()> call;
  /// Where the sizes alone do not tell how many operations a call takes; else NaN.
  double operations = nan;
};

/// An operation at given sizes.
template <class T>
struct BenchCase {
  BenchSizes sizes;
  Work work;  ///< of one call; `operations` NaN where the task says how many
  std::function<BenchTask(BenchPlace<T> const&)> prepare;
};

/// One of the operations of `kernels/operations.hpp`, or a composite of several.
template <class T>
struct BenchOperation {
  std::string name;  ///< "group.what"
  std::string what;  ///< a line that says what a call does
  std::function<std::vector<BenchCase<T>>(BenchAxes const&)> cases;

  std::string group() const { return name.substr(0, name.find('.')); }
};

/// Every operation there is. T: float or double.
template <class T>
std::vector<BenchOperation<T>> bench_operations();

/// So small that what a call updates stays where it is however often it is made, and so large that
/// its products are not denormal.
inline constexpr double bench_step = 1e-20;

/// Arrays in a context's memory, kept as long as this.
template <class T>
class BenchArrays {
 public:
  explicit BenchArrays(Context& context) : context_(context) {}

  /// Standard normal numbers times a scale. A few thousand over and over: to draw all anew would
  /// take longer than the measurements.
  Matrix<T> normal_matrix(Index rows, Index cols, double scale = 1) {
    constexpr Index period = 65537;
    Index const size = rows * cols;
    std::vector<T> drawn(static_cast<std::size_t>(std::min(period, size)));
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      drawn[i] = static_cast<T>(scale * normal(seed_, 0, i));
    }
    ++seed_;
    T* const first = room<T>(size).data;
    context_.upload(first, drawn.data(), drawn.size() * sizeof(T));
    for (Index done = std::ssize(drawn); done < size;) {
      Index const more = std::min(done, size - done);
      context_.copy(first + done, first, static_cast<std::size_t>(more) * sizeof(T));
      done += more;
    }
    return Matrix<T>(first, rows, cols);
  }
  Vector<T> normal_vector(Index size) { return {normal_matrix(1, size).data, size}; }

  /// Uninitialised.
  Matrix<T> matrix(Index rows, Index cols) {
    return Matrix<T>(room<T>(rows * cols).data, rows, cols);
  }
  template <class U>
  Vector<U> room(Index size) {
    return kept(std::make_shared<Buffer<U>>(context_, size));
  }
  template <class U>
  Vector<U> keep(std::vector<U> const& values) {
    return kept(std::make_shared<Buffer<U>>(context_, values));
  }

  /// Weights as of a network: preactivations stay of order 1.
  DenseLayer<T> layer(Index outputs, Index inputs) {
    double const scale = 1 / std::sqrt(static_cast<double>(inputs));
    return {normal_matrix(outputs, inputs, scale), normal_vector(outputs)};
  }
  DenseDirections<T> directions(Index count, LayerShape const& shape) {
    Index const size = shape.outputs * (shape.inputs + 1);
    T* const first = normal_matrix(count, size).data;
    return {first, first + shape.outputs * shape.inputs, count, size, shape.outputs, shape.inputs};
  }
  /// Class labels 0 … classes − 1 in turn.
  Vector<std::int32_t> labels(Index examples, Index classes) {
    std::vector<std::int32_t> values(static_cast<std::size_t>(examples));
    for (Index i = 0; i < examples; ++i) values[i] = static_cast<std::int32_t>(i % classes);
    return keep(values);
  }

 private:
  template <class U>
  Vector<U> kept(std::shared_ptr<Buffer<U>> const& buffer) {
    kept_.push_back(buffer);
    return buffer->view();
  }

  Context& context_;
  std::uint64_t seed_ = 0;
  std::vector<std::shared_ptr<void>> kept_;
};

/// The cases of an operation over shapes: their sizes, what a call takes by `work`, and
/// prepare(place, arrays, shape), which returns the call.
template <class T, class Shape, class WorkOf, class Prepare>
std::function<std::vector<BenchCase<T>>(BenchAxes const&)> over(
    std::vector<Shape> (*shapes)(BenchAxes const&), WorkOf work, Prepare prepare) {
  return [=](BenchAxes const& axes) {
    std::vector<BenchCase<T>> cases;
    for (Shape const& shape : shapes(axes)) {
      cases.push_back({sizes_of(shape), work(shape), [=](BenchPlace<T> const& place) {
                         auto const arrays = std::make_shared<BenchArrays<T>>(place.context);
                         return BenchTask{
                             [arrays, call = prepare(place, *arrays, shape)] { call(); }};
                       }});
    }
    return cases;
  };
}

}  // namespace brink
