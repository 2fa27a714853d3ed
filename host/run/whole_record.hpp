#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/record/zarr.hpp"
#include "kernels/view.hpp"

namespace brink {

/// Leaves the record that `fill` fills at `out`, or nothing: it is built under a temporary name.
/// With `overwrite` what is there stays until the new record is whole.
void write_whole_record(std::string const& out, bool overwrite, nlohmann::json attributes,
                        std::function<void(ZarrGroup&)> const& fill);

struct Dimension {
  std::string name;
  Index size;
};

/// Adds an array of fixed size with these values, row-major.
void write_variable(ZarrGroup& group, std::string const& name,
                    std::vector<Dimension> const& dimensions, std::string const& long_name,
                    std::vector<double> const& values, DType type = DType::f8);

}  // namespace brink
