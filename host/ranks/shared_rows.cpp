#include "host/ranks/shared_rows.hpp"

#include <fmt/format.h>

#include <vector>

#include "kernels/error.hpp"

namespace brink {
namespace {

/// `factor` on this rank's part.
template <class T>
void add_up_through_hosts(Ranks& ranks, Context& context, Matrix<T> values, double factor) {
  std::vector<T> host(static_cast<std::size_t>(values.rows * values.cols));
  auto const for_each_row = [&](auto const& copy) {
    std::size_t const bytes = static_cast<std::size_t>(values.cols) * sizeof(T);
    for (Index r = 0; r < values.rows; ++r) {
      copy(host.data() + r * values.cols, values.row(r), bytes);
    }
  };
  for_each_row([&](T* here, T* there, std::size_t n) { context.download(here, there, n); });
  for (T& value : host) value = static_cast<T>(factor * static_cast<double>(value));
  ranks.add_up(std::span<T>(host));
  for_each_row([&](T* here, T* there, std::size_t n) { context.upload(there, here, n); });
}

}  // namespace

SharedRows::SharedRows(Ranks& ranks, Index rows, Collective* collective)
    : collective_(collective), total_(rows), count_(rows) {
  if (ranks.is_alone()) return;
  ranks_ = &ranks;
  first_ = rows * ranks.rank() / ranks.size();
  count_ = rows * (ranks.rank() + 1) / ranks.size() - first_;
  if (rows < ranks.size()) {
    throw InputError(fmt::format("{} ranks share {} examples: start fewer", ranks.size(), rows));
  }
}

template <class T>
void SharedRows::add_up_scaled(Context& context, Matrix<T> values, double factor) const {
  if (is_all()) return;
  if (collective_ != nullptr) {
    collective_->add_up(values, factor);
  } else {
    add_up_through_hosts(*ranks_, context, values, factor);
  }
}

template <class T>
void SharedRows::average(Context& context, Matrix<T> means) const {
  add_up_scaled(context, means, weight());
}

template <class T>
void SharedRows::add_up(Context& context, Matrix<T> sums) const {
  add_up_scaled(context, sums, 1);
}

void SharedRows::add_up(std::span<double> sums) const {
  if (!is_all()) ranks_->add_up(sums);
}

template void SharedRows::average<float>(Context&, Matrix<float>) const;
template void SharedRows::average<double>(Context&, Matrix<double>) const;
template void SharedRows::add_up<float>(Context&, Matrix<float>) const;
template void SharedRows::add_up<double>(Context&, Matrix<double>) const;

}  // namespace brink
