#pragma once

#include "kernels/cpu/context.hpp"
#include "kernels/linalg.hpp"

namespace brink::cpu {

template <class T>
class CpuLinalg final : public Linalg<T> {
 public:
  explicit CpuLinalg(CpuContext const& context) : context_(context) {}

  std::vector<double> inner_products(Matrix<T const> a, Matrix<T const> b) const override;
  void combine(std::vector<double> const& coefficients, Matrix<T const> a, Matrix<T> out,
               bool accumulate) const override;
  void multiply(Transpose transpose_a, Matrix<T const> a, Transpose transpose_b, Matrix<T const> b,
                Matrix<T> out, bool accumulate) const override;
  void axpy(double a, Vector<T const> x, Vector<T> y) const override;
  double symmetrize(Matrix<T> a) const override;
  std::vector<double> symmetric_eigenvalues(Matrix<T> a) const override;
  void gather_rows(Matrix<T const> x, std::vector<Index> const& indices,
                   Matrix<T> out) const override;
  void gather(Vector<std::int32_t const> x, std::vector<Index> const& indices,
              Vector<std::int32_t> out) const override;

 private:
  CpuContext const& context_;
};

}  // namespace brink::cpu
