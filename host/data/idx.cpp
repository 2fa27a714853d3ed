#include "host/data/idx.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/file.hpp"
#include "host/data/gzip.hpp"
#include "host/data/limit.hpp"
#include "kernels/error.hpp"

namespace brink {

namespace {

/// Longest possible header: magic number and 255 extents.
constexpr std::int64_t header_limit = 4 + 4 * 255;
/// Deflate cannot compress by more than this.
constexpr std::int64_t greatest_gzip_ratio = 1032;

struct IdxHeader {
  std::vector<std::int64_t> shape;
  std::int64_t bytes;
  std::int64_t items;
};

/// `most_items` bounds what can possibly follow the header.
IdxHeader parse_header(std::span<std::byte const> beginning, std::int64_t most_items,
                       std::string const& name) {
  auto byte = [&](std::int64_t i) {
    return std::to_integer<std::int64_t>(beginning[static_cast<std::size_t>(i)]);
  };
  if (beginning.size() < 4 || byte(0) != 0 || byte(1) != 0) {
    throw InputError(
        fmt::format("{}: not an IDX file; it does not begin with two zero bytes, type "
                    "and number of dimensions",
                    name));
  }
  if (byte(2) != 0x08) {
    throw InputError(
        fmt::format("{}: IDX items of type {:#04x} are not supported; unsigned bytes (0x08) are",
                    name, byte(2)));
  }
  IdxHeader header{{}, 4 + 4 * byte(3), 1};
  if (header.bytes > std::ssize(beginning)) {
    throw InputError(fmt::format("{}: truncated in its header of {} bytes", name, header.bytes));
  }
  bool possible = byte(3) > 0;
  for (std::int64_t at = 4; at < header.bytes; at += 4) {
    header.shape.push_back(byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3));
    std::int64_t const extent = header.shape.back();
    possible = possible && (extent == 0 || header.items <= most_items / extent);
    header.items *= possible ? extent : 0;
  }
  if (!possible) {
    throw InputError(
        fmt::format("{}: truncated: its header claims ({}) items, more than the file can hold",
                    name, fmt::join(header.shape, ", ")));
  }
  return header;
}

}  // namespace

IdxArray parse_idx(std::span<std::byte const> file, std::string const& name) {
  IdxHeader header;
  std::vector<std::byte> content;
  if (is_gzip(file)) {
    header = parse_header(gunzip(file, header_limit, name), std::ssize(file) * greatest_gzip_ratio,
                          name);
    // One byte more than wanted, to see that nothing follows and to have the checksum verified.
    content = gunzip(file, header.bytes + header.items + 1, name);
  } else {
    header = parse_header(file, std::ssize(file), name);
    content.assign(file.begin(), file.end());
  }
  std::int64_t const present = std::ssize(content) - header.bytes;
  if (present != header.items) {
    throw InputError(fmt::format("{}: its header claims ({}) items, {} bytes, but {} follow", name,
                                 fmt::join(header.shape, ", "), header.items,
                                 present > header.items ? "more" : fmt::format("{}", present)));
  }
  content.erase(content.begin(), content.begin() + header.bytes);
  return {std::move(header.shape), std::move(content)};
}

template <class T>
Dataset<T> load_idx(std::filesystem::path const& images, std::filesystem::path const& labels,
                    std::optional<std::int64_t> wanted) {
  IdxArray const classes = parse_idx(read_file(labels), labels.string());
  if (classes.shape.size() != 1) {
    throw InputError(fmt::format("{}: labels must have one dimension, these have {}",
                                 labels.string(), classes.shape.size()));
  }
  IdxArray const pixels = parse_idx(read_file(images), images.string());
  if (pixels.shape.size() < 2 || pixels.bytes.empty()) {
    throw InputError(fmt::format("{}: images x rows x columns are needed, its shape is ({})",
                                 images.string(), fmt::join(pixels.shape, ", ")));
  }
  if (pixels.shape[0] != classes.shape[0]) {
    throw InputError(fmt::format("{} has {} images, but {} has {} labels", images.string(),
                                 pixels.shape[0], labels.string(), classes.shape[0]));
  }
  Dataset<T> data;
  data.examples = kept_examples(pixels.shape[0], wanted, images.string());
  data.features = std::ssize(pixels.bytes) / pixels.shape[0];
  data.outputs = std::max(2, std::to_integer<int>(*std::ranges::max_element(classes.bytes)) + 1);
  data.x.resize(static_cast<std::size_t>(data.examples * data.features));
  std::ranges::transform(pixels.bytes.begin(), pixels.bytes.begin() + std::ssize(data.x),
                         data.x.begin(),
                         [](std::byte b) { return static_cast<T>(std::to_integer<int>(b)); });
  data.labels.resize(static_cast<std::size_t>(data.examples));
  std::ranges::transform(classes.bytes.begin(), classes.bytes.begin() + data.examples,
                         data.labels.begin(),
                         [](std::byte b) { return std::to_integer<std::int32_t>(b); });
  return data;
}

template Dataset<float> load_idx<float>(std::filesystem::path const&, std::filesystem::path const&,
                                        std::optional<std::int64_t>);
template Dataset<double> load_idx<double>(std::filesystem::path const&,
                                          std::filesystem::path const&,
                                          std::optional<std::int64_t>);

}  // namespace brink
