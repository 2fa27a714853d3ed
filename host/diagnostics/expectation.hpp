#pragma once

#include "host/dynamics/batch_buffer.hpp"
#include "host/dynamics/minibatch.hpp"

namespace brink {

/// A mean over draws and its standard error (NaN for fewer than two draws).
struct Estimate {
  double mean;
  double error;
};
Estimate estimate(std::vector<double> const& samples);

/// What SGD is expected to do from θ (Ahn et al., Definition 3 and (5.1)).
struct ExpectedProgress {
  double loss;           ///< f(θ) over all examples
  double correct;        ///< examples
  double gradient_norm;  ///< ‖∇f(θ)‖
  Estimate progress;     ///< (E f(θ − ηg̃) − f(θ)) / (η ‖∇f(θ)‖²)
  Estimate smoothness;  ///< E[‖g̃‖² L(θ; ηg̃)] / ‖∇f(θ)‖², so that progress ≈ −1 + η/2 · smoothness
};

template <class T>
class ExpectationProbe {
 public:
  ExpectationProbe(Context& context, Operations<T> const& operations, Model const& model,
                   Examples<T> const& all, Minibatches batches);

  /// Bytes of the context's memory.
  static double bytes_needed(Network const& network, DataShape const& all, Index batch_size);

  /// `draws` gradients over all examples, two at least for an error.
  ExpectedProgress measure(Vector<T const> theta, double learning_rate, Index step, Index draws);

 private:
  double inner(Vector<T const> a, Vector<T const> b) const;

  Operations<T> const* operations_;
  Examples<T> all_;
  Minibatches batches_;
  BatchBuffer<T> batch_;
  Pass<T> full_pass_, batch_pass_;
  Buffer<T> gradient_, batch_gradient_, moved_, moved_gradient_;
};

}  // namespace brink
