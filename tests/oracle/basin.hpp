#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/oracle/oracle.hpp"

// What basin scans answer to: one trajectory at a time, followed to its end without a certificate.

namespace brink::oracle {

/// What descends and for how long.
struct Descent {
  double step = 0;
  std::int64_t max_steps = 200'000;
  bool normalized = false;  ///< θ − η g/‖g‖ instead of θ − η g
  double escape = 1e6;      ///< a coordinate beyond has diverged
};

/// What became of a start.
struct Verdict {
  std::string outcome;  ///< by the name that brink has for it
  int minimum = -1;     ///< of those in the landscape's list
  std::int64_t steps = 0;
  std::int64_t rises = 0;
  std::int64_t last_rise = 0;  ///< the first step that only falls follow; 0: it never rose
  Reals end;
};

/// A function of a few coordinates.
class Landscape {
 public:
  virtual ~Landscape() = default;

  virtual double value(Reals const& theta) const = 0;
  virtual Reals gradient(Reals const& theta) const = 0;
  /// Row by row.
  virtual Reals hessian(Reals const& theta) const = 0;
  /// The strict local minima in closed form, sorted by coordinates.
  virtual std::vector<Reals> const& minima() const = 0;

  /// Follows gradient descent until it is
  ///   stable, unstable: at a strict minimum, where ‖g‖ < 1e-10 and all curvatures are between 0
  ///   and
  ///     2/η; a rise counts beyond what rounding does to the value;
  ///   diverged: beyond `escape` or not finite;
  ///   stationary: ‖g‖ < 1e-10 for a thousand steps, elsewhere;
  ///   periodic: back where it was 2 to 64 steps before, though each of them moved it;
  /// undecided after max_steps.
  virtual Verdict descend(Reals const& start, Descent const& descent) const = 0;
  /// θ₀, θ₁, …, θ_steps.
  virtual std::vector<Reals> trajectory(Reals const& start, Descent const& descent,
                                        std::int64_t steps) const = 0;
};

/// By brink's name for it; `weights` are those of the quadratics. std::out_of_range for another
/// name.
std::unique_ptr<Landscape> landscape(std::string_view name, Reals const& weights = {20, 1});
/// √f.
std::unique_ptr<Landscape> square_root_of(std::string_view name, Reals const& weights = {20, 1});

}  // namespace brink::oracle
