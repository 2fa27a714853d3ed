// device_wide.hpp on CUB.
#include <cub/device/device_histogram.cuh>
#include <cub/device/device_reduce.cuh>
#include <string>

#include "kernels/cuda/device_wide.hpp"
#include "kernels/error.hpp"

namespace brink::cuda {
namespace {

void check(cudaError_t status, char const* call, Index size) {
  if (status == cudaSuccess) return;
  throw MachineError("CUB: " + std::string(call) + " of " + std::to_string(size) + " elements: " +
                     cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")");
}

/// Without room a call says how many bytes it needs.
template <class Call>
std::size_t bytes_for(char const* name, Index size, Call&& call) {
  std::size_t bytes = 0;
  check(call(nullptr, bytes), name, size);
  return bytes;
}

template <class Call>
void with_room(Workspace& room, char const* name, Index size, Call&& call) {
  std::size_t bytes = bytes_for(name, size, call);
  check(call(room.get<std::byte>(static_cast<Index>(bytes)), bytes), name, size);
}

cudaStream_t native(Stream stream) {
  return static_cast<cudaStream_t>(stream.handle);
}

template <class Code>
auto histogram_call(cudaStream_t stream, Vector<Code const> codes, Vector<unsigned> counts) {
  return [=](void* memory, std::size_t& bytes) {
    auto const bins = static_cast<int>(counts.size);
    return cub::DeviceHistogram::HistogramEven(memory, bytes, codes.data, counts.data, bins + 1, 0,
                                               bins, static_cast<int>(codes.size), stream);
  };
}

auto sum_call(cudaStream_t stream, Vector<std::uint32_t const> values, unsigned long long* total) {
  return [=](void* memory, std::size_t& bytes) {
    return cub::DeviceReduce::Sum(memory, bytes, values.data, total, static_cast<int>(values.size),
                                  stream);
  };
}

}  // namespace

template <class Code>
void histogram(Stream stream, Workspace& room, Vector<Code const> codes, Vector<unsigned> counts) {
  with_room(room, "histogram", codes.size, histogram_call(native(stream), codes, counts));
}
template <class Code>
std::size_t histogram_bytes(Index codes, Index bins) {
  return bytes_for("histogram", codes, histogram_call<Code>({}, {nullptr, codes}, {nullptr, bins}));
}
template void histogram<std::uint8_t>(Stream, Workspace&, Vector<std::uint8_t const>,
                                      Vector<unsigned>);
template void histogram<std::int16_t>(Stream, Workspace&, Vector<std::int16_t const>,
                                      Vector<unsigned>);
template std::size_t histogram_bytes<std::uint8_t>(Index, Index);
template std::size_t histogram_bytes<std::int16_t>(Index, Index);

void sum(Stream stream, Workspace& room, Vector<std::uint32_t const> values,
         unsigned long long* total) {
  with_room(room, "sum", values.size, sum_call(native(stream), values, total));
}
std::size_t sum_bytes(Index values) {
  return bytes_for("sum", values, sum_call({}, {nullptr, values}, nullptr));
}

}  // namespace brink::cuda
