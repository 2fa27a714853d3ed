#pragma once

#include "kernels/cuda/context.hpp"
#include "kernels/cuda/solver.hpp"
#include "kernels/cuda/warpgroup_plan.hpp"
#include "kernels/linalg.hpp"

namespace brink::cuda {

template <class T>
class CudaLinalg final : public Linalg<T> {
 public:
  explicit CudaLinalg(CudaContext& context) : context_(context) {}
  ~CudaLinalg() override;

  std::vector<double> inner_products(Matrix<T const> a, Matrix<T const> b) const override;
  void combine(std::vector<double> const& coefficients, Matrix<T const> a, Matrix<T> out,
               bool accumulate) const override;
  void multiply(Transpose transpose_a, Matrix<T const> a, Transpose transpose_b, Matrix<T const> b,
                Matrix<T> out, bool accumulate) const override;
  void apply(Matrix<T const> a, Matrix<T const> b, Matrix<T> out) const override;
  double apply_bytes(Index rows, Index cols, Index inner) const override;
  void axpy(double a, Vector<T const> x, Vector<T> y) const override;
  double symmetrize(Matrix<T> a) const override;
  std::vector<double> symmetric_eigenvalues(Matrix<T> a) const override;
  void gather_rows(Matrix<T const> x, std::vector<Index> const& indices,
                   Matrix<T> out) const override;
  void gather(Vector<std::int32_t const> x, std::vector<Index> const& indices,
              Vector<std::int32_t> out) const override;
  double workspace_bytes(LinalgShape const& shape) const override;

 private:
  /// Made when it is first needed.
  Solver solver() const;
  /// The indices in the device's memory, until it is asked for more.
  Index const* uploaded(std::vector<Index> const& indices) const;

  CudaContext& context_;
  mutable Workspace memory_;
  mutable SumsWorkspace sums_;
  mutable WarpgroupWorkspace warpgroups_;
  mutable Solver solver_;  ///< none before it is needed
};

}  // namespace brink::cuda
