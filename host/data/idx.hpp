#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/data/dataset.hpp"

// The IDX format of MNIST and its relatives (Fashion-MNIST, KMNIST, EMNIST): unsigned bytes of any
// number of dimensions, as they are or gzip-compressed.

namespace brink {

struct IdxArray {
  std::vector<std::int64_t> shape;
  /// The items, in C order, as many as the product of `shape`.
  std::vector<std::byte> bytes;
};

/// A whole file in memory. InputError, naming `name`, on anything that is not a complete IDX file
/// of unsigned bytes.
IdxArray parse_idx(std::span<std::byte const> file, std::string const& name);

/// Images (examples x anything, flattened; values 0 ... 255 as stored) with their labels. There
/// are as many classes as the largest label says, at least 2, whatever part is kept. Keeps the
/// first `wanted` examples, or all. InputError when a file is bad, the two disagree in length, or
/// there are fewer examples.
template <class T>
Dataset<T> load_idx(std::filesystem::path const& images, std::filesystem::path const& labels,
                    std::optional<std::int64_t> wanted);

}  // namespace brink
