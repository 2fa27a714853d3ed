#include "host/data/limit.hpp"

#include <fmt/core.h>

#include "kernels/error.hpp"

namespace brink {

std::int64_t kept_examples(std::int64_t available, std::optional<std::int64_t> wanted,
                           std::string const& name) {
  if (available < 1) {
    throw InputError(fmt::format("{}: holds no examples", name));
  }
  std::int64_t const kept = wanted.value_or(available);
  if (kept < 1 || kept > available) {
    throw InputError(
        fmt::format("{}: {} examples are wanted; it has 1 ... {}", name, kept, available));
  }
  return kept;
}

}  // namespace brink
