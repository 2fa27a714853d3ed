#include "host/ranks/ranks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kernels/context.hpp"
#include "kernels/error.hpp"

namespace brink {

bool Ranks::any(bool holds) {
  std::array<std::int64_t, 1> count{holds ? 1 : 0};
  add_up(count);
  return count.front() > 0;
}

void Ranks::must_agree(std::string const& what, std::string const& text) {
  std::string const first = from_first(text);
  if (!any(text != first)) return;
  throw InputError(fmt::format(
      "{} differ between ranks, and with them rounding would: rank {} has {}; the first has {}",
      what, rank_, text, first));
}

std::string Ranks::device(std::string const& asked) const {
  if (is_alone() || (asked != "auto" && asked != "cuda")) return asked;
  std::vector<DeviceDescription> const devices = list_devices();
  auto const gpus = std::count_if(devices.begin(), devices.end(), [](DeviceDescription const& d) {
    return d.name.starts_with("cuda");
  });
  return gpus == 0 ? asked : fmt::format("cuda:{}", place_ % gpus);
}

Ranks& alone() {
  static Ranks ranks;
  return ranks;
}

}  // namespace brink
