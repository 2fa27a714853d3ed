#include "host/bench/landscape_cost.hpp"

#include <fmt/format.h>

#include <set>
#include <string>

namespace brink {
namespace {

/// A number that stands for the expression it is made by, with every operation that takes: equal
/// expressions are equal texts, and those of constants alone take none.
class Expression {
 public:
  using value_type = double;

  Expression() = default;
  Expression(double constant) : text_(fmt::format("{}", constant)) {}
  static Expression variable(int index) {
    Expression x(fmt::format("x{}", index));
    x.constant_ = false;
    return x;
  }

  friend Expression operator+(Expression const& a, Expression const& b) { return sum("+", a, b); }
  friend Expression operator*(Expression const& a, Expression const& b) { return sum("*", a, b); }
  friend Expression operator-(Expression const& a, Expression const& b) { return made("-", a, b); }
  friend Expression operator/(Expression const& a, Expression const& b) { return made("/", a, b); }
  friend Expression tanh(Expression const& a) { return made("tanh", a, {}); }

  std::set<std::string> const& operations() const { return operations_; }

 private:
  explicit Expression(std::string text) : text_(std::move(text)) {}

  /// Where the operands may be exchanged.
  static Expression sum(char const* operation, Expression const& a, Expression const& b) {
    return a.text_ < b.text_ ? made(operation, a, b) : made(operation, b, a);
  }
  static Expression made(char const* operation, Expression const& a, Expression const& b) {
    Expression result(fmt::format("{}({},{})", operation, a.text_, b.text_));
    result.constant_ = a.constant_ && b.constant_;
    if (result.constant_) return result;
    result.operations_ = a.operations_;
    result.operations_.insert(b.operations_.begin(), b.operations_.end());
    result.operations_.insert(result.text_);
    return result;
  }

  std::string text_;
  bool constant_ = true;
  std::set<std::string> operations_;
};

}  // namespace

double landscape_operations(LandscapeChoice const& choice) {
  return with_landscape(choice, []<class Landscape>(Landscape const& f) {
    constexpr int dimension = Landscape::dimension;
    Point<Expression, dimension> p;
    for (int i = 0; i < dimension; ++i) p[i] = Expression::variable(i);
    std::set<std::string> all = f.value(p).operations();
    Point<Expression, dimension> const gradient = f.gradient(p);
    for (int i = 0; i < dimension; ++i) {
      std::set<std::string> const& more = gradient[i].operations();
      all.insert(more.begin(), more.end());
    }
    return static_cast<double>(all.size());
  });
}

double basin_step_operations(LandscapeChoice const& choice) {
  constexpr double per_coordinate = 2 + 1 + 2;
  constexpr double verdict = 5 + 1 + 2;
  return landscape_operations(choice) + per_coordinate * choice.dimension + verdict;
}

}  // namespace brink
