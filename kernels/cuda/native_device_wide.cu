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

/// Calls call(room, bytes), which returns a status, first without room: then it says how many bytes
/// it needs.
template <class Call>
void with_room(Workspace& room, char const* name, Index size, Call&& call) {
  std::size_t bytes = 0;
  check(call(nullptr, bytes), name, size);
  check(call(room.get<std::byte>(static_cast<Index>(bytes)), bytes), name, size);
}

cudaStream_t native(Stream stream) {
  return static_cast<cudaStream_t>(stream.handle);
}

}  // namespace

template <class Code>
void histogram(Stream stream, Workspace& room, Vector<Code const> codes, Vector<unsigned> counts) {
  auto const bins = static_cast<int>(counts.size);
  with_room(room, "histogram", codes.size, [&](void* memory, std::size_t& bytes) {
    return cub::DeviceHistogram::HistogramEven(memory, bytes, codes.data, counts.data, bins + 1, 0,
                                               bins, static_cast<int>(codes.size), native(stream));
  });
}
template void histogram<std::uint8_t>(Stream, Workspace&, Vector<std::uint8_t const>,
                                      Vector<unsigned>);
template void histogram<std::int16_t>(Stream, Workspace&, Vector<std::int16_t const>,
                                      Vector<unsigned>);

void sum(Stream stream, Workspace& room, Vector<std::uint32_t const> values,
         unsigned long long* total) {
  with_room(room, "sum", values.size, [&](void* memory, std::size_t& bytes) {
    return cub::DeviceReduce::Sum(memory, bytes, values.data, total, static_cast<int>(values.size),
                                  native(stream));
  });
}

}  // namespace brink::cuda
