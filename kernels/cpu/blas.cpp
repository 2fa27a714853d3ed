#include "kernels/cpu/blas.hpp"

// OpenBLAS's own controls; other implementations do not have them.
extern "C" {
void openblas_set_num_threads(int threads) __attribute__((weak));
char* openblas_get_config() __attribute__((weak));
}

namespace brink::cpu {

char const* blas_description() {
  return openblas_get_config != nullptr ? openblas_get_config() : "BLAS";
}

void use_sequential_blas() {
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
}

}  // namespace brink::cpu
