#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "host/data/grid.hpp"
#include "host/record/metadata.hpp"

namespace brink {

/// The chunks of one array of a record. A growing array keeps only the rows of its last, partial
/// chunk in memory; every chunk file is replaced in one step, by one that holds all its rows and
/// more. Raw bytes are little-endian elements of the array's dtype, row-major.
class ZarrArray {
 public:
  /// `directory` holds the chunks. A spec whose shape has rows already needs recover() before it
  /// can grow.
  ZarrArray(std::filesystem::path directory, ArraySpec spec);

  ArraySpec const& spec() const { return spec_; }

  /// Adds one slice along dimension 0. Throws InputError if its size is not that of a row.
  void append(std::span<std::byte const> row);

  /// Writes a fixed-size array. Throws InputError if the size is not the array's.
  void write(std::span<std::byte const> all);

  /// Writes one chunk of a fixed-size array: the part of it that lies within the array. Throws
  /// InputError if there is no such chunk or the size is not that part's.
  void write_chunk(Extents const& index, std::span<std::byte const> raw);

  /// The file of a chunk that write_chunk would write, without writing it. May run in several
  /// threads at a time. Errors as for write_chunk.
  std::vector<std::byte> chunk_file(Extents const& index, std::span<std::byte const> raw) const;
  /// In two parts, of which the first may run in several threads at a time as well: writes such a
  /// file, and notes that it was written.
  void put_chunk_file(Extents const& index, std::span<std::byte const> file) const;
  void note_chunk_file(Extents const& index) { unsynced_.insert(chunk_key(index)); }

  /// Whether a chunk of a fixed-size array is on disk, and the part of it that lies within the
  /// array. Throws InputError if the chunk is damaged.
  bool has_chunk(Extents const& index) const;
  std::vector<std::byte> chunk(Extents const& index) const;

  /// Writes the last, partial chunk if it has new rows.
  void store_tail();

  /// Makes all chunks written so far survive a loss of power, but for their names: journals keep
  /// the order of renames, so those are safe once a later name is.
  void sync_chunks();

  /// Makes the chunks on disk those of the spec's rows and nothing else: a process that was killed
  /// may have left more. Throws InputError if the last chunk is missing or damaged.
  void recover();

  /// Forgets the rows from `rows` on. `publish` must record the new length; it is called before
  /// any file changes. Throws InputError as recover() does.
  void truncate(std::int64_t rows, std::function<void()> const& publish);

  /// All elements; places that were never written hold NaN or 0.
  std::vector<std::byte> read() const;

 private:
  void write_chunk_file(Extents const& index, std::span<std::byte const> file);
  std::int64_t chunk_rows() const { return spec_.chunks.front(); }
  std::int64_t tail_rows() const { return spec_.shape.front() - tail_start_; }
  std::int64_t row_bytes() const;
  void load_tail(std::int64_t rows);
  std::string place(Extents const& index) const;
  std::vector<std::byte> read_chunk(Extents const& index) const;
  std::vector<std::byte> compressed_chunk(Extents const& index,
                                          Block<std::byte const> source) const;
  void remove_chunks_beyond_rows();
  [[noreturn]] void refuse(std::string const& what) const;

  std::filesystem::path directory_;
  ArraySpec spec_;
  Extents nowhere_;              // the origin of a whole array
  std::int64_t tail_start_ = 0;  // rows from here on are in tail_, all others on disk
  std::vector<std::byte> tail_;
  bool tail_changed_ = false;
  std::set<std::string> unsynced_;  // keys of chunks
};

}  // namespace brink
