#pragma once

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace brink {

/// Where a run stands: enough to go on bit for bit. The file is one block,
///   "brinkck1" | u64 bytes of header | header (JSON) | arrays, by name | CRC-32 of all before,
/// little-endian.
struct Checkpoint {
  nlohmann::json state;  // numbers return exactly, NaN and infinities included; UTF-8 strings
  std::map<std::string, std::vector<std::byte>> arrays;

  /// Stores values under a name.
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(std::string const& name, std::span<T const> values) {
    auto const bytes = std::as_bytes(values);
    arrays[name].assign(bytes.begin(), bytes.end());
  }

  /// Exactly `count` values. Throws InputError when there are none of that name, or another number.
  template <class T>
  requires std::is_trivially_copyable_v<T> std::vector<T> get(std::string const& name,
                                                              std::size_t count)
  const { return copied<T>(array(name, sizeof(T), count)); }
  /// However many there are. Throws InputError when there are none of that name, or the bytes are
  /// not a whole number of values.
  template <class T>
  requires std::is_trivially_copyable_v<T> std::vector<T> get(std::string const& name)
  const { return copied<T>(array(name, sizeof(T))); }

 private:
  template <class T>
  static std::vector<T> copied(std::span<std::byte const> bytes) {
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  std::span<std::byte const> array(std::string const& name, std::size_t value_bytes) const;
  std::span<std::byte const> array(std::string const& name, std::size_t value_bytes,
                                   std::size_t count) const;
};

/// The file's bytes; the same checkpoint always gives the same.
std::vector<std::byte> checkpoint_bytes(Checkpoint const& checkpoint);

/// The reverse. Throws InputError that starts with `name` for anything truncated or altered.
Checkpoint parse_checkpoint(std::span<std::byte const> bytes, std::string const& name);

/// Replaces the checkpoint of the record at `store` (its hidden file ".checkpoint", which Zarr
/// readers ignore) in one step; survives a loss of power. Throws MachineError, and then the one
/// before is still there.
void save_checkpoint(std::filesystem::path const& store, Checkpoint const& checkpoint);

/// Whether the record at `store` has a checkpoint, sound or not.
bool has_checkpoint(std::filesystem::path const& store);

/// Removes it: a finished run has nothing to resume.
void remove_checkpoint(std::filesystem::path const& store);

/// Throws InputError when there is none, or it is truncated or corrupt.
Checkpoint load_checkpoint(std::filesystem::path const& store);

}  // namespace brink
