#include <algorithm>
#include <string_view>

#include "host/data/data_spec.hpp"
#include "tests/fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace brink;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  // The message repeats what the user typed.
  if (std::ranges::find(text, '\n') != text.end()) {
    return 0;
  }
  fuzz::accept_or_refuse([&] {
    DataSpec const spec = parse_data_spec(text);
    if (spec.kind == DataKind::synthetic) {
      check_synthetic(spec.synthetic);
    } else {
      fuzz::require(std::ranges::none_of(spec.paths, &std::filesystem::path::empty),
                    "no path is empty");
    }
  });
  return 0;
}
