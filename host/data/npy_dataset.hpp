#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "host/data/dataset.hpp"

namespace brink {

/// Checks, from their headers alone, that `x` is examples x features of floats and `y` goes with
/// it: an integer vector of labels or a float matrix of regression targets. Returns the number of
/// examples. InputError otherwise.
std::int64_t check_npy_pair(std::filesystem::path const& x, std::filesystem::path const& y);

/// Loads the first `wanted` examples, or all, of such a pair. There are as many classes as the
/// largest label says, at least 2, whatever part is kept. InputError also on a value that is not
/// finite in T, and on labels outside 0 ... 65535.
template <class T>
Dataset<T> load_npy(std::filesystem::path const& x, std::filesystem::path const& y,
                    std::optional<std::int64_t> wanted);

}  // namespace brink
