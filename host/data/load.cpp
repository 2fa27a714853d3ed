#include "host/data/load.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "host/data/cifar10.hpp"
#include "host/data/data_spec.hpp"
#include "host/data/file.hpp"
#include "host/data/idx.hpp"
#include "host/data/limit.hpp"
#include "host/data/npy_dataset.hpp"
#include "host/data/standardize.hpp"
#include "host/data/synthetic.hpp"
#include "kernels/error.hpp"

namespace brink {

namespace {

bool is_images(DataKind kind) {
  return kind == DataKind::cifar10 || kind == DataKind::idx;
}

Standardize chosen_standardize(DataOptions const& options, DataKind kind) {
  Standardize const chosen =
      options.standardize.value_or(is_images(kind) ? Standardize::pixel : Standardize::none);
  if (chosen == Standardize::channel && !is_images(kind)) {
    throw InputError(fmt::format(
        "--standardize channel: --data {} has no channels; use pixel or none", options.source));
  }
  return chosen;
}

void check_files(DataSpec const& spec, std::optional<std::int64_t> wanted) {
  switch (spec.kind) {
    case DataKind::synthetic:
      kept_examples(spec.synthetic.examples, wanted, "synthetic");
      break;
    case DataKind::cifar10: {
      std::int64_t examples = 0;
      for (auto const& file : find_cifar10(spec.paths[0]).train) {
        examples += regular_file_size(file) / cifar10_record_bytes;
      }
      kept_examples(examples, wanted, spec.paths[0].string());
      break;
    }
    case DataKind::idx:
      std::ranges::for_each(spec.paths, regular_file_size);
      break;
    case DataKind::npy:
      kept_examples(check_npy_pair(spec.paths[0], spec.paths[1]), wanted, spec.paths[0].string());
      if (spec.paths.size() == 4) {
        check_npy_pair(spec.paths[2], spec.paths[3]);
      }
      break;
  }
}

template <class T>
Splits<T> load_cifar10_splits(DataSpec const& spec, std::optional<std::int64_t> wanted) {
  Cifar10Files const files = find_cifar10(spec.paths[0]);
  Splits<T> splits{load_cifar10<T>(files.train, wanted), std::nullopt};
  if (files.test) {
    splits.test = load_cifar10<T>({*files.test}, std::nullopt);
  }
  return splits;
}

/// `load` is load_idx or load_npy.
template <class T, class Loader>
Splits<T> load_pairs(DataSpec const& spec, std::optional<std::int64_t> wanted, Loader load) {
  Splits<T> splits{load(spec.paths[0], spec.paths[1], wanted), std::nullopt};
  if (spec.paths.size() == 4) {
    splits.test = load(spec.paths[2], spec.paths[3], std::nullopt);
  }
  return splits;
}

template <class T>
Splits<T> load_splits(DataSpec const& spec, std::optional<std::int64_t> wanted) {
  switch (spec.kind) {
    case DataKind::cifar10:
      return load_cifar10_splits<T>(spec, wanted);
    case DataKind::idx:
      return load_pairs<T>(spec, wanted, load_idx<T>);
    case DataKind::npy:
      return load_pairs<T>(spec, wanted, load_npy<T>);
    default:
      return make_synthetic<T>(spec.synthetic, wanted);
  }
}

/// A test set must have the features and targets of the training set; it may lack classes.
template <class T>
void match_test(Dataset<T> const& train, Dataset<T>& test, std::string const& source) {
  if (test.features != train.features) {
    throw InputError(fmt::format("--data {}: the test set has {} features, the training set {}",
                                 source, test.features, train.features));
  }
  if (test.labels.empty() != train.labels.empty()) {
    throw InputError(fmt::format(
        "--data {}: one of training and test set has labels, the other regression targets",
        source));
  }
  bool const fits =
      train.labels.empty() ? test.outputs == train.outputs : test.outputs <= train.outputs;
  if (!fits) {
    throw InputError(fmt::format("--data {}: the test set has {} {}, the training set {}", source,
                                 test.outputs, train.labels.empty() ? "targets" : "classes",
                                 train.outputs));
  }
  test.outputs = train.outputs;
}

/// The number of groups of features that share their statistics.
std::int64_t groups_of(Standardize standardize, DataKind kind, std::int64_t features) {
  if (standardize == Standardize::pixel) {
    return features;
  }
  return kind == DataKind::cifar10 ? 3 : 1;
}

template <class T>
Standardization chosen_map(Dataset<T> const& train, Standardize standardize, DataKind kind) {
  double const unit = is_images(kind) ? 255.0 : 1.0;
  if (standardize == Standardize::none) {
    return {{0.0}, {unit}};
  }
  Standardization map =
      fit_standardization(train, groups_of(standardize, kind, train.features), unit);
  for (std::size_t k = 0; k < map.mean.size(); ++k) {
    if (!std::isfinite(map.mean[k]) || !std::isfinite(map.deviation[k])) {
      throw InputError(
          fmt::format("--data {}: column {} is too large to standardise", train.name, k));
    }
  }
  return map;
}

}  // namespace

void check_data(DataOptions const& options) {
  DataSpec const spec = parse_data_spec(options.source);
  chosen_standardize(options, spec.kind);
  check_files(spec, options.examples);
}

template <class T>
Splits<T> load_data(DataOptions const& options) {
  // First, so that a bad last file is not found only after reading the others.
  check_data(options);
  DataSpec const spec = parse_data_spec(options.source);
  Standardize const standardize = chosen_standardize(options, spec.kind);
  Splits<T> splits = load_splits<T>(spec, options.examples);
  splits.train.name = options.source;
  if (splits.test) {
    splits.test->name = options.source + " (test)";
    match_test(splits.train, *splits.test, options.source);
  }
  if (standardize == Standardize::none && !is_images(spec.kind)) {
    return splits;
  }
  Standardization const map = chosen_map(splits.train, standardize, spec.kind);
  apply_standardization(map, splits.train);
  if (splits.test) {
    apply_standardization(map, *splits.test);
  }
  return splits;
}

template Splits<float> load_data<float>(DataOptions const&);
template Splits<double> load_data<double>(DataOptions const&);

}  // namespace brink
