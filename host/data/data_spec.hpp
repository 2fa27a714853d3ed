#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "host/data/synthetic.hpp"

namespace brink {

enum class DataKind { synthetic, cifar10, idx, npy };

/// What a --data argument says.
struct DataSpec {
  DataKind kind = DataKind::synthetic;
  /// cifar10: the directory. idx and npy: inputs and targets of the training set, then, where
  /// given, of the test set. A path cannot contain a comma.
  std::vector<std::filesystem::path> paths;
  SyntheticOptions synthetic;
};

/// Parses synthetic[:key=value,...], cifar10:DIR, idx:IMAGES,LABELS[,IMAGES,LABELS] or
/// npy:X,Y[,X,Y]. Looks at no file. InputError on anything else.
DataSpec parse_data_spec(std::string_view source);

}  // namespace brink
