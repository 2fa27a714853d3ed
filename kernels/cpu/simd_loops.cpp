// Compiled once per instruction set, with its flags (which xsimd reads) and its names,
// BRINK_SIMD_…, set by the build. Nothing here may call an inline function of another header that
// is not a template of the architecture: the linker keeps one copy of those, and it might be one
// that an older processor cannot run.
#include <xsimd/xsimd.hpp>

#include "kernels/cpu/simd.hpp"

namespace brink::cpu {
namespace {

template <class T, class Formula>
void activate_with(Index count, T const* z, T* value, T* slope, T* curvature) {
  using Batch = xsimd::batch<T>;
  constexpr Index lanes = static_cast<Index>(Batch::size);
  auto const store = [&](Index i, T const* from, T* v, T* s, T* c) {
    auto const jet = Formula::at(Batch::load_unaligned(from + i));
    jet.value.store_unaligned(v + i);
    if (s != nullptr) jet.slope.store_unaligned(s + i);
    if (c != nullptr) jet.curvature.store_unaligned(c + i);
  };
  Index i = 0;
  for (; i + lanes <= count; i += lanes) store(i, z, value, slope, curvature);
  if (i == count) return;
  // The ragged end goes through the same lanes, so that a value does not depend on its place.
  T in[lanes] = {}, v[lanes], s[lanes], c[lanes];
  for (Index j = i; j < count; ++j) in[j - i] = z[j];
  store(0, in, v, s, c);
  for (Index j = i; j < count; ++j) {
    value[j] = v[j - i];
    if (slope != nullptr) slope[j] = s[j - i];
    if (curvature != nullptr) curvature[j] = c[j - i];
  }
}

template <class T>
void activate(Activation activation, Index count, T const* z, T* value, T* slope, T* curvature) {
  switch (activation) {
    case Activation::tanh:
      return activate_with<T, activation::Tanh>(count, z, value, slope, curvature);
    case Activation::relu:
      return activate_with<T, activation::Relu>(count, z, value, slope, curvature);
    case Activation::gelu:
      return activate_with<T, activation::Gelu>(count, z, value, slope, curvature);
    case Activation::elu:
      return activate_with<T, activation::Elu>(count, z, value, slope, curvature);
    case Activation::softplus:
      return activate_with<T, activation::Softplus>(count, z, value, slope, curvature);
    case Activation::hardtanh:
      return activate_with<T, activation::Hardtanh>(count, z, value, slope, curvature);
    case Activation::identity:
      return activate_with<T, activation::Identity>(count, z, value, slope, curvature);
  }
}

}  // namespace

template <class T>
void BRINK_SIMD_SCAN(BasinTask<T> const& task);  // basin_lanes.cpp

extern InstructionSet const BRINK_SIMD_TABLE;
InstructionSet const BRINK_SIMD_TABLE{BRINK_SIMD_NAME,
                                      {activate<float>, BRINK_SIMD_SCAN<float>},
                                      {activate<double>, BRINK_SIMD_SCAN<double>}};

}  // namespace brink::cpu
