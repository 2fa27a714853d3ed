#include "host/record/array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>
#include <utility>

#include "host/data/atomic_file.hpp"
#include "host/data/file.hpp"
#include "host/record/seal.hpp"
#include "kernels/error.hpp"

namespace brink {
namespace {

namespace fs = std::filesystem;

/// From here on it takes less time to wait for the whole file system.
constexpr std::size_t many_files = 16;

/// The first number of a chunk's file name; -1 for any other file.
std::int64_t first_of_key(std::string const& name) {
  if (name.find_first_not_of("0123456789.") != std::string::npos) return -1;
  std::int64_t first = -1;
  auto const [stop, error] = std::from_chars(name.data(), name.data() + name.size(), first);
  return error == std::errc() ? first : -1;
}

}  // namespace

ZarrArray::ZarrArray(fs::path directory, ArraySpec spec)
    : directory_(std::move(directory)), spec_(std::move(spec)), nowhere_(spec_.shape.size(), 0) {
  if (spec_.grows) tail_start_ = spec_.shape.front();
}

void ZarrArray::refuse(std::string const& what) const {
  throw InputError(fmt::format("{}: {}", directory_.string(), what));
}

std::int64_t ZarrArray::row_bytes() const {
  Extents const row(spec_.shape.begin() + 1, spec_.shape.end());
  return element_count(row) * item_size(spec_.dtype);
}

void ZarrArray::append(std::span<std::byte const> row) {
  if (!spec_.grows) refuse("has a fixed size; nothing can be appended to it");
  if (std::ssize(row) != row_bytes()) {
    refuse(fmt::format("a row of {} bytes was appended, but its rows have {}", row.size(),
                       row_bytes()));
  }
  if (tail_rows() == chunk_rows()) {
    store_tail();
    tail_start_ += chunk_rows();
    tail_.clear();
  }
  tail_.insert(tail_.end(), row.begin(), row.end());
  ++spec_.shape.front();
  tail_changed_ = true;
}

void ZarrArray::write(std::span<std::byte const> all) {
  if (spec_.grows) refuse("grows; its rows are appended one by one");
  auto const expected = element_count(spec_.shape) * item_size(spec_.dtype);
  if (std::ssize(all) != expected) {
    refuse(fmt::format("{} bytes were written, but it has {}", all.size(), expected));
  }
  for_each_index(chunk_counts(spec_.shape, spec_.chunks), [&](Extents const& index) {
    auto const place = chunk_place(index, spec_.shape, spec_.chunks);
    write_chunk_file(index, compressed_chunk(index, {all, spec_.shape, place.origin}));
  });
}

void ZarrArray::write_chunk(Extents const& index, std::span<std::byte const> raw) {
  write_chunk_file(index, chunk_file(index, raw));
}

std::vector<std::byte> ZarrArray::chunk_file(Extents const& index,
                                             std::span<std::byte const> raw) const {
  if (spec_.grows) refuse("grows; its chunks are not written one by one");
  auto const counts = chunk_counts(spec_.shape, spec_.chunks);
  bool inside = index.size() == counts.size();
  for (std::size_t d = 0; inside && d < counts.size(); ++d) {
    inside = index[d] >= 0 && index[d] < counts[d];
  }
  if (!inside) refuse(fmt::format("has no chunk {}", chunk_key(index)));
  auto const place = chunk_place(index, spec_.shape, spec_.chunks);
  auto const expected = element_count(place.extent) * item_size(spec_.dtype);
  if (std::ssize(raw) != expected) {
    refuse(fmt::format("{} bytes were written to chunk {}, but it has {}", raw.size(),
                       chunk_key(index), expected));
  }
  return compressed_chunk(index, {raw, place.extent, nowhere_});
}

bool ZarrArray::has_chunk(Extents const& index) const {
  return fs::exists(directory_ / chunk_key(index));
}

std::vector<std::byte> ZarrArray::chunk(Extents const& index) const {
  auto const whole = read_chunk(index);
  auto const extent = chunk_place(index, spec_.shape, spec_.chunks).extent;
  auto const size = element_count(extent) * item_size(spec_.dtype);
  std::vector<std::byte> part(static_cast<std::size_t>(size));
  copy_block({part, extent, nowhere_}, {whole, spec_.chunks, nowhere_}, extent,
             item_size(spec_.dtype));
  return part;
}

void ZarrArray::store_tail() {
  if (!tail_changed_) return;
  Extents tail_shape = spec_.shape;
  tail_shape.front() = tail_rows();
  auto counts = chunk_counts(spec_.shape, spec_.chunks);
  counts.front() = 1;
  for_each_index(counts, [&](Extents const& within_rows) {
    Extents index = within_rows;
    index.front() = tail_start_ / chunk_rows();
    auto source_origin = chunk_place(index, spec_.shape, spec_.chunks).origin;
    source_origin.front() = 0;
    write_chunk_file(index, compressed_chunk(index, {tail_, tail_shape, source_origin}));
  });
  tail_changed_ = false;
}

void ZarrArray::sync_chunks() {
  if (unsynced_.size() > many_files) {
    sync_file_system(directory_);
  } else {
    for (auto const& key : unsynced_) sync_path(directory_ / key);
  }
  unsynced_.clear();
}

void ZarrArray::recover() {
  if (!spec_.grows) return;
  load_tail(spec_.shape.front());
  remove_chunks_beyond_rows();
}

void ZarrArray::truncate(std::int64_t rows, std::function<void()> const& publish) {
  if (!spec_.grows) refuse("has a fixed size; it cannot be truncated");
  auto const present = spec_.shape.front();
  if (rows < 0 || rows > present) {
    refuse(fmt::format("cannot be cut to {} rows; it has {}", rows, present));
  }
  if (rows == present) return;
  if (rows < tail_start_) {
    load_tail(rows);
  } else {
    tail_.resize(static_cast<std::size_t>((rows - tail_start_) * row_bytes()));
    tail_changed_ = rows > tail_start_;
  }
  spec_.shape.front() = rows;
  publish();
  remove_chunks_beyond_rows();
}

/// Brings the rows of the partial chunk that ends at `rows` into memory. They count as changed, so
/// that the chunk is written again without the rows beyond.
void ZarrArray::load_tail(std::int64_t rows) {
  auto const start = rows / chunk_rows() * chunk_rows();
  Extents tail_shape = spec_.shape;
  tail_shape.front() = rows - start;
  std::vector<std::byte> tail(static_cast<std::size_t>((rows - start) * row_bytes()));
  for_each_index(chunk_counts(tail_shape, spec_.chunks), [&](Extents const& within_rows) {
    auto const place = chunk_place(within_rows, tail_shape, spec_.chunks);
    Extents index = within_rows;
    index.front() = start / chunk_rows();
    auto const chunk = read_chunk(index);
    copy_block({tail, tail_shape, place.origin}, {chunk, spec_.chunks, nowhere_}, place.extent,
               item_size(spec_.dtype));
  });
  tail_start_ = start;
  tail_ = std::move(tail);
  tail_changed_ = rows > start;
}

std::vector<std::byte> ZarrArray::read() const {
  std::vector<std::byte> all(
      static_cast<std::size_t>(element_count(spec_.shape) * item_size(spec_.dtype)));
  Extents stored = spec_.shape;
  if (spec_.grows) stored.front() = tail_start_;
  for_each_index(chunk_counts(stored, spec_.chunks), [&](Extents const& index) {
    auto const place = chunk_place(index, stored, spec_.chunks);
    auto const chunk = read_chunk(index);
    copy_block({all, spec_.shape, place.origin}, {chunk, spec_.chunks, nowhere_}, place.extent,
               item_size(spec_.dtype));
  });
  std::copy(tail_.begin(), tail_.end(), all.end() - std::ssize(tail_));
  return all;
}

std::string ZarrArray::place(Extents const& index) const {
  return fmt::format("{}/{}", spec_.name, chunk_key(index));
}

std::vector<std::byte> ZarrArray::read_chunk(Extents const& index) const {
  auto const path = directory_ / chunk_key(index);
  auto const elements = element_count(spec_.chunks);
  // Rows are published only once they are on disk; tiles of a fixed-size array may be to come.
  if (!spec_.grows && !fs::exists(path)) return fill_elements(spec_.dtype, elements);
  auto const file = read_file(path);
  return decompress(unsealed(file, place(index), path.string()), elements * item_size(spec_.dtype),
                    path.string());
}

std::vector<std::byte> ZarrArray::compressed_chunk(Extents const& index,
                                                   Block<std::byte const> source) const {
  auto chunk = fill_elements(spec_.dtype, element_count(spec_.chunks));
  auto const extent = chunk_place(index, spec_.shape, spec_.chunks).extent;
  copy_block({chunk, spec_.chunks, nowhere_}, source, extent, item_size(spec_.dtype));
  return sealed(compress(chunk), place(index));
}

void ZarrArray::put_chunk_file(Extents const& index, std::span<std::byte const> file) const {
  make_directory(directory_);
  write_atomically(directory_ / chunk_key(index), file, Durable::no);
}

void ZarrArray::write_chunk_file(Extents const& index, std::span<std::byte const> file) {
  put_chunk_file(index, file);
  note_chunk_file(index);
}

void ZarrArray::remove_chunks_beyond_rows() {
  auto const used = chunk_counts(spec_.shape, spec_.chunks).front();
  std::vector<fs::path> surplus;
  std::error_code error;
  for (fs::directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    if (first_of_key(at->path().filename().string()) >= used) surplus.push_back(at->path());
  }
  for (auto const& path : surplus) {
    fs::remove(path, error);
    unsynced_.erase(path.filename().string());
  }
}

}  // namespace brink
