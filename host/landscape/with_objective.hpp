#pragma once

#include "host/landscape/certificate.hpp"

namespace brink {

/// Calls body(f) or body(√f) with the landscape f of the choice, whichever descends.
template <class Body>
auto with_objective(LandscapeChoice const& choice, ScanObjective objective, Body&& body) {
  return with_landscape(choice, [&]<class Landscape>(Landscape const& f) {
    if (objective == ScanObjective::square_root) return body(landscape::SquareRoot<Landscape>{f});
    return body(f);
  });
}

}  // namespace brink
