#pragma once

#include "kernels/collective.hpp"
#include "kernels/cuda/context.hpp"

namespace brink::cuda {

/// Each process adds up one slice of all elements and gives the sums to all. Larger matrices go in
/// pieces, so that the working memory is the same for all of them; it is there from the start.
class CudaCollective final : public Collective {
 public:
  CudaCollective(CudaContext const& context, std::string const& meeting, int rank, int size);
  ~CudaCollective() override;
  CudaCollective(CudaCollective const&) = delete;
  CudaCollective& operator=(CudaCollective const&) = delete;

  void add_up(Matrix<float> values, double factor) override { add_up_any(values, factor); }
  void add_up(Matrix<double> values, double factor) override { add_up_any(values, factor); }

 private:
  template <class T>
  void add_up_any(Matrix<T> values, double factor);
  template <class T>
  void add_up_piece(Matrix<T> values, Index first, Index count, double factor);

  CudaContext const& context_;
  int rank_;
  int size_;
  Workspace slices_;    ///< one for each process; sums in the end
  Workspace received_;  ///< this process's slice, of each process
  Communicator communicator_;
};

}  // namespace brink::cuda
