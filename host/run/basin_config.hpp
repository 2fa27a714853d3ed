#pragma once

#include <nlohmann/json.hpp>

#include "host/run/basin.hpp"

namespace brink {

/// InputError on what no scan can be made of.
void check(BasinOptions const& options);

/// The starts that the options ask for. InputError, naming the option, where they make no sense for
/// the landscape.
ScanSpace make_space(BasinOptions const& options);

/// All settings that decide a record's numbers.
nlohmann::json to_json(BasinOptions const& options, ScanSpace const& space);

/// Where the picture of one step size goes: options.png itself, or with the step size before the
/// suffix where there are several.
std::string picture_path(BasinOptions const& options, std::size_t step);

}  // namespace brink
