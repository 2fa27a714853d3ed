#include "kernels/cpu/blas.hpp"

// OpenBLAS's own controls; other implementations do not have them.
extern "C" {
void openblas_set_num_threads(int threads) __attribute__((weak));
char* openblas_get_config() __attribute__((weak));
}

namespace brink::cpu {

std::string const& blas_description() {
  // OpenBLAS writes it into one place, at each call.
  static std::string const text = openblas_get_config != nullptr ? openblas_get_config() : "BLAS";
  return text;
}

void use_sequential_blas() {
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
}

}  // namespace brink::cpu
