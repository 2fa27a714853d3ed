#include "kernels/step.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/machine.hpp"

namespace brink::test {
namespace {

struct Outcome {
  std::vector<double> theta, momentum, update, scalars;
};

struct Inputs {
  UpdateRule rule;
  double loss;
  std::vector<double> theta, gradient, previous, momentum;

  bool has_momentum() const {
    return rule.method == Method::polyak || rule.method == Method::nesterov;
  }
};

double dot(std::vector<double> const& a, std::vector<double> const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// The update rules as their definitions read.
Outcome plain(Inputs const& in) {
  auto const& g = in.gradient;
  double const chain = in.rule.on_square_root ? 1 / (2 * std::sqrt(in.loss)) : 1;
  Outcome out{in.theta, in.momentum, g, {}};
  double scale = in.rule.learning_rate;
  switch (in.rule.method) {
    case Method::gd:
    case Method::sgd:
      scale *= chain;
      break;
    case Method::normalized_gd:
      scale /= std::sqrt(dot(g, g));
      break;
    case Method::polyak:
    case Method::nesterov:
      for (std::size_t i = 0; i < g.size(); ++i) {
        out.momentum[i] = in.rule.momentum * in.momentum[i] + chain * g[i];
        out.update[i] = in.rule.method == Method::polyak
                            ? out.momentum[i]
                            : chain * g[i] + in.rule.momentum * out.momentum[i];
      }
      break;
    case Method::flow:
      out.update = in.previous;
      break;
  }
  for (std::size_t i = 0; i < g.size(); ++i) out.theta[i] -= scale * out.update[i];
  double const overlap = in.previous.empty() ? 0 : dot(in.previous, g);
  out.scalars = {dot(g, g), overlap, dot(out.update, g), dot(out.update, out.update), scale};
  return out;
}

std::vector<double> listed(StepScalars const& s) {
  return {s.gradient_square, s.previous_overlap, s.update_overlap, s.update_square, s.scale};
}

/// The operation, with the previous update in the place where the new one goes, as in a run.
template <class T>
Outcome run(Machine<T>& machine, Inputs const& in) {
  Context& context = *machine.context;
  Buffer<T> const theta(context, narrowed<T>(in.theta)),
      gradient(context, narrowed<T>(in.gradient));
  Buffer<T> const previous(context, narrowed<T>(in.previous.empty() ? in.gradient : in.previous));
  Buffer<T> const momentum(context, narrowed<T>(in.momentum));
  Buffer<double> const loss(context, std::vector<double>{in.loss});
  Buffer<StepScalars> const scalars(context, 1);
  bool const own_update = in.has_momentum() || in.rule.method == Method::flow;
  machine.operations.step->update(in.rule, loss.view().data, theta.view(), gradient.view(),
                                  in.previous.empty() ? Vector<T>{} : previous.view(),
                                  in.has_momentum() ? momentum.view() : Vector<T>{},
                                  own_update ? previous.view() : Vector<T>{}, nullptr,
                                  scalars.view().data);
  return {widened(theta.download()), widened(momentum.download()),
          widened((own_update ? previous : gradient).download()),
          listed(scalars.download().front())};
}

constexpr Method methods[] = {Method::gd,     Method::sgd,      Method::normalized_gd,
                              Method::polyak, Method::nesterov, Method::flow};

template <class T>
Inputs make_inputs(Method method, Index size, bool on_square_root, bool with_previous) {
  Inputs in{{method, 0.3, 0.7, on_square_root}, 0.42, random_values<T>(size, 1),
            random_values<T>(size, 2),          {},   {}};
  if (with_previous || method == Method::flow) in.previous = random_values<T>(size, 3);
  if (in.has_momentum()) in.momentum = random_values<T>(size, 4);
  return in;
}

template <class T>
class StepOperation : public ::testing::Test {};
TYPED_TEST_SUITE(StepOperation, Precisions);

TYPED_TEST(StepOperation, UpdatesAsItsDefinitionsSay) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    for (Method const method : methods) {
      for (Index const size : {1, 31, 32, 33, 4095, 4097, 10000}) {
        for (bool const root : {false, true}) {
          for (bool const with_previous : {false, true}) {
            if (root && method == Method::flow) continue;
            SCOPED_TRACE("method " + std::to_string(static_cast<int>(method)) + ", size " +
                         std::to_string(size) + (root ? ", root" : ""));
            Inputs const in = make_inputs<T>(method, size, root, with_previous);
            Outcome const got = run(machine, in);
            Outcome const want = plain(in);
            EXPECT_LE(relative_error(got.theta, want.theta), tolerance<T>);
            EXPECT_LE(relative_error(got.momentum, want.momentum), tolerance<T>);
            EXPECT_LE(relative_error(got.update, want.update), tolerance<T>);
            // A product of two long vectors may cancel: relative to their lengths.
            double const lengths = std::sqrt(want.scalars[3] * want.scalars[0]);
            EXPECT_LE(relative_error(got.scalars[0], want.scalars[0]), tolerance<T>);
            EXPECT_LE(relative_error(got.scalars[3], want.scalars[3]), tolerance<T>);
            EXPECT_LE(relative_error(got.scalars[4], want.scalars[4]), tolerance<T>);
            EXPECT_NEAR(got.scalars[1], want.scalars[1],
                        tolerance<T> * (lengths + std::abs(want.scalars[1])));
            EXPECT_NEAR(got.scalars[2], want.scalars[2], tolerance<T> * lengths);
          }
        }
      }
    }
  }
}

TYPED_TEST(StepOperation, HasNoGradientOfARootThatVanishes) {
  using T = TypeParam;
  Machine<T> machine;
  for (Method const method : {Method::gd, Method::polyak, Method::nesterov}) {
    Inputs in = make_inputs<T>(method, 100, true, true);
    in.loss = 0;
    Outcome const got = run(machine, in);
    Inputs without = in;
    without.rule.on_square_root = false;
    std::fill(without.gradient.begin(), without.gradient.end(), 0.0);
    EXPECT_EQ(got.theta, run(machine, without).theta);
    EXPECT_EQ(got.momentum, run(machine, without).momentum);
  }
}

TYPED_TEST(StepOperation, IsTheSameOnAnyNumberOfThreads) {
  using T = TypeParam;
  Machine<T> one(1);
  for (Method const method : methods) {
    Inputs const in = make_inputs<T>(method, 100'003, false, true);
    Outcome const want = run(one, in);
    for (int const threads : thread_counts()) {
      Machine<T> machine(threads);
      Outcome const got = run(machine, in);
      EXPECT_EQ(got.scalars, want.scalars);
      EXPECT_EQ(got.theta, want.theta);
      EXPECT_EQ(got.momentum, want.momentum);
      EXPECT_EQ(got.update, want.update);
    }
  }
}

TYPED_TEST(StepOperation, CountsParametersThatAreKeptElsewhere) {
  using T = TypeParam;
  Index const size = 5000;
  Machine<T> machine;
  Context& context = *machine.context;
  Step<T> const& step = *machine.operations.step;
  struct Case {
    Method method;
    Index elsewhere;  ///< all of them, even
  };
  for (Case const& tested : {Case{Method::gd, 1234}, Case{Method::normalized_gd, 1234},
                             Case{Method::gd, size}, Case{Method::normalized_gd, size}}) {
    Method const method = tested.method;
    Index const first = tested.elsewhere;
    Inputs const in = make_inputs<T>(method, size, method == Method::gd, true);
    Outcome const want = plain(in);
    Buffer<T> const theta(context, narrowed<T>(in.theta)),
        gradient(context, narrowed<T>(in.gradient)), previous(context, narrowed<T>(in.previous));
    Buffer<double> const loss(context, std::vector<double>{in.loss});
    Buffer<StepScalars> const elsewhere(context, 1), scalars(context, 1);
    auto const head = [&](Buffer<T> const& b) { return Vector<T const>{b.view().data, first}; };
    auto const tail = [&](Buffer<T> const& b) {
      return Vector<T>{b.view().data + first, size - first};
    };
    step.observe(head(gradient), head(previous), nullptr, elsewhere.view().data);
    step.observe(tail(gradient), tail(previous), elsewhere.view().data, scalars.view().data);
    EXPECT_LE(relative_error(scalars.download().front().gradient_square, want.scalars[0]),
              tolerance<T>);
    step.update(in.rule, loss.view().data, tail(theta), tail(gradient), tail(previous), {}, {},
                elsewhere.view().data, scalars.view().data);
    EXPECT_LE(relative_error(listed(scalars.download().front()), want.scalars), tolerance<T>);
    std::vector<double> all = in.theta;  // of those elsewhere, nothing is touched
    std::copy(want.theta.begin() + first, want.theta.end(), all.begin() + first);
    EXPECT_LE(relative_error(theta.download(), all), tolerance<T>);
  }
}

TYPED_TEST(StepOperation, UpdatesWeightsInTheSpanOfTheData) {
  using T = TypeParam;
  for (int const threads : thread_counts()) {
    Machine<T> machine(threads);
    Context& context = *machine.context;
    Step<T> const& step = *machine.operations.step;
    for (Index const size : {1, 33, 9001}) {
      auto const delta = random_values<T>(size, 1);
      auto const image = random_values<T>(size, 2);
      auto const previous = random_values<T>(size, 3);
      auto const coefficients = random_values<T>(size, 4);
      auto const preactivation = random_values<T>(size, 5);
      auto const load = [&](auto const& v) { return Buffer<T>(context, narrowed<T>(v)); };
      Buffer<T> const d = load(delta), m = load(image), p = load(previous), a = load(coefficients),
                      z = load(preactivation);
      Buffer<StepScalars> const scalars(context, 1);
      step.observe_in_span(d.view(), m.view(), p.view(), scalars.view().data);
      StepScalars found = scalars.download().front();
      double const lengths = std::sqrt(dot(delta, delta) * dot(image, image));
      EXPECT_NEAR(found.gradient_square, std::max(0.0, dot(delta, image)), tolerance<T> * lengths);
      EXPECT_NEAR(found.previous_overlap, dot(previous, delta), 2 * tolerance<T> * lengths);
      step.observe_in_span(d.view(), m.view(), {}, scalars.view().data);
      EXPECT_EQ(scalars.download().front().previous_overlap, 0);

      found.scale = 0.25;
      Buffer<StepScalars> const chosen(context, std::vector<StepScalars>{found});
      step.update_in_span(chosen.view().data, d.view(), m.view(), a.view(), z.view());
      std::vector<double> want_a = coefficients;
      std::vector<double> want_z = preactivation;
      for (Index i = 0; i < size; ++i) {
        want_a[i] -= 0.25 * delta[i];
        want_z[i] -= 0.25 * image[i];
      }
      EXPECT_LE(relative_error(a.download(), want_a), tolerance<T>);
      EXPECT_LE(relative_error(z.download(), want_z), tolerance<T>);
    }
  }
}

TYPED_TEST(StepOperation, ObserveLeavesEverythingAsItIs) {
  using T = TypeParam;
  Machine<T> machine(3);
  for (Index const size : {1, 33, 9001}) {
    Inputs const in = make_inputs<T>(Method::gd, size, false, true);
    Buffer<T> const gradient(*machine.context, narrowed<T>(in.gradient));
    Buffer<T> const previous(*machine.context, narrowed<T>(in.previous));
    Buffer<StepScalars> const scalars(*machine.context, 1);
    machine.operations.step->observe(gradient.view(), previous.view(), nullptr,
                                     scalars.view().data);
    std::vector<double> const got = listed(scalars.download().front());
    Outcome const stepped = run(machine, in);
    EXPECT_EQ(got, (std::vector<double>{stepped.scalars[0], stepped.scalars[1], 0, 0, 0}));
    EXPECT_EQ(gradient.download(), narrowed<T>(in.gradient));
    EXPECT_EQ(previous.download(), narrowed<T>(in.previous));
    machine.operations.step->observe(gradient.view(), {}, nullptr, scalars.view().data);
    EXPECT_EQ(scalars.download().front().previous_overlap, 0);
  }
}

TYPED_TEST(StepOperation, NormalizedDescentStaysWhereTheGradientVanishes) {
  using T = TypeParam;
  Machine<T> machine;
  Inputs in = make_inputs<T>(Method::normalized_gd, 40, false, false);
  in.gradient.assign(40, 0.0);
  Outcome const got = run(machine, in);
  EXPECT_EQ(got.theta, in.theta);
  EXPECT_EQ(got.scalars, (std::vector<double>{0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace brink::test
