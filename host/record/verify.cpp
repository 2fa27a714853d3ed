#include "host/record/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "host/data/atomic_file.hpp"
#include "host/data/file.hpp"
#include "host/data/grid.hpp"
#include "host/data/parallel.hpp"
#include "host/record/checkpoint.hpp"
#include "host/record/claim.hpp"
#include "host/record/codec.hpp"
#include "host/record/json_text.hpp"
#include "host/record/metadata.hpp"
#include "host/record/seal.hpp"
#include "host/record/store_lock.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Chunks between two calls of `progress`.
constexpr std::int64_t some_chunks = 64;

/// A chunk that its array may have.
struct Place {
  ArraySpec const* array;
  Extents index;

  std::string key() const { return fmt::format("{}/{}", array->name, chunk_key(index)); }
};

/// What an error says of the file with whose name it begins.
std::string without_name(InputError const& error, std::string const& name) {
  return std::string(error.what()).substr(name.size() + std::string_view(": ").size());
}

class Verification {
 public:
  explicit Verification(fs::path path) : path_(std::move(path)), lock_(path_) { list_files(); }

  VerifyReport run(int threads, std::function<void(std::int64_t, std::int64_t)> const& progress) {
    if (auto const root = look_at_consolidated()) {
      look_at_documents(root->at("metadata"));
      look_at_chunks(threads, progress);
      look_at_checkpoint();
      look_at_strangers();
    }
    auto const by_path = [](Finding const& a, Finding const& b) { return a.path < b.path; };
    std::sort(report_.damage.begin(), report_.damage.end(), by_path);
    return std::move(report_);
  }

 private:
  void list_files();
  std::optional<json> look_at_consolidated();
  void look_at_documents(json const& documents);
  void look_at_chunks(int threads, std::function<void(std::int64_t, std::int64_t)> const& progress);
  std::vector<Place> places() const;
  void look_at_chunk(Place const& place);
  void look_at_checkpoint();
  bool may_be_unpublished(std::string const& file) const;
  void look_at_strangers();

  std::string text_of(std::string const& file) {
    expected_.insert(file);
    return std::string(as_text(read_file(path_ / file)));
  }
  /// May be called by several threads.
  void damaged(std::string const& file, std::string what) {
    std::scoped_lock const held(mutex_);
    report_.damage.push_back({(path_ / file).string(), std::move(what)});
  }

  fs::path path_;
  StoreLock lock_;
  std::set<std::string> files_;     // all that are there
  std::set<std::string> expected_;  // those that belong there, so far
  std::map<std::string, ArraySpec> arrays_;
  json scanned_;  // arrays of which chunks may be missing
  bool needs_checkpoint_ = false;
  VerifyReport report_;
  std::mutex mutex_;
};

void Verification::list_files() {
  for (fs::recursive_directory_iterator at(path_), end; at != end; ++at) {
    if (at->is_directory()) continue;
    files_.insert(at->path().lexically_relative(path_).string());
    std::error_code error;  // of a link to nothing
    auto const bytes = at->file_size(error);
    if (!error) report_.bytes += static_cast<std::int64_t>(bytes);
  }
}

/// All metadata in one file: the others are held against it. Nothing where nothing can be.
std::optional<json> Verification::look_at_consolidated() {
  if (!files_.contains(consolidated_file)) {
    damaged(consolidated_file, "is missing");
    return std::nullopt;
  }
  std::string const text = text_of(consolidated_file);
  auto const parse = [&](auto const& function) {
    try {
      return std::optional(function(text, consolidated_file));
    } catch (InputError const& error) {
      damaged(consolidated_file, without_name(error, consolidated_file));
      return decltype(std::optional(function(text, consolidated_file)))();
    }
  };
  auto const root = parse(parse_json_text);
  if (!root) return std::nullopt;
  json const& attributes = record_attributes(*root, path_.string());
  auto const is = [&](char const* attribute, char const* value) {
    return attributes.value(attribute, json()) == value;
  };
  report_.finished = !is("stop_reason", "running") && !is("stop_reason", "interrupted");
  if (!report_.finished) scanned_ = attributes.value(scanned_attribute, json::array());
  needs_checkpoint_ = is("command", "train") && !report_.finished;
  if (root->value(checksum_key, json()) != metadata_checksum(root->at("metadata")) ||
      json_text(*root) != text) {
    damaged(consolidated_file, "was altered: its checksum is that of another content");
  }
  auto metadata = parse(parse_group_metadata);
  if (!metadata) return std::nullopt;
  arrays_ = std::move(metadata->arrays);
  report_.arrays = std::ssize(arrays_);
  return root;
}

void Verification::look_at_documents(json const& documents) {
  for (auto const& [file, document] : documents.items()) {
    expected_.insert(file);
    if (!files_.contains(file)) {
      damaged(file, "is missing");
    } else if (text_of(file) != json_text(document)) {
      damaged(file, report_.finished ? "is not what .zmetadata says"
                                     : "is not what .zmetadata says: altered, or of a run that was "
                                       "killed while it published; --resume writes it again");
    }
  }
}

std::vector<Place> Verification::places() const {
  std::vector<Place> all;
  for (auto const& entry : arrays_) {
    ArraySpec const& spec = entry.second;
    for_each_index(chunk_counts(spec.shape, spec.chunks), [&](Extents const& index) {
      all.push_back({&spec, index});
    });
  }
  return all;
}

void Verification::look_at_chunks(int threads,
                                  std::function<void(std::int64_t, std::int64_t)> const& progress) {
  std::vector<Place> present;
  for (Place& place : places()) {
    std::string const key = place.key();
    expected_.insert(key);
    if (files_.contains(key)) {
      present.push_back(std::move(place));
    } else if (std::find(scanned_.begin(), scanned_.end(), place.array->name) != scanned_.end()) {
      ++report_.to_come;
    } else {
      damaged(key, "is missing");
    }
  }
  std::int64_t const all = std::ssize(present);
  for (std::int64_t first = 0; first < all; first += some_chunks) {
    in_parallel(threads, std::min(some_chunks, all - first),
                [&](std::int64_t i) { look_at_chunk(present[first + i]); });
    progress(std::min(first + some_chunks, all), all);
  }
}

void Verification::look_at_chunk(Place const& place) {
  std::string const key = place.key();
  try {
    auto const file = read_file(path_ / key);
    auto const size = element_count(place.array->chunks) * item_size(place.array->dtype);
    decompress(unsealed(file, key, key), size, key);
    std::scoped_lock const held(mutex_);
    ++report_.chunks;
  } catch (InputError const& error) {
    damaged(key, without_name(error, key));
  }
}

void Verification::look_at_checkpoint() {
  std::string const file = ".checkpoint";
  expected_.insert(file);
  if (!files_.contains(file)) {
    bool const has_rows = arrays_.contains("step") && arrays_.at("step").shape.front() > 0;
    if (needs_checkpoint_ && has_rows) damaged(file, "is missing: --resume starts over");
    return;
  }
  try {
    load_checkpoint(path_);
  } catch (InputError const& error) {
    damaged(file, without_name(error, (path_ / file).string()));
  }
}

/// Whether a run that was killed may have left the file before it told of it.
bool Verification::may_be_unpublished(std::string const& file) const {
  fs::path const place = file;
  std::string const array = place.parent_path().string();
  if (report_.finished || array.empty()) return false;
  if (place.filename() == ".zarray" || place.filename() == ".zattrs") {
    return !arrays_.contains(array);
  }
  try {
    unsealed(read_file(path_ / file), file, file);
    return true;
  } catch (InputError const&) {
    return false;
  }
}

/// Files that no brink wrote there, or one that was killed.
void Verification::look_at_strangers() {
  for (std::string const& file : files_) {
    if (expected_.contains(file)) continue;
    if (is_temporary(fs::path(file).filename()) || (!report_.finished && is_claim(file))) {
      report_.remarks.push_back({(path_ / file).string(), "was left by a process that was killed"});
    } else if (may_be_unpublished(file)) {
      report_.remarks.push_back(
          {(path_ / file).string(), "was not published; --resume goes on without it"});
    } else {
      damaged(file, "is no file of this record");
    }
  }
}

}  // namespace

VerifyReport verify_record(fs::path const& given, int threads,
                           std::function<void(std::int64_t, std::int64_t)> const& progress) {
  fs::path const path = given.has_filename() ? given : given.parent_path();
  if (!fs::exists(path)) throw InputError(fmt::format("{}: no such record", path.string()));
  if (!fs::is_directory(path) ||
      (!fs::exists(path / consolidated_file) && !fs::exists(path / ".zattrs"))) {
    throw InputError(fmt::format(
        "{}: not a brink record; give the directory that brink wrote with --out", path.string()));
  }
  return Verification(path).run(threads, progress);
}

}  // namespace brink
