#pragma once

#include "kernels/cuda/context.hpp"
#include "kernels/linalg.hpp"

namespace brink::cuda {

template <class T>
class CudaLinalg final : public Linalg<T> {
 public:
  explicit CudaLinalg(CudaContext const& context) : context_(context) {}

  std::vector<double> inner_products(Matrix<T const> a, Matrix<T const> b) const override;
  void combine(std::vector<double> const& coefficients, Matrix<T const> a, Matrix<T> out,
               bool accumulate) const override;
  void multiply(Transpose transpose_a, Matrix<T const> a, Transpose transpose_b, Matrix<T const> b,
                Matrix<T> out, bool accumulate) const override;
  void axpy(double a, Vector<T const> x, Vector<T> y) const override;
  void gather_rows(Matrix<T const> x, std::vector<Index> const& indices,
                   Matrix<T> out) const override;
  void gather(Vector<std::int32_t const> x, std::vector<Index> const& indices,
              Vector<std::int32_t> out) const override;
  double workspace_bytes(LinalgShape const& shape) const override;

 private:
  /// The indices in the device's memory, until it is asked for more.
  Index const* uploaded(std::vector<Index> const& indices) const;

  CudaContext const& context_;
  mutable Workspace memory_;
};

}  // namespace brink::cuda
