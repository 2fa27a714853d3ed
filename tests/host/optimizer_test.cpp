#include "host/dynamics/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/error.hpp"
#include "tests/oracle/oracle.hpp"
#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

using oracle::dot;
using oracle::plus;
using oracle::Reals;

/// f(θ) = ½ Σ a_i θ_i² + 1, whose gradient flow is known.
struct Quadratic {
  Reals a{3, 1, 0.5, -0.2};
  Reals start{1, -2, 0.5, 0.1};

  double value(Reals const& theta) const { return 1 + 0.5 * dot(theta, gradient(theta)); }
  Reals gradient(Reals const& theta) const {
    Reals g;
    for (std::size_t i = 0; i < a.size(); ++i) g.push_back(a[i] * theta[i]);
    return g;
  }
};

/// Steps of the textbook rule; θ₀ first.
std::vector<Reals> plain(Quadratic const& f, UpdateRule const& rule, int steps) {
  std::vector<Reals> path{f.start};
  Reals momentum(f.start.size(), 0.0);
  for (int step = 0; step < steps; ++step) {
    Reals const& theta = path.back();
    Reals g = f.gradient(theta);
    if (rule.on_square_root) g = plus(Reals(g.size(), 0), 0.5 / std::sqrt(f.value(theta)), g);
    momentum = plus(g, rule.momentum, momentum);
    double scale = rule.learning_rate;
    Reals direction = g;
    if (rule.method == Method::polyak) direction = momentum;
    if (rule.method == Method::nesterov) direction = plus(g, rule.momentum, momentum);
    if (rule.method == Method::normalized_gd) scale /= std::sqrt(dot(g, g));
    path.push_back(plus(theta, -scale, direction));
  }
  return path;
}

template <class T>
class OptimizerOf : public ::testing::Test {
 protected:
  void advance(Optimizer<T>& optimizer) {
    Reals const theta = widened(optimizer.state().theta);
    machine_.context->upload(optimizer.gradient().data, narrowed<T>(f_.gradient(theta)).data(),
                             theta.size() * sizeof(T));
    loss_.upload({f_.value(theta)});
    optimizer.advance(loss_.view().data);
  }

  Quadratic f_;
  Machine<T> machine_;
  Buffer<double> loss_{*machine_.context, 1};
};
TYPED_TEST_SUITE(OptimizerOf, Precisions);

TYPED_TEST(OptimizerOf, FollowsThePlainLoop) {
  using T = TypeParam;
  for (Method const method :
       {Method::gd, Method::sgd, Method::normalized_gd, Method::polyak, Method::nesterov}) {
    for (bool const root : {false, true}) {
      SCOPED_TRACE(method_name(method));
      UpdateRule const rule{method, 0.1, 0.8, root};
      auto const want = plain(this->f_, rule, 10);
      Optimizer<T> optimizer(*this->machine_.context, this->machine_.operations, rule,
                             narrowed<T>(this->f_.start));
      Buffer<T> const displacement(*this->machine_.context, 4);
      Reals last_step;
      for (std::size_t step = 1; step < want.size(); ++step) {
        this->advance(optimizer);
        EXPECT_LE(relative_error(optimizer.state().theta, want[step]), 3 * tolerance<T>);
        Reals const moved = plus(want[step], -1, want[step - 1]);
        optimizer.displacement(displacement.view());
        EXPECT_LE(relative_error(displacement.download(), moved), 20 * tolerance<T>);

        Reals const g = this->f_.gradient(want[step - 1]);
        StepScalars const scalars = optimizer.scalars();
        EXPECT_LE(relative_error(scalars.gradient_square, dot(g, g)), 20 * tolerance<T>);
        // θ moves by −s u.
        double const s = scalars.scale;
        double const size = std::sqrt(dot(moved, moved) * dot(g, g));
        EXPECT_NEAR(s * scalars.update_overlap, -dot(moved, g), 20 * tolerance<T> * size);
        EXPECT_LE(relative_error(s * s * scalars.update_square, dot(moved, moved)),
                  20 * tolerance<T>);
        if (!last_step.empty() && method != Method::normalized_gd && !root) {
          double const length = std::sqrt(dot(last_step, last_step) * dot(g, g));
          EXPECT_NEAR(s * scalars.previous_overlap, -dot(last_step, g), 20 * tolerance<T> * length);
        } else if (last_step.empty()) {
          EXPECT_EQ(scalars.previous_overlap, 0);
        }
        last_step = moved;
      }
    }
  }
}

TYPED_TEST(OptimizerOf, GoesOnFromItsStateBitForBit) {
  using T = TypeParam;
  for (Method const method :
       {Method::gd, Method::normalized_gd, Method::polyak, Method::nesterov}) {
    UpdateRule const rule{method, 0.1, 0.8, false};
    auto const make = [&] {
      return Optimizer<T>(*this->machine_.context, this->machine_.operations, rule,
                          narrowed<T>(this->f_.start));
    };
    Optimizer<T> whole = make();
    for (int step = 0; step < 3; ++step) this->advance(whole);
    Optimizer<T> resumed = make();
    resumed.restore(whole.state());
    for (int step = 0; step < 3; ++step) {
      this->advance(whole);
      this->advance(resumed);
      EXPECT_EQ(resumed.state().theta, whole.state().theta);
      EXPECT_EQ(resumed.scalars().previous_overlap, whole.scalars().previous_overlap);
    }
  }
}

Optimizer<double>::Field gradient_field(Quadratic const& f, Context& context) {
  return [&](Vector<double const> theta, Vector<double> gradient) {
    std::vector<double> host(static_cast<std::size_t>(theta.size));
    context.download(host.data(), theta.data, host.size() * sizeof(double));
    auto const g = f.gradient(host);
    context.upload(gradient.data, g.data(), g.size() * sizeof(double));
  };
}

/// Distance from the exact gradient flow of the quadratic at time 1, after `steps` equal steps.
double flow_error(int steps) {
  Quadratic const f;
  Machine<double> machine;
  Optimizer<double> optimizer(*machine.context, machine.operations, {Method::flow, 0, 0, false},
                              f.start);
  auto const field = gradient_field(f, *machine.context);
  for (int step = 0; step < steps; ++step) {
    field(optimizer.theta(), optimizer.gradient());
    optimizer.advance_flow(1.0 / steps, field);
  }
  Reals exact;
  for (std::size_t i = 0; i < f.a.size(); ++i) exact.push_back(f.start[i] * std::exp(-f.a[i]));
  return relative_error(optimizer.state().theta, exact);
}

TEST(OptimizerFlow, IsOfOrderFour) {
  double const coarse = flow_error(8);
  double const fine = flow_error(16);
  EXPECT_LT(coarse, 1e-3);
  EXPECT_NEAR(std::log2(coarse / fine), 4, 0.3);
  EXPECT_NEAR(std::log2(fine / flow_error(32)), 4, 0.2);
}

TEST(OptimizerFlow, ScalarsDescribeTheStep) {
  Quadratic const f;
  Machine<double> machine;
  Optimizer<double> optimizer(*machine.context, machine.operations, {Method::flow, 0, 0, false},
                              f.start);
  auto const field = gradient_field(f, *machine.context);
  Reals last_update;
  for (double const step : {0.1, 0.2, 0.05}) {
    Reals const before = optimizer.state().theta;
    field(optimizer.theta(), optimizer.gradient());
    optimizer.advance_flow(step, field);
    Reals const after = optimizer.state().theta;
    Reals const g = f.gradient(before);
    Reals update;
    for (std::size_t i = 0; i < g.size(); ++i) update.push_back((before[i] - after[i]) / step);
    StepScalars const scalars = optimizer.scalars();
    EXPECT_DOUBLE_EQ(scalars.scale, step);
    EXPECT_NEAR(scalars.gradient_square, dot(g, g), 1e-12);
    EXPECT_NEAR(scalars.update_overlap, dot(update, g), 1e-12);
    EXPECT_NEAR(scalars.update_square, dot(update, update), 1e-12);
    EXPECT_NEAR(scalars.previous_overlap, last_update.empty() ? 0 : dot(last_update, g), 1e-12);
    last_update = update;
  }
}

TEST(Method, NamesAreKnownAndTheOthersRefused) {
  for (std::string const name : {"gd", "sgd", "normalized-gd", "polyak", "nesterov", "flow"}) {
    EXPECT_EQ(method_name(parse_method(name)), name);
  }
  EXPECT_THROW(parse_method("adam"), InputError);
}

}  // namespace
}  // namespace brink::test
