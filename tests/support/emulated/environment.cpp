// What the environment asks of the device of a whole program (control.hpp): BRINK_EMULATED_FAIL is
// `allocation:N`, `launch:N` or `device:N`, for a failure of the N-th of its run;
// BRINK_EMULATED_MEMORY its memory in bytes; BRINK_EMULATED_WARPGROUPS from how many operations on
// products are made by warp groups (`inf`: never).
#include <cstdlib>
#include <map>
#include <string>

#include "tests/support/emulated/control.hpp"

namespace brink::emulated {
namespace {

bool inject() {
  char const* const variable = std::getenv("BRINK_EMULATED_FAIL");
  if (variable == nullptr) return false;
  std::string const text = variable;
  std::size_t const colon = text.find(':');
  std::map<std::string, void (*)(Index)> const kinds{
      {"allocation", fail_allocation}, {"launch", fail_launch}, {"device", lose_device}};
  auto const kind = kinds.find(text.substr(0, colon));
  if (colon == std::string::npos || kind == kinds.end()) {
    throw InputError("BRINK_EMULATED_FAIL is '" + text + "', not KIND:N");
  }
  kind->second(std::stoll(text.substr(colon + 1)));
  return true;
}

bool limit_memory() {
  char const* const variable = std::getenv("BRINK_EMULATED_MEMORY");
  if (variable != nullptr) set_memory(std::stoull(variable));
  return variable != nullptr;
}

bool choose_warpgroups() {
  char const* const variable = std::getenv("BRINK_EMULATED_WARPGROUPS");
  if (variable != nullptr) set_warpgroup_operations(std::stod(variable));
  return variable != nullptr;
}

bool const chosen = choose_warpgroups();
bool const injected = inject();
bool const limited = limit_memory();

}  // namespace
}  // namespace brink::emulated
