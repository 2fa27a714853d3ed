#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "host/data/atomic_file.hpp"
#include "host/data/file.hpp"
#include "host/record/array.hpp"
#include "host/record/codec.hpp"
#include "host/record/metadata.hpp"
#include "host/record/store_lock.hpp"

namespace brink {

/// A record: a Zarr (format 2) group that `xarray.open_zarr(path)` opens.
///
/// Readers see what the last flush published. A kill at any instant leaves that, or the next, and
/// all arrays that share a growing dimension show the same number of rows: that of the shortest.
/// The bytes of a record depend on its content alone, not on when it was flushed. One process
/// writes at a time, or several that share() and write chunks alone; an object is used by one
/// thread at a time. Errors: InputError for what the caller got wrong or a damaged record,
/// MachineError for a failed write; nothing published is lost by either.
class ZarrGroup {
 public:
  /// A new, empty record. `attributes` must hold "brink_version". Throws InputError when `path`
  /// exists or its parent is missing or not writable; then nothing is left.
  static ZarrGroup create(std::filesystem::path path, nlohmann::json attributes);

  /// An existing record, as last published, to be read or written on; nothing on disk changes
  /// before the first call that writes. Throws InputError when it is no brink record.
  static ZarrGroup open(std::filesystem::path path);

  /// An existing record, to be filled chunk by chunk beside other processes; nothing while another
  /// one has it alone. is_alone() says whether there are others. Errors as for open.
  static std::optional<ZarrGroup> join(std::filesystem::path path);

  /// Lets other processes join. From here on only write_chunk, write_chunks and sync may write.
  void share();
  bool is_alone() const { return lock_ && lock_->is_alone(); }

  /// Ends sharing: false while other processes write to the record. Afterwards this object shows
  /// what they have published meanwhile, and may write all again.
  bool try_alone();

  /// Makes the chunks written so far survive a loss of power.
  void sync();

  /// Adds an array; readers see it after flush. Arrays of one growing dimension are defined before
  /// its first row. Empty chunks mean default_chunks.
  void define(ArraySpec spec);

  /// Appends one slice along dimension 0. Values are converted to the array's dtype; an integer
  /// type refuses what it cannot hold.
  template <class T>
  void append(std::string const& name, std::span<T const> row) {
    append_raw(name, encode(spec(name).dtype, row, place(name)));
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void append(std::string const& name, T value) { append(name, std::span<T const>(&value, 1)); }

  /// Writes a fixed-size array whole, row-major.
  template <class T>
  void write(std::string const& name, std::span<T const> all) {
    write_raw(name, encode(spec(name).dtype, all, place(name)));
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void write(std::string const& name, T value) { write(name, std::span<T const>(&value, 1)); }

  /// Writes one chunk of a fixed-size array: little-endian elements of its dtype, row-major, of
  /// the part of the chunk that lies within the array.
  void write_chunk(std::string const& name, std::vector<std::int64_t> const& chunk_index,
                   std::span<std::byte const> raw);

  /// One chunk, as write_chunk takes it.
  struct Chunk {
    std::string array;
    std::vector<std::int64_t> index;
    std::span<std::byte const> raw;
  };
  /// Writes chunks, compressed and written by so many threads; those of a group in the order given:
  /// a kill leaves the first ones of each.
  void write_chunks(std::vector<std::vector<Chunk>> const& groups, int threads);

  /// Whether a chunk of a fixed-size array was ever written, and the part of it that lies within
  /// the array, as write_chunk takes it. Both may run in several threads at a time.
  bool has_chunk(std::string const& name, std::vector<std::int64_t> const& index) const {
    return array(name).has_chunk(index);
  }
  std::vector<std::byte> read_chunk(std::string const& name,
                                    std::vector<std::int64_t> const& index) const {
    return array(name).chunk(index);
  }

  /// Forgets the rows from `rows` on, at once: all arrays of that dimension then show at most
  /// `rows` rows.
  void truncate(std::string const& name, std::int64_t rows);

  /// All elements, row-major, with rows that are not flushed yet.
  std::vector<double> read(std::string const& name) const;
  std::vector<std::int64_t> shape(std::string const& name) const { return spec(name).shape; }
  ArraySpec const& spec(std::string const& name) const;
  bool has(std::string const& name) const { return arrays_.contains(name); }
  /// In alphabetical order.
  std::vector<std::string> names() const;

  nlohmann::json const& attributes() const { return attributes_; }
  /// Readers see it after flush.
  void set_attribute(std::string const& name, nlohmann::json value);

  /// Publishes all there is: changed chunks first, then the arrays' metadata, then .zmetadata, each
  /// in one step. Writes nothing when nothing is new. Whether it survives a loss of power costs a
  /// few milliseconds per array; before a checkpoint it must.
  void flush(Durable durable = Durable::yes);

  std::filesystem::path const& path() const { return path_; }

 private:
  explicit ZarrGroup(std::filesystem::path path) : path_(std::move(path)) {}

  std::string place(std::string const& name) const { return (path_ / name).string(); }
  ZarrArray& array(std::string const& name);
  ZarrArray const& array(std::string const& name) const;
  void append_raw(std::string const& name, std::span<std::byte const> row);
  void write_raw(std::string const& name, std::span<std::byte const> all);
  void begin_writing();
  void clear_away(StoreLock const& lock);
  GroupMetadata published() const;
  void publish(Durable durable);
  void write_text(std::string const& file, std::string text, Durable durable);

  std::filesystem::path path_;
  nlohmann::json attributes_;
  std::map<std::string, ZarrArray> arrays_;
  std::map<std::string, std::string> written_;  // metadata files as this object last wrote them
  bool synced_ = false;                         // .zmetadata survives a loss of power
  std::optional<StoreLock> lock_;               // held from the first write on
};

/// Deletes the record at `path`. Throws InputError, and deletes nothing, unless it is a directory
/// that brink wrote and nobody is writing to.
void remove_record(std::filesystem::path const& path);

}  // namespace brink
