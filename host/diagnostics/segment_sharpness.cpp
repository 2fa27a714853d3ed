#include "host/diagnostics/segment_sharpness.hpp"

namespace brink {

template <class T>
SegmentSharpness<T>::SegmentSharpness(Context& context, Operations<T> const& operations,
                                      Index parameters, Examples<T> const& examples, Pass<T>& pass,
                                      CoarseHessian<T>* coarse, EigenOptions options)
    : context_(&context),
      linalg_(operations.linalg.get()),
      examples_(examples),
      pass_(&pass),
      coarse_(coarse),
      options_(options) {
  for (auto* buffer : {&start_, &displacement_, &point_, &gradient_}) {
    *buffer = Buffer<T>(context, parameters);
  }
}

template <class T>
void SegmentSharpness<T>::begin(Vector<T const> theta) {
  start_.copy_from(theta);
}

template <class T>
typename SegmentSharpness<T>::Values SegmentSharpness<T>::end(Vector<T const> theta,
                                                              std::vector<double> const& taus) {
  displacement_.copy_from(theta);
  linalg_->axpy(-1, start_.view(), displacement_.view());
  EigenSolver<T> solver(*context_, *linalg_, start_.size(), options_);
  Values values;
  for (double const tau : taus) {
    point_.copy_from(start_.view());
    linalg_->axpy(tau, displacement_.view(), point_.view());
    pass_->gradient(point_.view(), examples_, gradient_.view(), Pass<T>::Curvature::keep);
    if (coarse_ != nullptr) coarse_->at(*pass_);
    Eigenpairs const pairs = solver.solve(
        [this](Matrix<T const> v, Matrix<T> hv) { pass_->hessian_products(v, hv); }, coarse_);
    values.sharpness.push_back(pairs.values.front());
    values.residuals.push_back(pairs.residuals.front());
  }
  return values;
}

template class SegmentSharpness<float>;
template class SegmentSharpness<double>;

}  // namespace brink
