#include "host/data/gzip.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>

#include "kernels/error.hpp"

namespace brink {

namespace {

constexpr std::int64_t chunk_bytes = std::int64_t{1} << 18;

/// Owns a zlib stream that reads gzip members.
class Inflater {
 public:
  explicit Inflater(std::span<std::byte const> compressed) : rest_(compressed) {
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) {
      throw MachineError("zlib cannot be initialised");
    }
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(Inflater const&) = delete;
  Inflater& operator=(Inflater const&) = delete;

  /// Fills `out` as far as the content goes; returns how much that was.
  std::int64_t read(std::span<std::byte> out, std::string const& name) {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    while (stream_.avail_out > 0 && !done_) {
      feed();
      int const status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        start_next_member();
      } else if (status == Z_MEM_ERROR) {
        throw MachineError("zlib: out of memory");
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        throw InputError(fmt::format("{}: damaged gzip data: {}", name,
                                     stream_.msg != nullptr ? stream_.msg : "bad stream"));
      } else if (stream_.avail_in == 0 && rest_.empty() && stream_.avail_out > 0) {
        throw InputError(fmt::format("{}: truncated gzip data", name));
      }
    }
    return std::ssize(out) - stream_.avail_out;
  }

 private:
  void feed() {
    if (stream_.avail_in > 0) {
      return;
    }
    // zlib counts its input in 32 bits.
    auto const piece = rest_.first(std::min(rest_.size(), std::size_t{1} << 30));
    rest_ = rest_.subspan(piece.size());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
  }

  /// A gzip file may be several members in a row; what else follows is ignored, as gzip does.
  void start_next_member() {
    feed();
    done_ = stream_.avail_in == 0 || *stream_.next_in != 0x1f || inflateReset(&stream_) != Z_OK;
  }

  z_stream stream_{};
  std::span<std::byte const> rest_;
  bool done_ = false;
};

}  // namespace

bool is_gzip(std::span<std::byte const> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

std::vector<std::byte> gunzip(std::span<std::byte const> compressed, std::int64_t limit,
                              std::string const& name) {
  Inflater inflater(compressed);
  std::vector<std::byte> content;
  for (;;) {
    std::size_t const have = content.size();
    std::int64_t const room = std::min(chunk_bytes, limit - std::ssize(content));
    if (room == 0) {
      return content;
    }
    content.resize(have + static_cast<std::size_t>(room));
    std::int64_t const got = inflater.read(std::span(content).subspan(have), name);
    if (got < room) {
      content.resize(have + static_cast<std::size_t>(got));
      return content;
    }
  }
}

}  // namespace brink
