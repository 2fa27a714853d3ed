#include "host/data/cifar10.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <system_error>

#include "host/data/file.hpp"
#include "host/data/limit.hpp"
#include "kernels/error.hpp"

namespace brink {

namespace fs = std::filesystem;

namespace {

void check_size(std::int64_t bytes, std::string const& name) {
  if (bytes == 0 || bytes % cifar10_record_bytes != 0) {
    throw InputError(
        fmt::format("{}: {} bytes are not a whole number of CIFAR-10 records of {} bytes", name,
                    bytes, cifar10_record_bytes));
  }
}

}  // namespace

Cifar10Files find_cifar10(fs::path const& directory) {
  std::error_code error;
  fs::directory_iterator const entries(directory, error);
  if (error) {
    throw InputError(
        fmt::format("{}: not a readable directory: {}", directory.string(), error.message()));
  }
  Cifar10Files files;
  for (fs::directory_entry const& entry : entries) {
    std::string const name = entry.path().filename().string();
    if (name == "test_batch.bin") {
      files.test = entry.path();
    } else if (name.starts_with("data_batch_") && name.ends_with(".bin")) {
      files.train.push_back(entry.path());
    } else {
      continue;
    }
    check_size(regular_file_size(entry.path()), entry.path().string());
  }
  if (files.train.empty()) {
    throw InputError(fmt::format("{}: holds no data_batch_*.bin; unpack CIFAR-10's binary version",
                                 directory.string()));
  }
  std::ranges::sort(files.train);
  return files;
}

template <class T>
void append_cifar10(Dataset<T>& data, std::span<std::byte const> records, std::string const& name) {
  check_size(std::ssize(records), name);
  for (std::int64_t record = 0; !records.empty(); ++record) {
    int const label = std::to_integer<int>(records[0]);
    if (label > 9) {
      throw InputError(
          fmt::format("{}: record {} has label {}; CIFAR-10 has 0 ... 9", name, record, label));
    }
    data.labels.push_back(label);
    for (std::byte const pixel : records.subspan(1, cifar10_features)) {
      data.x.push_back(static_cast<T>(std::to_integer<int>(pixel)));
    }
    records = records.subspan(cifar10_record_bytes);
  }
  data.examples = std::ssize(data.labels);
  data.features = cifar10_features;
  data.outputs = 10;
}

template <class T>
Dataset<T> load_cifar10(std::vector<fs::path> const& files, std::optional<std::int64_t> wanted) {
  std::int64_t available = 0;
  for (fs::path const& file : files) {
    available += regular_file_size(file) / cifar10_record_bytes;
  }
  std::int64_t const kept = kept_examples(available, wanted, files.front().parent_path().string());
  Dataset<T> data;
  data.labels.reserve(static_cast<std::size_t>(kept));
  data.x.reserve(static_cast<std::size_t>(kept * cifar10_features));
  for (fs::path const& file : files) {
    std::int64_t const missing = kept - data.examples;
    if (missing > 0) {
      append_cifar10<T>(data, read_file(file, missing * cifar10_record_bytes), file.string());
    }
  }
  return data;
}

template void append_cifar10<float>(Dataset<float>&, std::span<std::byte const>,
                                    std::string const&);
template void append_cifar10<double>(Dataset<double>&, std::span<std::byte const>,
                                     std::string const&);
template Dataset<float> load_cifar10<float>(std::vector<fs::path> const&,
                                            std::optional<std::int64_t>);
template Dataset<double> load_cifar10<double>(std::vector<fs::path> const&,
                                              std::optional<std::int64_t>);

}  // namespace brink
