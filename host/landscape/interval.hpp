#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace brink {

/// A closed interval [lower, upper] that encloses every value an expression takes: each operation's
/// result is moved outwards by one floating-point number on either side, so that rounding to
/// nearest loses nothing and no rounding mode is switched. Operations that are not defined
/// everywhere on their arguments give all real numbers.
class Interval {
 public:
  using value_type = double;

  Interval() = default;
  Interval(double number) : lower_(number), upper_(number) {}
  Interval(double lower, double upper) : lower_(lower), upper_(upper) {}

  double lower() const { return lower_; }
  double upper() const { return upper_; }
  double width() const { return upper_ - lower_; }
  double middle() const { return 0.5 * lower_ + 0.5 * upper_; }
  bool contains(double number) const { return lower_ <= number && number <= upper_; }

  static Interval everything() {
    double const infinity = std::numeric_limits<double>::infinity();
    return {-infinity, infinity};
  }
  /// The smallest interval around [lower, upper] that rounding cannot have cut; everything, where
  /// one of them is not a number.
  static Interval outwards(double lower, double upper) {
    if (std::isnan(lower) || std::isnan(upper)) return everything();
    double const infinity = std::numeric_limits<double>::infinity();
    return {std::nextafter(lower, -infinity), std::nextafter(upper, infinity)};
  }

  friend Interval operator+(Interval a, Interval b) {
    return outwards(a.lower_ + b.lower_, a.upper_ + b.upper_);
  }
  friend Interval operator-(Interval a, Interval b) {
    return outwards(a.lower_ - b.upper_, a.upper_ - b.lower_);
  }
  friend Interval operator-(Interval a) { return {-a.upper_, -a.lower_}; }
  friend Interval operator*(Interval a, Interval b) {
    double const products[] = {a.lower_ * b.lower_, a.lower_ * b.upper_, a.upper_ * b.lower_,
                               a.upper_ * b.upper_};
    for (double const product : products) {
      if (std::isnan(product)) return everything();
    }
    auto const [least, greatest] = std::minmax_element(std::begin(products), std::end(products));
    return outwards(*least, *greatest);
  }
  friend Interval operator/(Interval a, Interval b) {
    if (b.contains(0)) return everything();
    return a * outwards(1 / b.upper_, 1 / b.lower_);
  }

  friend Interval square(Interval x) {
    double const near = x.contains(0) ? 0 : std::min(std::abs(x.lower_), std::abs(x.upper_));
    double const far = std::max(std::abs(x.lower_), std::abs(x.upper_));
    Interval const result = outwards(near * near, far * far);
    return {std::max(0.0, result.lower_), result.upper_};
  }
  /// Everything, where x has negative numbers.
  friend Interval sqrt(Interval x) {
    if (!(x.lower_ >= 0)) return everything();
    Interval const result = outwards(std::sqrt(x.lower_), std::sqrt(x.upper_));
    return {std::max(0.0, result.lower_), result.upper_};
  }
  /// Allows the library's tanh an error of four units in the last place.
  friend Interval tanh(Interval x) {
    Interval result(std::tanh(x.lower_), std::tanh(x.upper_));
    for (int i = 0; i < 4; ++i) result = outwards(result.lower_, result.upper_);
    return {std::max(-1.0, result.lower_), std::min(1.0, result.upper_)};
  }
  friend Interval abs(Interval x) {
    if (x.lower_ >= 0) return x;
    if (x.upper_ <= 0) return -x;
    return {0, std::max(-x.lower_, x.upper_)};
  }
  /// What is in both, which have a number in common.
  friend Interval intersection(Interval a, Interval b) {
    return {std::max(a.lower_, b.lower_), std::min(a.upper_, b.upper_)};
  }
  friend Interval max(Interval a, Interval b) {
    return {std::max(a.lower_, b.lower_), std::max(a.upper_, b.upper_)};
  }

 private:
  double lower_ = 0;
  double upper_ = 0;
};

}  // namespace brink
