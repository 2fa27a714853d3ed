#include "kernels/cpu/simd.hpp"

namespace brink::cpu {

#ifdef __x86_64__
extern InstructionSet const simd_avx512;
extern InstructionSet const simd_avx2;
#endif
extern InstructionSet const simd_baseline;

InstructionSet const& instruction_set() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512cd")) {
    return simd_avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return simd_avx2;
#endif
  return simd_baseline;
}

}  // namespace brink::cpu
