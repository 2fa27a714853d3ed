#include "host/data/idx.hpp"
#include "tests/fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace brink;
  auto const bytes = std::as_bytes(std::span(data, size));
  fuzz::accept_or_refuse([&] {
    IdxArray const array = parse_idx(bytes, "fuzz.idx");
    std::int64_t items = 1;
    for (std::int64_t const extent : array.shape) {
      items *= extent;
    }
    fuzz::require(std::ssize(array.bytes) == items, "as many bytes as the shape says");
  });
  return 0;
}
