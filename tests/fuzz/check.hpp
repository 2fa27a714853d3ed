#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "kernels/error.hpp"

namespace brink::fuzz {

/// A finding: libFuzzer reports the abort together with the input.
inline void require(bool holds, char const* what) {
  if (!holds) {
    std::fprintf(stderr, "violated: %s\n", what);
    std::abort();
  }
}

/// Calls `parse`, which may refuse its input with an InputError of one line and nothing else.
template <class Parse>
void accept_or_refuse(Parse const& parse) {
  try {
    parse();
  } catch (InputError const& error) {
    require(std::strchr(error.what(), '\n') == nullptr, "the message is one line");
  }
}

}  // namespace brink::fuzz
