#include "host/run/whole_record.hpp"

#include <filesystem>
#include <system_error>

#include "host/data/atomic_file.hpp"

namespace brink {

void write_whole_record(std::string const& out, bool overwrite, nlohmann::json attributes,
                        std::function<void(ZarrGroup&)> const& fill) {
  namespace fs = std::filesystem;
  fs::path const named = out;
  fs::path const place = named.has_filename() ? named : named.parent_path();
  // Not the temporary name of `place` itself, where remove_record puts what is replaced.
  fs::path const fresh = place.string() + ".new";
  for (fs::path const& name : {place, fresh}) remove_orphaned_siblings(name);
  fs::path const site = temporary_name(fresh);
  try {
    ZarrGroup group = ZarrGroup::create(site, std::move(attributes));
    fill(group);
    group.flush();
    if (overwrite && fs::exists(place)) remove_record(place);
    std::error_code error;
    fs::rename(site, place, error);
    if (error) throw_machine_error("create", place, error.value());
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(site, ignored);
    throw;
  }
}

void write_variable(ZarrGroup& group, std::string const& name,
                    std::vector<Dimension> const& dimensions, std::string const& long_name,
                    std::vector<double> const& values, DType type) {
  ArraySpec spec;
  spec.name = name;
  spec.dtype = type;
  for (Dimension const& dimension : dimensions) {
    spec.dimensions.push_back(dimension.name);
    spec.shape.push_back(dimension.size);
  }
  spec.attributes = {{"long_name", long_name}, {"units", "1"}};
  group.define(spec);
  group.write(name, std::span<double const>(values));
}

}  // namespace brink
