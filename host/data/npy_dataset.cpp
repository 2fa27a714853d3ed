#include "host/data/npy_dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/limit.hpp"
#include "host/data/npy.hpp"
#include "kernels/error.hpp"

namespace brink {

namespace {

constexpr std::int64_t most_classes = 65536;

struct NpyPair {
  NpyHeader x, y;
};

NpyPair read_headers(std::filesystem::path const& x, std::filesystem::path const& y) {
  NpyPair pair{read_npy_header(x), read_npy_header(y)};
  auto described = [](NpyHeader const& header) {
    return fmt::format("({}) of {}", fmt::join(header.shape, ", "), header.type_name());
  };
  if (pair.x.kind != 'f' || pair.x.shape.size() != 2) {
    throw InputError(fmt::format("{}: examples x features of floats are needed, it holds {}",
                                 x.string(), described(pair.x)));
  }
  if (pair.x.items == 0) {
    throw InputError(fmt::format("{}: holds no values, its shape is ({})", x.string(),
                                 fmt::join(pair.x.shape, ", ")));
  }
  std::size_t const dimensions = pair.y.kind == 'f' ? 2 : 1;
  if (pair.y.shape.size() != dimensions || pair.y.items == 0) {
    throw InputError(
        fmt::format("{}: an integer vector of labels or a float matrix of targets is needed, it "
                    "holds {}",
                    y.string(), described(pair.y)));
  }
  if (pair.x.shape[0] != pair.y.shape[0]) {
    throw InputError(fmt::format("{} has {} examples, but {} has {}", x.string(), pair.x.shape[0],
                                 y.string(), pair.y.shape[0]));
  }
  return pair;
}

template <class T>
void check_finite(std::vector<T> const& values, std::int64_t columns, std::string const& name) {
  auto const bad = std::ranges::find_if_not(values, [](T v) { return std::isfinite(v); });
  if (bad != values.end()) {
    std::int64_t const at = bad - values.begin();
    throw InputError(fmt::format("{}: row {}, column {} is {} in float{}; values must be finite",
                                 name, at / columns, at % columns, *bad, 8 * sizeof(T)));
  }
}

/// Puts the first data.examples labels and the number of classes into `data`.
template <class T>
void load_labels(Dataset<T>& data, std::filesystem::path const& path, NpyHeader const& header) {
  auto const labels = read_npy_rows<std::int64_t>(path, header, header.items);
  auto const outside = std::ranges::find_if(
      labels, [](std::int64_t label) { return label < 0 || label >= most_classes; });
  if (outside != labels.end()) {
    throw InputError(fmt::format("{}: row {} has label {}; labels must be 0 ... C-1, C at most {}",
                                 path.string(), outside - labels.begin(), *outside, most_classes));
  }
  data.outputs = std::max(std::int64_t{2}, *std::ranges::max_element(labels) + 1);
  data.labels.resize(static_cast<std::size_t>(data.examples));
  std::ranges::transform(labels.begin(), labels.begin() + data.examples, data.labels.begin(),
                         [](std::int64_t label) { return static_cast<std::int32_t>(label); });
}

}  // namespace

std::int64_t check_npy_pair(std::filesystem::path const& x, std::filesystem::path const& y) {
  return read_headers(x, y).x.shape[0];
}

template <class T>
Dataset<T> load_npy(std::filesystem::path const& x, std::filesystem::path const& y,
                    std::optional<std::int64_t> wanted) {
  NpyPair const pair = read_headers(x, y);
  Dataset<T> data;
  data.examples = kept_examples(pair.x.shape[0], wanted, x.string());
  data.features = pair.x.shape[1];
  data.x = read_npy_rows<T>(x, pair.x, data.examples);
  check_finite(data.x, data.features, x.string());
  if (pair.y.kind == 'f') {
    data.outputs = pair.y.shape[1];
    data.values = read_npy_rows<T>(y, pair.y, data.examples);
    check_finite(data.values, data.outputs, y.string());
  } else {
    load_labels(data, y, pair.y);
  }
  return data;
}

template Dataset<float> load_npy<float>(std::filesystem::path const&, std::filesystem::path const&,
                                        std::optional<std::int64_t>);
template Dataset<double> load_npy<double>(std::filesystem::path const&,
                                          std::filesystem::path const&,
                                          std::optional<std::int64_t>);

}  // namespace brink
