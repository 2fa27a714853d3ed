#include "kernels/cpu/simd.hpp"

namespace brink::cpu {

#ifdef __x86_64__
extern InstructionSet const simd_avx512;
extern InstructionSet const simd_avx2;
#endif
extern InstructionSet const simd_baseline;

std::vector<InstructionSet const*> runnable_instruction_sets() {
  std::vector<InstructionSet const*> sets{&simd_baseline};
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&simd_avx2);
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512cd")) {
    sets.push_back(&simd_avx512);
  }
#endif
  return sets;
}

InstructionSet const& instruction_set() {
  static InstructionSet const& widest = *runnable_instruction_sets().back();
  return widest;
}

}  // namespace brink::cpu
