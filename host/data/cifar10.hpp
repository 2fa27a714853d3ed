#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/data/dataset.hpp"

// CIFAR-10's binary version: records of one label byte and 3072 pixel bytes (red, green and blue
// planes of 32 x 32).

namespace brink {

inline constexpr std::int64_t cifar10_features = 3072;
inline constexpr std::int64_t cifar10_record_bytes = cifar10_features + 1;

/// Which files of a directory make up the two sets, sorted by name.
struct Cifar10Files {
  std::vector<std::filesystem::path> train;
  std::optional<std::filesystem::path> test;
};

/// Every data_batch_*.bin, and test_batch.bin where there is one. InputError when the directory or
/// the training files are missing, or the size of any is not that of whole records.
Cifar10Files find_cifar10(std::filesystem::path const& directory);

/// Appends whole records to `data`, pixels 0 ... 255 as stored. InputError, naming `name` and the
/// record, on a label above 9 or a broken record.
template <class T>
void append_cifar10(Dataset<T>& data, std::span<std::byte const> records, std::string const& name);

/// The first `wanted` examples, or all, of several files taken in order. Errors as for
/// append_cifar10 and kept_examples.
template <class T>
Dataset<T> load_cifar10(std::vector<std::filesystem::path> const& files,
                        std::optional<std::int64_t> wanted);

}  // namespace brink
