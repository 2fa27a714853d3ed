#pragma once

#include "host/landscape/certificate.hpp"
#include "host/network/names.hpp"
#include "kernels/basin.hpp"

namespace brink {

// What options, records and reports call things.

inline constexpr Names<Outcome, outcomes> outcome_names("outcome",
                                                        {{{"undecided", Outcome::undecided},
                                                          {"stable", Outcome::stable},
                                                          {"unstable", Outcome::unstable},
                                                          {"diverged", Outcome::diverged},
                                                          {"stationary", Outcome::stationary},
                                                          {"periodic", Outcome::periodic}}});

inline constexpr Names<ScanObjective, 2> objective_names("--objective",
                                                         {{{"loss", ScanObjective::loss},
                                                           {"sqrt", ScanObjective::square_root}}});

/// By whether the steps are normalized.
inline constexpr Names<bool, 2> scan_method_names("--method",
                                                  {{{"gd", false}, {"normalized-gd", true}}});

}  // namespace brink
