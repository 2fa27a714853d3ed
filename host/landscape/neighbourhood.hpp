#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/landscape/certificate.hpp"
#include "kernels/view.hpp"

namespace brink {

/// The sets of starts of Chen et al. 2024 for a strict minimum: V_η (31), from which gradient
/// descent converges to it, and U_η (30) in it, from which the loss falls at every step on the way
/// (the print has that inequality reversed).
enum class StartSet { stable, convergent };

/// What is known of a statement about every start of a box.
enum class Proof : std::int8_t { refuted = -1, open = 0, proved = 1 };

/// Gradient descent with step size η on f or √f, with what is proved about it.
struct CertifiedDescent {
  LandscapeChoice landscape;
  ScanObjective objective = ScanObjective::loss;
  double step = 0;
  std::vector<Minimum> minima;
  std::vector<CertifiedSet> sets;  ///< one per minimum
  Index most_steps = 10'000;       ///< of one trajectory
};

struct NeighbourhoodProof {
  Proof proof = Proof::open;
  std::string reason;           ///< why it is not proved; empty where it is
  std::vector<double> against;  ///< refuted: a start within the radius that is not in the set
};

/// Whether every θ with |θᵢ − startᵢ| ≤ radius is in the set of the minimum that the start reaches
/// (Chen et al. 2024, Theorem 3: it is, for some radius > 0, if the start is). In exact arithmetic:
/// interval arithmetic carries boxes of starts, split as often as it takes, into a certified set.
///
/// With F(θ) = θ − η∇f(θ), the trajectories from a box X around c are after k steps within
///   F^k(c) + DF(X_{k−1}) ⋯ DF(X_0) (X − c),
/// X_i being such bounds of the steps before; and along each the loss falls at step k + 1
/// because the largest eigenvalue of ∇²f is below 2/η where the step leads along (Lemma 1), or
/// because f(F(θ)) − f(θ) < 0 by its own mean value form over X.
///
/// Radius 0 asks about the start itself. Gives up (open) after some hundred thousand steps of
/// boxes.
NeighbourhoodProof prove_neighbourhood(CertifiedDescent const& descent,
                                       std::vector<double> const& start, double radius,
                                       StartSet set);

}  // namespace brink
