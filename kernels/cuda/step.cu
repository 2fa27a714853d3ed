#include "kernels/cuda/step.hpp"

#include <algorithm>

#include "kernels/cuda/pack.hpp"
#include "kernels/cuda/reduce.hpp"

namespace brink::cuda {
namespace {

// A block goes through one stretch of the parameters, a pack of 16 bytes per thread at a time.
constexpr unsigned block_threads = 256;
constexpr int packs_per_thread = 4;

template <class T>
constexpr Index stretch = Index(block_threads) * packs_per_thread* Pack<T>::size;

/// Calls body(first, count) for each pack of the thread's that is not beyond `size`.
template <class T, class Body>
__device__ void for_packs(Index size, Body&& body) {
  for (int k = 0; k < packs_per_thread; ++k) {
    Index const pack = Index(k) * block_threads + threadIdx.x;
    Index const first = Index(blockIdx.x) * stretch<T> + pack * Pack<T>::size;
    if (first < size) body(first, size - first);
  }
}

template <class T>
__device__ void add_products(Pack<T> const& a, Pack<T> const& b, double& sum) {
  for (int i = 0; i < Pack<T>::size; ++i) {
    sum += static_cast<double>(a.at[i]) * static_cast<double>(b.at[i]);
  }
}

/// Places of a step's inner products among those that are summed together.
enum { gradient_square, previous_overlap, update_overlap, update_square, products };

/// ‖a‖² and ⟨p, b⟩ … of `observe` (b = a) and `observe_in_span`.
template <class T>
__global__ void __launch_bounds__(block_threads)
    observe_kernel(Vector<T const> a, Vector<T const> b, Vector<T const> p, bool packed,
                   StepScalars const* elsewhere, GridSums grid, StepScalars* scalars) {
  double sums[2] = {};
  for_packs<T>(a.size, [&](Index first, Index count) {
    Pack<T> const mine = load_pack(a.data + first, count, packed);
    add_products(mine, load_pack(b.data + first, count, packed), sums[gradient_square]);
    if (p.empty()) return;
    add_products(load_pack(p.data + first, count, packed), mine, sums[previous_overlap]);
  });
  if (!grid_sum(sums, grid)) return;
  if (elsewhere != nullptr) {
    sums[gradient_square] += elsewhere->gradient_square;
    sums[previous_overlap] += elsewhere->previous_overlap;
  }
  // ⟨Δ, KΔ⟩ of a positive semidefinite K; near a stationary point rounding may say otherwise.
  double const square = sums[gradient_square] < 0 ? 0 : sums[gradient_square];
  *scalars = {square, sums[previous_overlap], 0, 0, 0};
}

/// What an update does with the vectors it is given.
enum class Kind {
  gradient,  ///< u = g
  momentum,  ///< m ← β m + c g, u = m or c g + β m
  given      ///< u is there already
};

template <class T>
struct UpdateVectors {
  T* theta;
  T const* gradient;
  T const* previous;  ///< or null
  T* momentum;
  T* update;
  Index size;
};

struct Scale {
  double scale;  ///< s
  double chain;  ///< 1/(2√f) on √f, else 1
};

__device__ inline Scale scale_of(UpdateRule const& rule, double const* loss, Kind kind,
                                 StepScalars const* observed) {
  double const chain = rule.on_square_root ? slope_of_root(*loss) : 1.0;
  if (rule.method == Method::normalized_gd) {
    double const norm = sqrt(observed->gradient_square);
    return {norm > 0 ? rule.learning_rate / norm : 0.0, chain};
  }
  return {kind == Kind::gradient ? rule.learning_rate * chain : rule.learning_rate, chain};
}

/// The update of one pack; adds to the step's inner products.
template <Kind kind, class T>
__device__ void update_pack(UpdateVectors<T> const& v, Index first, Index count, bool packed,
                            UpdateRule const& rule, Scale const& scale, double (&sums)[products]) {
  Pack<T> const g = load_pack(v.gradient + first, count, packed);
  add_products(g, g, sums[gradient_square]);
  // The overlap with the previous update comes first: the new one may be written over it.
  if (v.previous != nullptr) {
    add_products(load_pack(v.previous + first, count, packed), g, sums[previous_overlap]);
  }
  Pack<T> u = g;
  if constexpr (kind == Kind::momentum) {
    T const beta = static_cast<T>(rule.momentum);
    T const c = static_cast<T>(scale.chain);
    Pack<T> m = load_pack(v.momentum + first, count, packed);
    for (int i = 0; i < Pack<T>::size; ++i) {
      m.at[i] = beta * m.at[i] + c * g.at[i];
      u.at[i] = rule.method == Method::nesterov ? c * g.at[i] + beta * m.at[i] : m.at[i];
    }
    store_pack(v.momentum + first, m, count, packed);
    store_pack(v.update + first, u, count, packed);
  } else if constexpr (kind == Kind::given) {
    u = load_pack(v.update + first, count, packed);
  }
  if constexpr (kind != Kind::gradient) {
    add_products(u, g, sums[update_overlap]);
    add_products(u, u, sums[update_square]);
  }
  T const s = static_cast<T>(scale.scale);
  Pack<T> x = load_pack(v.theta + first, count, packed);
  for (int i = 0; i < Pack<T>::size; ++i) x.at[i] -= s * u.at[i];
  store_pack(v.theta + first, x, count, packed);
}

template <Kind kind, class T>
__global__ void __launch_bounds__(block_threads)
    update_kernel(UpdateRule rule, double const* loss, UpdateVectors<T> vectors, bool packed,
                  StepScalars const* elsewhere, GridSums grid, StepScalars* scalars) {
  Scale const scale = scale_of(rule, loss, kind, scalars);
  double sums[products] = {};
  for_packs<T>(vectors.size, [&](Index first, Index count) {
    update_pack<kind>(vectors, first, count, packed, rule, scale, sums);
  });
  if (!grid_sum(sums, grid)) return;
  if constexpr (kind == Kind::gradient) {
    sums[update_overlap] = sums[update_square] = sums[gradient_square];
  }
  if (elsewhere != nullptr) {  // where the update is the gradient
    sums[gradient_square] += elsewhere->gradient_square;
    sums[previous_overlap] += elsewhere->previous_overlap;
    sums[update_overlap] += elsewhere->gradient_square;
    sums[update_square] += elsewhere->gradient_square;
  }
  *scalars = {sums[gradient_square], sums[previous_overlap], sums[update_overlap],
              sums[update_square], scale.scale};
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    update_in_span_kernel(StepScalars const* scalars, Vector<T const> delta, T const* image,
                          T* coefficients, T* preactivation, bool packed) {
  T const s = static_cast<T>(scalars->scale);
  auto const move = [&](T* to, T const* along, Index count) {
    Pack<T> moved = load_pack(to, count, packed);
    Pack<T> const step = load_pack(along, count, packed);
    for (int i = 0; i < Pack<T>::size; ++i) moved.at[i] -= s * step.at[i];
    store_pack(to, moved, count, packed);
  };
  for_packs<T>(delta.size, [&](Index first, Index count) {
    move(coefficients + first, delta.data + first, count);
    move(preactivation + first, image + first, count);
  });
}

__global__ void append_kernel(LossSums const* sums, StepScalars const* scalars, StepLog log) {
  log.rows.data[(*log.count)++] = {*sums, *scalars};
}

/// One at least: all parameters may be kept elsewhere.
template <class T>
unsigned blocks_of(Index size) {
  return std::max(1u, blocks_for(size, stretch<T>));
}

template <class T>
LaunchShape stretches(char const* kernel, Index size) {
  return {kernel, {blocks_of<T>(size)}, {block_threads}};
}

}  // namespace

template <class T>
void CudaStep<T>::observe(Vector<T const> gradient, Vector<T const> previous,
                          StepScalars const* elsewhere, StepScalars* scalars) const {
  LaunchShape const shape = stretches<T>("observe", gradient.size);
  launch(context_.stream(), shape, observe_kernel<T>, gradient, gradient, previous,
         takes_packs(gradient.data, previous.data), elsewhere,
         sums_.get(context_, 1, shape.grid.x, 2), scalars);
}

template <class T>
void CudaStep<T>::append(LossSums const* sums, StepScalars const* scalars, StepLog log) const {
  launch(context_.stream(), {"append", {1}, {1}}, append_kernel, sums, scalars, log);
}

template <class T>
void CudaStep<T>::observe_in_span(Vector<T const> delta, Vector<T const> image,
                                  Vector<T const> previous_image, StepScalars* scalars) const {
  LaunchShape const shape = stretches<T>("observe_in_span", delta.size);
  launch(context_.stream(), shape, observe_kernel<T>, delta, image, previous_image,
         takes_packs(delta.data, image.data, previous_image.data), nullptr,
         sums_.get(context_, 1, shape.grid.x, 2), scalars);
}

template <class T>
void CudaStep<T>::update_in_span(StepScalars const* scalars, Vector<T const> delta,
                                 Vector<T const> image, Vector<T> coefficients,
                                 Vector<T> preactivation) const {
  launch(context_.stream(), stretches<T>("update_in_span", delta.size), update_in_span_kernel<T>,
         scalars, delta, image.data, coefficients.data, preactivation.data,
         takes_packs(delta.data, image.data, coefficients.data, preactivation.data));
}

template <class T>
void CudaStep<T>::update(UpdateRule const& rule, double const* loss, Vector<T> theta,
                         Vector<T const> gradient, Vector<T const> previous, Vector<T> momentum,
                         Vector<T> update, StepScalars const* elsewhere,
                         StepScalars* scalars) const {
  if (rule.method == Method::normalized_gd) observe(gradient, {}, elsewhere, scalars);
  UpdateVectors<T> const vectors{theta.data,    gradient.data, previous.data,
                                 momentum.data, update.data,   theta.size};
  bool const packed =
      takes_packs(theta.data, gradient.data, previous.data, momentum.data, update.data);
  LaunchShape const shape = stretches<T>("update", theta.size);
  GridSums const grid = sums_.get(context_, 1, shape.grid.x, products);
  auto const with = [&](auto kernel) {
    launch(context_.stream(), shape, kernel, rule, loss, vectors, packed, elsewhere, grid, scalars);
  };
  if (update.empty()) {
    with(update_kernel<Kind::gradient, T>);
  } else if (!momentum.empty()) {
    with(update_kernel<Kind::momentum, T>);
  } else {
    with(update_kernel<Kind::given, T>);
  }
}

template <class T>
double CudaStep<T>::workspace_bytes(Index size) const {
  return SumsWorkspace::bytes(1, blocks_of<T>(size), products);
}

template class CudaStep<float>;
template class CudaStep<double>;

}  // namespace brink::cuda
