#pragma once

#include <stdexcept>
#include <string>

namespace brink {

/// The caller's input is wrong: a file, an option, a shape. The message is one line that says what
/// was wrong, where, and what would be right. The program exits with 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, std::string const& otherwise) {
  if (!holds) throw InputError(otherwise);
}

/// The machine failed: a write, an allocation, a library call. The program exits with 1.
class MachineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace brink
