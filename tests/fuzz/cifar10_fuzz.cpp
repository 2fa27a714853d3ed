#include "host/data/cifar10.hpp"
#include "tests/fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace brink;
  auto const bytes = std::as_bytes(std::span(data, size));
  fuzz::accept_or_refuse([&] {
    Dataset<float> images;
    append_cifar10(images, bytes, "fuzz.bin");
    fuzz::require(images.examples * cifar10_record_bytes == std::ssize(bytes), "every record");
    fuzz::require(std::ssize(images.x) == images.examples * images.features, "every pixel");
  });
  return 0;
}
