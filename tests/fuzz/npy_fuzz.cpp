#include "host/data/npy.hpp"
#include "tests/fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace brink;
  auto const bytes = std::as_bytes(std::span(data, size));
  fuzz::accept_or_refuse([&] {
    NpyArray const array = parse_npy(bytes, "fuzz.npy");
    auto const values = npy_values<float>(array, "fuzz.npy");
    fuzz::require(std::ssize(values) == array.items, "as many values as the shape says");
    fuzz::require(std::ssize(array.bytes) == array.items * array.item_size, "all bytes are items");
    npy_values<std::int32_t>(array, "fuzz.npy");
  });
  return 0;
}
