#pragma once

#include <cstdint>
#include <string>

namespace brink::emulated {

/// File and line of the call that returns to `return_address`; where no line is known, the function
/// or the place in the program.
std::string source_of(std::uintptr_t return_address);

}  // namespace brink::emulated
