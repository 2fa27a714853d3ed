// What it costs ranks to meet, to add up and to take a ticket: started by MPI's launcher, prints
// one line of JSON.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "host/ranks/ranks.hpp"

namespace {

using Clock = std::chrono::steady_clock;

/// Median seconds of one call, over blocks of calls of about a hundredth of a second.
double seconds(std::function<void()> const& call, int calls_per_block) {
  constexpr int blocks = 31;
  std::vector<double> times;
  for (int block = 0; block < blocks; ++block) {
    auto const start = Clock::now();
    for (int i = 0; i < calls_per_block; ++i) call();
    times.push_back(std::chrono::duration<double>(Clock::now() - start).count() / calls_per_block);
  }
  std::nth_element(times.begin(), times.begin() + blocks / 2, times.end());
  return times[blocks / 2];
}

}  // namespace

int main() {
  std::unique_ptr<brink::Ranks> const ranks = brink::join_ranks();
  double const meet = seconds([&] { ranks->meet(); }, 1000);
  double const ticket = seconds([&] { ranks->take(1); }, 1000);
  std::string sums;
  for (std::size_t const size : {1u, 1000u, 100'000u, 1'000'000u, 10'000'000u}) {
    std::vector<float> values(size);
    double const time = seconds([&] { ranks->add_up(values); },
                                static_cast<int>(std::max<std::size_t>(1, 1'000'000 / size / 10)));
    sums += fmt::format("{}[{}, {:.4g}]", sums.empty() ? "" : ", ", size, time);
  }
  if (ranks->is_first()) {
    fmt::print(
        "{{\"ranks\": {}, \"meet_s\": {:.4g}, \"ticket_s\": {:.4g}, \"float_sum_s\": [{}]}}\n",
        ranks->size(), meet, ticket, sums);
  }
  ranks->leave();
  return 0;
}
