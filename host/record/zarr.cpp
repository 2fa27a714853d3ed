#include "host/record/zarr.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "host/data/parallel.hpp"
#include "host/record/claim.hpp"
#include "host/record/json_text.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// "a/RUN.zarr/" names the same record as "a/RUN.zarr".
fs::path without_trailing_slash(fs::path const& path) {
  return path.has_filename() ? path : path.parent_path();
}

/// Makes the directory in which a record is built. What the caller can mend is an InputError.
void make_building_site(fs::path const& site, fs::path const& path) {
  if (::mkdir(site.c_str(), 0777) == 0) return;
  int const error = errno;
  if (error == ENOSPC || error == EDQUOT || error == EIO)
    throw_machine_error("create", path, error);
  throw InputError(
      fmt::format("{}: cannot be created: {}; --out needs a directory that exists and "
                  "can be written to",
                  path.string(), std::generic_category().message(error)));
}

}  // namespace

ZarrGroup ZarrGroup::create(fs::path path, json attributes) {
  if (!attributes.contains(version_attribute)) {
    throw std::logic_error(fmt::format("a record's attributes need \"{}\"", version_attribute));
  }
  path = without_trailing_slash(path);
  if (path.empty()) throw InputError("--out: an empty path; give the name of a new record");
  if (fs::exists(fs::symlink_status(path))) {
    throw InputError(
        fmt::format("{}: already exists; choose another --out, or --resume, or "
                    "--overwrite",
                    path.string()));
  }
  remove_orphaned_siblings(path);
  auto const site = temporary_name(path);
  make_building_site(site, path);
  try {
    ZarrGroup group(site);
    group.attributes_ = std::move(attributes);
    group.attributes_[format_attribute] = record_format;
    group.lock_.emplace(site);
    group.publish(Durable::yes);
    if (::rename(site.c_str(), path.c_str()) != 0) throw_machine_error("create", path, errno);
    sync_path(path.has_parent_path() ? path.parent_path() : fs::path("."));
    group.path_ = std::move(path);
    return group;
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(site, ignored);
    throw;
  }
}

ZarrGroup ZarrGroup::open(fs::path path) {
  ZarrGroup group(without_trailing_slash(path));
  auto const file = group.path_ / consolidated_file;
  std::error_code error;
  if (!fs::exists(group.path_, error)) {
    throw InputError(fmt::format("{}: no such record", path.string()));
  }
  if (!fs::is_regular_file(file, error)) {
    throw InputError(
        fmt::format("{}: not a brink record, for it has no {}; give the directory "
                    "that brink wrote with --out",
                    path.string(), consolidated_file));
  }
  auto metadata = parse_group_metadata(as_text(read_file(file)), file.string());
  group.attributes_ = std::move(metadata.attributes);
  for (auto& [name, spec] : metadata.arrays) {
    group.arrays_.emplace(name, ZarrArray(group.path_ / name, std::move(spec)));
  }
  return group;
}

std::optional<ZarrGroup> ZarrGroup::join(fs::path path) {
  path = without_trailing_slash(path);
  auto lock = StoreLock::try_either(path);
  if (!lock) return std::nullopt;
  ZarrGroup group = open(path);
  if (lock->is_alone()) group.clear_away(*lock);
  group.lock_ = std::move(lock);
  return group;
}

void ZarrGroup::share() {
  begin_writing();
  lock_->share();
}

bool ZarrGroup::try_alone() {
  if (is_alone()) return true;
  lock_.reset();  // else two that wait for each other would wait for ever
  auto lock = StoreLock::try_alone(path_);
  if (!lock) return false;
  attributes_ = open(path_).attributes_;
  clear_away(*lock);
  lock_ = std::move(lock);
  return true;
}

void ZarrGroup::sync() {
  for (auto& [name, array] : arrays_) array.sync_chunks();
}

void ZarrGroup::define(ArraySpec spec) {
  auto const where = place(spec.name);
  if (spec.grows && !spec.shape.empty()) spec.shape.front() = 0;
  if (spec.chunks.empty()) spec.chunks = default_chunks(spec);
  check_array(spec, where);
  if (has(spec.name)) throw InputError(fmt::format("{}: is already defined", where));
  for (auto const& [name, other] : arrays_) check_shared_dimensions(spec, other.spec(), where);
  begin_writing();
  std::error_code error;
  fs::remove_all(path_ / spec.name, error);  // what a killed process never published
  auto const name = spec.name;
  arrays_.emplace(name, ZarrArray(path_ / name, std::move(spec)));
}

void ZarrGroup::append_raw(std::string const& name, std::span<std::byte const> row) {
  begin_writing();
  array(name).append(row);
}

void ZarrGroup::write_raw(std::string const& name, std::span<std::byte const> all) {
  begin_writing();
  array(name).write(all);
}

void ZarrGroup::write_chunk(std::string const& name, std::vector<std::int64_t> const& chunk_index,
                            std::span<std::byte const> raw) {
  begin_writing();
  array(name).write_chunk(chunk_index, raw);
}

void ZarrGroup::write_chunks(std::vector<std::vector<Chunk>> const& groups, int threads) {
  begin_writing();
  struct File {
    Chunk const* chunk;
    std::vector<std::byte> bytes;
  };
  std::vector<File> files;
  std::vector<std::size_t> ends;  // of the groups
  for (std::vector<Chunk> const& group : groups) {
    for (Chunk const& chunk : group) files.push_back({&chunk, {}});
    ends.push_back(files.size());
  }
  auto const array_of = [this](File const& file) -> ZarrArray const& {
    return std::as_const(*this).array(file.chunk->array);
  };
  in_parallel(threads, std::ssize(files), [&](std::int64_t i) {
    files[i].bytes = array_of(files[i]).chunk_file(files[i].chunk->index, files[i].chunk->raw);
  });
  in_parallel(threads, std::ssize(groups), [&](std::int64_t g) {
    for (std::size_t i = g == 0 ? 0 : ends[g - 1]; i < ends[g]; ++i) {
      array_of(files[i]).put_chunk_file(files[i].chunk->index, files[i].bytes);
    }
  });
  for (File const& file : files) array(file.chunk->array).note_chunk_file(file.chunk->index);
}

void ZarrGroup::truncate(std::string const& name, std::int64_t rows) {
  begin_writing();
  array(name).truncate(rows, [this] { publish(Durable::yes); });
}

std::vector<double> ZarrGroup::read(std::string const& name) const {
  auto const& source = array(name);
  try {
    return decode(source.spec().dtype, source.read());
  } catch (std::bad_alloc const&) {
  } catch (std::length_error const&) {
  }
  throw MachineError(fmt::format("{}: not enough memory to read it", place(name)));
}

ArraySpec const& ZarrGroup::spec(std::string const& name) const {
  return array(name).spec();
}

std::vector<std::string> ZarrGroup::names() const {
  std::vector<std::string> names;
  for (auto const& entry : arrays_) names.push_back(entry.first);
  return names;
}

void ZarrGroup::set_attribute(std::string const& name, json value) {
  attributes_[name] = std::move(value);
}

void ZarrGroup::flush(Durable durable) {
  begin_writing();
  for (auto& [name, array] : arrays_) array.store_tail();
  if (durable == Durable::yes) sync();
  publish(durable);
}

ZarrArray const& ZarrGroup::array(std::string const& name) const {
  auto const found = arrays_.find(name);
  if (found == arrays_.end()) {
    throw InputError(fmt::format("{}: has no array {}", path_.string(), name));
  }
  return found->second;
}

ZarrArray& ZarrGroup::array(std::string const& name) {
  return const_cast<ZarrArray&>(std::as_const(*this).array(name));
}

/// Takes the record over, once.
void ZarrGroup::begin_writing() {
  if (lock_) return;
  StoreLock lock(path_);
  clear_away(lock);
  lock_ = std::move(lock);
}

/// What killed processes left half-done, those too that were making the record while another did.
/// Where the lock is none, others may be at work.
void ZarrGroup::clear_away(StoreLock const& lock) {
  remove_orphaned_siblings(path_);
  remove_temporaries(path_, lock.is_held());
  remove_claims(path_, lock.is_held());
  for (auto& [name, array] : arrays_) array.recover();
}

/// What readers may be told: every growing dimension ends where its shortest array does.
GroupMetadata ZarrGroup::published() const {
  GroupMetadata metadata{attributes_, {}};
  std::map<std::string, std::int64_t> rows;
  for (auto const& [name, array] : arrays_) {
    auto const& spec = array.spec();
    metadata.arrays.emplace(name, spec);
    if (!spec.grows) continue;
    auto& shortest = rows.try_emplace(spec.dimensions.front(), spec.shape.front()).first->second;
    shortest = std::min(shortest, spec.shape.front());
  }
  for (auto& [name, spec] : metadata.arrays) {
    if (spec.grows) spec.shape.front() = rows.at(spec.dimensions.front());
  }
  return metadata;
}

void ZarrGroup::publish(Durable durable) {
  auto const documents = metadata_documents(published());
  for (auto const& [name, array] : arrays_) make_directory(path_ / name);
  // Readers go by .zmetadata, so the others need not survive a loss of power by themselves.
  for (auto const& [file, document] : documents) write_text(file, json_text(document), Durable::no);
  if (durable == Durable::yes && !synced_) written_.erase(consolidated_file);
  write_text(consolidated_file, json_text(consolidated(documents)), durable);
  synced_ = durable == Durable::yes;
}

void ZarrGroup::write_text(std::string const& file, std::string text, Durable durable) {
  auto& written = written_[file];
  if (written == text) return;
  write_atomically(path_ / file, text, durable);
  written = std::move(text);
}

void remove_record(fs::path const& given) {
  auto const path = without_trailing_slash(given);
  auto const refuse = [&path](std::string_view why) {
    throw InputError(fmt::format("{}: {}, so it is not a brink record and is not overwritten",
                                 path.string(), why));
  };
  std::error_code error;
  if (!fs::is_directory(path, error)) refuse("no directory");
  if (!fs::is_regular_file(path / ".zgroup", error)) refuse("it has no .zgroup");
  if (!fs::is_regular_file(path / ".zattrs", error)) refuse("it has no .zattrs");
  auto const file = path / ".zattrs";
  auto const attributes = parse_json_text(as_text(read_file(file)), file.string());
  if (!attributes.is_object() || !attributes.contains(version_attribute)) {
    refuse(fmt::format("its .zattrs has no {}", version_attribute));
  }
  StoreLock const lock(path);
  // Under its own name the record is whole or gone, never half deleted.
  auto const doomed = temporary_name(path);
  if (::rename(path.c_str(), doomed.c_str()) != 0) throw_machine_error("remove", path, errno);
  fs::remove_all(doomed, error);
  if (error) throw_machine_error("remove", doomed, error.value());
}

}  // namespace brink
