#pragma once

namespace brink::emulated {

/// A place in a source: as a default argument `Site site = Site::here()`, that of the call.
struct Site {
  char const* file = "";
  unsigned line = 0;

  static constexpr Site here(char const* file = __builtin_FILE(),
                             unsigned line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace brink::emulated
