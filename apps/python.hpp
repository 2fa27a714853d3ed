#pragma once

#include <string>
#include <vector>

namespace brink {

/// Becomes `python -m MODULE WORDS...`, with a Python that can draw (apps/plot/python finds it, and
/// may make it first) and with brink's own packages on its path. Throws MachineError if it cannot.
[[noreturn]] void become_python(std::string const& module, std::vector<std::string> const& words);

}  // namespace brink
