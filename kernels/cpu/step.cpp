#include "kernels/cpu/step.hpp"

#include <cmath>
#include <vector>

namespace brink::cpu {
namespace {

/// Inner products over one stretch of the parameters.
struct Sums {
  double gradient_square = 0;
  double previous_overlap = 0;
  double update_overlap = 0;
  double update_square = 0;
};

constexpr Index stretch_length = 4096;

Index stretches_over(Index size) {
  return (size + stretch_length - 1) / stretch_length;
}

/// Adds up stretch(first, count) over fixed stretches of the parameters, in their order, so that
/// the sums do not depend on the number of threads.
template <class Stretch>
Sums sum_stretches(int threads, Index size, Stretch&& stretch) {
  Index const stretches = stretches_over(size);
  std::vector<Sums> partial(static_cast<std::size_t>(stretches));
  for_shares(threads, stretches, 1, [&](Range mine) {
    for (Index s = mine.first; s < mine.first + mine.count; ++s) {
      partial[s] = stretch(s * stretch_length, std::min(stretch_length, size - s * stretch_length));
    }
  });
  Sums total;
  for (Sums const& part : partial) {
    total.gradient_square += part.gradient_square;
    total.previous_overlap += part.previous_overlap;
    total.update_overlap += part.update_overlap;
    total.update_square += part.update_square;
  }
  return total;
}

template <class T>
double dot(T const* a, T const* b, Index count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

template <class T>
Sums gradient_sums(Vector<T const> gradient, Vector<T const> previous, Index first, Index count) {
  T const* const g = gradient.data + first;
  Sums sums;
  sums.gradient_square = dot(g, g, count);
  if (!previous.empty()) sums.previous_overlap = dot(previous.data + first, g, count);
  return sums;
}

}  // namespace

template <class T>
void CpuStep<T>::observe(Vector<T const> gradient, Vector<T const> previous,
                         StepScalars const* elsewhere, StepScalars* scalars) const {
  Sums const sums = sum_stretches(context_.threads(), gradient.size, [&](Index first, Index count) {
    return gradient_sums(gradient, previous, first, count);
  });
  *scalars = {sums.gradient_square, sums.previous_overlap, 0, 0, 0};
  if (elsewhere != nullptr) {
    scalars->gradient_square += elsewhere->gradient_square;
    scalars->previous_overlap += elsewhere->previous_overlap;
  }
}

template <class T>
void CpuStep<T>::append(LossSums const* sums, StepScalars const* scalars, StepLog log) const {
  log.rows.data[(*log.count)++] = {*sums, *scalars};
}

template <class T>
void CpuStep<T>::observe_in_span(Vector<T const> delta, Vector<T const> image,
                                 Vector<T const> previous_image, StepScalars* scalars) const {
  Sums const sums = sum_stretches(context_.threads(), delta.size, [&](Index first, Index count) {
    T const* const d = delta.data + first;
    Sums part;
    part.gradient_square = dot(d, image.data + first, count);
    if (!previous_image.empty()) {
      part.previous_overlap = dot(previous_image.data + first, d, count);
    }
    return part;
  });
  // K is positive semidefinite, but near a stationary point rounding may say otherwise.
  double const square = sums.gradient_square < 0 ? 0 : sums.gradient_square;
  *scalars = {square, sums.previous_overlap, 0, 0, 0};
}

template <class T>
void CpuStep<T>::update_in_span(StepScalars const* scalars, Vector<T const> delta,
                                Vector<T const> image, Vector<T> coefficients,
                                Vector<T> preactivation) const {
  T const s = static_cast<T>(scalars->scale);
  for_shares(context_.threads(), delta.size, 16, [&](Range mine) {
    for (Index i = mine.first; i < mine.first + mine.count; ++i) {
      coefficients.data[i] -= s * delta.data[i];
      preactivation.data[i] -= s * image.data[i];
    }
  });
}

template <class T>
void CpuStep<T>::update(UpdateRule const& rule, double const* loss, Vector<T> theta,
                        Vector<T const> gradient, Vector<T const> previous, Vector<T> momentum,
                        Vector<T> update, StepScalars const* elsewhere,
                        StepScalars* scalars) const {
  double scale = rule.learning_rate;
  double const chain = rule.on_square_root ? slope_of_root(*loss) : 1.0;
  bool const update_is_gradient = update.empty();
  if (rule.method == Method::normalized_gd) {
    observe(gradient, {}, elsewhere, scalars);
    double const norm = std::sqrt(scalars->gradient_square);
    scale = norm > 0 ? scale / norm : 0;
  } else if (update_is_gradient) {
    scale *= chain;
  }
  T const s = static_cast<T>(scale);
  T const beta = static_cast<T>(rule.momentum);
  T const c = static_cast<T>(chain);
  bool const nesterov = rule.method == Method::nesterov;

  Sums sums = sum_stretches(context_.threads(), theta.size, [&](Index first, Index count) {
    // The overlap with the previous update comes first: the new one may be written over it.
    Sums part = gradient_sums(gradient, previous, first, count);
    T const* const g = gradient.data + first;
    T* const x = theta.data + first;
    if (update_is_gradient) {
      part.update_overlap = part.update_square = part.gradient_square;
      for (Index i = 0; i < count; ++i) x[i] -= s * g[i];
      return part;
    }
    T* const u = update.data + first;
    if (!momentum.empty()) {
      T* const m = momentum.data + first;
      for (Index i = 0; i < count; ++i) {
        m[i] = beta * m[i] + c * g[i];
        u[i] = nesterov ? c * g[i] + beta * m[i] : m[i];
      }
    }
    for (Index i = 0; i < count; ++i) x[i] -= s * u[i];
    part.update_overlap = dot(u, g, count);
    part.update_square = dot(u, u, count);
    return part;
  });
  if (elsewhere != nullptr) {  // where the update is the gradient
    sums.gradient_square += elsewhere->gradient_square;
    sums.previous_overlap += elsewhere->previous_overlap;
    sums.update_overlap += elsewhere->gradient_square;
    sums.update_square += elsewhere->gradient_square;
  }
  *scalars = {sums.gradient_square, sums.previous_overlap, sums.update_overlap, sums.update_square,
              scale};
}

template <class T>
double CpuStep<T>::workspace_bytes(Index size) const {
  return bytes_of<Sums>(stretches_over(size));
}

template class CpuStep<float>;
template class CpuStep<double>;

}  // namespace brink::cpu
