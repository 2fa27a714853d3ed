#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace brink {

/// How many of the `available` training examples of `name` to keep: `wanted`, or all. InputError
/// when there are none, or fewer than wanted.
std::int64_t kept_examples(std::int64_t available, std::optional<std::int64_t> wanted,
                           std::string const& name);

}  // namespace brink
