#include "host/landscape/neighbourhood.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "host/landscape/with_objective.hpp"
#include "kernels/math/random.hpp"

namespace brink::test {
namespace {

CertifiedDescent descent_on(std::string const& landscape, double step,
                            ScanObjective objective = ScanObjective::loss) {
  CertifiedDescent descent{parse_landscape(landscape), objective, step, {}, {}};
  descent.minima = find_minima(descent.landscape);
  for (Minimum const& minimum : descent.minima) {
    descent.sets.push_back(certify(descent.landscape, minimum, step, objective));
  }
  return descent;
}

/// What becomes of a start in long double, by a plain loop: into which minimum's certified set it
/// comes, or −1, and whether the loss falls at every step until then.
struct Fate {
  Index minimum = -1;
  bool falls = true;
};

template <class Objective>
Fate fate_of(Objective const& f, CertifiedDescent const& descent,
             std::vector<double> const& start) {
  using Real = long double;
  constexpr int D = Objective::dimension;
  Point<Real, D> p;
  for (int i = 0; i < D; ++i) p[i] = start[i];
  Fate fate;
  Real value = f.value(p);
  for (int k = 0; k < 10'000 && std::isfinite(value); ++k) {
    for (std::size_t m = 0; m < descent.sets.size(); ++m) {
      Real apart = 0;
      for (int i = 0; i < D; ++i) apart += std::pow(p[i] - descent.minima[m].at[i], 2);
      CertifiedSet const& set = descent.sets[m];
      if (std::sqrt(apart) < set.radius && value < set.level) fate.minimum = m;
    }
    if (fate.minimum >= 0) break;
    auto const g = f.gradient(p);
    for (int i = 0; i < D; ++i) p[i] -= static_cast<Real>(descent.step) * g[i];
    Real const next = f.value(p);
    fate.falls = fate.falls && next < value;
    value = next;
  }
  return fate;
}

Fate fate_of(CertifiedDescent const& descent, std::vector<double> const& start) {
  return with_objective(descent.landscape, descent.objective,
                        [&](auto const& f) { return fate_of(f, descent, start); });
}

bool is_in(StartSet set, Fate const& fate) {
  return fate.minimum >= 0 && (fate.falls || set == StartSet::convergent);
}

/// A start in the box |θᵢ − centreᵢ| ≤ radius; number `index` of a sequence.
std::vector<double> start_within(std::vector<double> centre, double radius, std::uint64_t index) {
  std::uint64_t const coordinates = centre.size();
  for (std::uint64_t i = 0; i < coordinates; ++i) {
    centre[i] += radius * (2 * uniform(7, 0, index * coordinates + i) - 1);
  }
  return centre;
}

/// Of `samples` random starts within the radius, how many are not in the set of the start's
/// minimum.
int violations(CertifiedDescent const& descent, std::vector<double> const& start, double radius,
               StartSet set, int samples) {
  Index const minimum = fate_of(descent, start).minimum;
  int found = 0;
  for (int index = 0; index < samples; ++index) {
    Fate const fate = fate_of(descent, start_within(start, radius, index));
    if (!is_in(set, fate) || fate.minimum != minimum) ++found;
  }
  return found;
}

/// The largest of `largest` · 2^−k that is proved; 0 if there is none.
double proved_radius(CertifiedDescent const& descent, std::vector<double> const& start,
                     StartSet set, double largest = 1) {
  for (double radius = largest; radius > 1e-12; radius /= 2) {
    if (prove_neighbourhood(descent, start, radius, set).proof == Proof::proved) return radius;
  }
  return 0;
}

struct Case {
  CertifiedDescent descent;
  std::vector<double> centre;  ///< starts are drawn around it
  double reach;
};

std::vector<Case> const& cases() {
  static std::vector<Case> const all = [] {
    std::vector<Case> made;
    auto const add = [&](CertifiedDescent descent, std::vector<double> centre, double reach) {
      made.push_back({std::move(descent), std::move(centre), reach});
    };
    add(descent_on("f1", 0.4), {0, 0}, 1);
    add(descent_on("f1", 0.95), {0, 0}, 0.5);
    add(descent_on("f2", 0.6), {0, 0}, 0.6);
    add(descent_on("f3", 0.1), {1, 1}, 1);
    add(descent_on("f3", 0.16), {1, 1}, 1);
    add(descent_on("f4", 0.2), {0, 0}, 3);
    add(descent_on("f4", 0.5), {0, 0}, 2);
    add(descent_on("f4", 0.3, ScanObjective::square_root), {1, 1}, 1);
    add(descent_on("tanh-quadratic", 0.03), {0, 0}, 0.3);
    add(descent_on("quadratic:1,3,5", 0.15), {0, 0, 0}, 2);
    return made;
  }();
  return all;
}

std::string name_of(Case const& c) {
  return fmt::format("{} at lr {}", landscape_name(c.descent.landscape), c.descent.step);
}

/// The first `count` random starts of a case that are in the set, or that are not.
std::vector<std::vector<double>> starts_of(Case const& c, StartSet set, bool inside, int count) {
  std::vector<std::vector<double>> found;
  for (int index = 0; index < 10'000 && std::ssize(found) < count; ++index) {
    std::vector<double> const start = start_within(c.centre, c.reach, 1'000'000 + index);
    if (is_in(set, fate_of(c.descent, start)) == inside) found.push_back(start);
  }
  return found;
}

TEST(Neighbourhood, HoldsAtAMillionRandomStarts) {
  constexpr int centres = 4;
  constexpr int samples = 13'000;
  int drawn = 0;
  for (StartSet const set : {StartSet::stable, StartSet::convergent}) {
    for (Case const& c : cases()) {
      for (auto const& start : starts_of(c, set, true, centres)) {
        SCOPED_TRACE(fmt::format("{} from {}", name_of(c), start));
        double const radius = proved_radius(c.descent, start, set);
        // Starts in the fringes of a fractal boundary are far from the rule.
        EXPECT_GT(radius, 1e-6);
        EXPECT_EQ(violations(c.descent, start, radius, set, samples), 0);
        drawn += samples;
      }
    }
  }
  EXPECT_GE(drawn, 1'000'000);
}

TEST(Neighbourhood, AWrongOneWouldBeFoundOut) {
  CertifiedDescent const descent = descent_on("f4", 0.2);
  std::vector<double> const start{1.5, 2};
  double const radius = proved_radius(descent, start, StartSet::stable);
  ASSERT_GT(radius, 0);
  EXPECT_GT(violations(descent, start, 4 * radius, StartSet::stable, 5000), 0);
  // What is proved for one step size, taken for another's.
  double const smaller = proved_radius(descent_on("f4", 0.1), {1.7, 2.3}, StartSet::stable);
  EXPECT_GT(violations(descent_on("f4", 0.3), {1.7, 2.3}, smaller, StartSet::stable, 5000), 0);
  // Convergence, taken for stability.
  std::vector<double> const rising{0.1, 2.5};
  double const converging = proved_radius(descent, rising, StartSet::convergent);
  ASSERT_GT(converging, 0);
  EXPECT_EQ(violations(descent, rising, converging, StartSet::stable, 5000), 5000);
}

TEST(Neighbourhood, IsProvedForWhateverLiesInside) {
  for (Case const& c : cases()) {
    for (auto const& start : starts_of(c, StartSet::stable, true, 3)) {
      SCOPED_TRACE(fmt::format("{} from {}", name_of(c), start));
      double const radius = proved_radius(c.descent, start, StartSet::stable);
      for (int k = 1; k <= 6; ++k) {
        double const smaller = std::ldexp(radius, -k);
        EXPECT_EQ(prove_neighbourhood(c.descent, start, smaller, StartSet::stable).proof,
                  Proof::proved);
      }
      EXPECT_EQ(prove_neighbourhood(c.descent, start, 0, StartSet::stable).proof, Proof::proved);
      EXPECT_EQ(prove_neighbourhood(c.descent, start, radius, StartSet::convergent).proof,
                Proof::proved);
    }
  }
}

TEST(Neighbourhood, IsRefutedByAStartInIt) {
  int refuted = 0;
  for (Case const& c : cases()) {
    if (c.descent.landscape.name == LandscapeName::quadratic) continue;  // all starts are stable
    for (auto const& start : starts_of(c, StartSet::stable, true, 4)) {
      SCOPED_TRACE(fmt::format("{} from {}", name_of(c), start));
      double const radius = 2 * proved_radius(c.descent, start, StartSet::stable);
      auto const beyond = prove_neighbourhood(c.descent, start, radius, StartSet::stable);
      EXPECT_NE(beyond.proof, Proof::proved);
      if (beyond.proof != Proof::refuted) continue;
      ++refuted;
      ASSERT_EQ(beyond.against.size(), start.size());
      for (std::size_t i = 0; i < start.size(); ++i) {
        EXPECT_LE(std::abs(beyond.against[i] - start[i]), radius * (1 + 1e-12));
      }
      Fate const fate = fate_of(c.descent, beyond.against);
      bool const rises = beyond.reason.find("the loss rises at step") != std::string::npos;
      EXPECT_NE(rises, fate.falls && fate.minimum >= 0) << beyond.reason;
      EXPECT_TRUE(rises || fate.minimum != fate_of(c.descent, start).minimum) << beyond.reason;
    }
  }
  EXPECT_GE(refuted, 20);
}

TEST(Neighbourhood, ShrinksTowardsTheBoundary) {
  CertifiedDescent const descent = descent_on("f4", 0.2);
  auto const at = [](double share) {  // from a stable start to one that is not
    return std::vector<double>{1.5 - 1.4 * share, 2 + 0.5 * share};
  };
  double stable = 0;
  double unstable = 1;
  for (int i = 0; i < 50; ++i) {
    double const middle = 0.5 * (stable + unstable);
    (is_in(StartSet::stable, fate_of(descent, at(middle))) ? stable : unstable) = middle;
  }
  double last = 1;
  for (int k = 3; k <= 24; k += 3) {
    double const distance = std::ldexp(1, -k);
    double const radius = proved_radius(descent, at(stable - distance), StartSet::stable);
    EXPECT_LE(radius, 1.4 * distance);
    EXPECT_GE(radius, 0.05 * distance);
    EXPECT_LT(radius, last);
    last = radius;
  }
}

TEST(Neighbourhood, IsNotLookedForWhereTheStartItselfIsNotInTheSet) {
  CertifiedDescent const f4 = descent_on("f4", 0.2);
  auto const says = [](CertifiedDescent const& descent, std::vector<double> const& start,
                       StartSet set, Proof proof, std::string const& part) {
    for (double const radius : {0.0, 1e-9}) {
      NeighbourhoodProof const found = prove_neighbourhood(descent, start, radius, set);
      EXPECT_EQ(found.proof, proof);
      EXPECT_NE(found.reason.find(part), std::string::npos) << found.reason;
    }
  };
  says(f4, {0.1, 2.5}, StartSet::stable, Proof::refuted, "the loss rises at step 1");
  says(f4, {5, 5}, StartSet::stable, Proof::refuted, "the loss rises at step 1");
  says(f4, {5, 5}, StartSet::convergent, Proof::open, "leads beyond all bounds");
  says(f4, {0, 0}, StartSet::stable, Proof::open, "the loss cannot be shown to fall at step 1");
  CertifiedDescent hasty = f4;
  hasty.most_steps = 3;
  says(hasty, {1.5, 2}, StartSet::stable, Proof::open,
       "no certified set is reached within 3 steps");
  says(descent_on("f4", 0.6), {1, 1}, StartSet::stable, Proof::open,
       "there is no certified set: the largest eigenvalue");
  says(descent_on("hyperbola", 0.1), {1, 2}, StartSet::convergent, Proof::open,
       "the landscape has no strict minimum");
}

}  // namespace
}  // namespace brink::test
