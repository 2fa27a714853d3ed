#include "kernels/cuda/device_wide.hpp"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "tests/support/emulated/runtime.hpp"

namespace brink::cuda {
namespace {

template <class T>
void check_array(char const* user, Vector<T> array) {
  emulated::check_device_memory(user, array.data, static_cast<std::size_t>(array.size) * sizeof(T));
}

}  // namespace

template <class Code>
void histogram(Stream stream, Workspace&, Vector<Code const> codes, Vector<unsigned> counts) {
  auto const check = [=] {
    check_array("a histogram", codes);
    check_array("a histogram", counts);
  };
  auto const run = [=] {
    std::fill_n(counts.data, counts.size, 0u);
    for (Index i = 0; i < codes.size; ++i) {
      Index const code = codes.data[i];
      if (code >= 0 && code < counts.size) ++counts.data[code];
    }
  };
  emulated::queue(stream, "histogram", {check, run});
}
template <class Code>
std::size_t histogram_bytes(Index, Index) {
  return 0;
}
template std::size_t histogram_bytes<std::uint8_t>(Index, Index);
template std::size_t histogram_bytes<std::int16_t>(Index, Index);
template void histogram<std::uint8_t>(Stream, Workspace&, Vector<std::uint8_t const>,
                                      Vector<unsigned>);
template void histogram<std::int16_t>(Stream, Workspace&, Vector<std::int16_t const>,
                                      Vector<unsigned>);

void sum(Stream stream, Workspace&, Vector<std::uint32_t const> values, unsigned long long* total) {
  auto const check = [=] {
    check_array("a sum", values);
    check_array("a sum", Vector<unsigned long long>{total, 1});
  };
  auto const run = [=] { *total = std::accumulate(values.data, values.data + values.size, 0ull); };
  emulated::queue(stream, "sum", {check, run});
}

std::size_t sum_bytes(Index) {
  return 0;
}

}  // namespace brink::cuda
