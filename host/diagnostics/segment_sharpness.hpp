#pragma once

#include "host/diagnostics/coarse_hessian.hpp"
#include "host/diagnostics/eigen.hpp"

namespace brink {

/// The sharpness along a step, λmax(∇²f(θ + τ (θ' − θ))) over all examples, whose largest value
/// bounds what a step of gradient descent can gain (Ahn et al. 2022, Corollary 1).
template <class T>
class SegmentSharpness {
 public:
  struct Values {
    std::vector<double> sharpness;  ///< at each τ
    std::vector<double> residuals;  ///< ‖Hv − λv‖ there, unit v
  };

  /// `pass` is used for each measurement; its last state is lost. `coarse` may be null. All outlive
  /// this, but for the options, whose `count` should be 1.
  SegmentSharpness(Context& context, Operations<T> const& operations, Index parameters,
                   Examples<T> const& examples, Pass<T>& pass, CoarseHessian<T>* coarse,
                   EigenOptions options);

  /// Bytes of the context's memory beside those of the pass, the solver and the coarse Hessian.
  static double bytes_needed(Index parameters) { return bytes_of<T>(4, parameters); }

  /// The step begins at θ.
  void begin(Vector<T const> theta);

  /// It ends at θ'. Each point starts from the eigenvector of the point before, the first from a
  /// random one, so that measurements do not depend on one another.
  Values end(Vector<T const> theta, std::vector<double> const& taus);

 private:
  Context* context_;
  Linalg<T> const* linalg_;
  Examples<T> examples_;
  Pass<T>* pass_;
  CoarseHessian<T>* coarse_;
  EigenOptions options_;
  Buffer<T> start_, displacement_, point_, gradient_;
};

}  // namespace brink
