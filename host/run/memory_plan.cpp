#include "host/run/memory_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "kernels/error.hpp"

namespace brink {

void MemoryPlan::add(std::string name, double bytes, std::string remedy) {
  if (bytes <= 0) return;
  MemoryPart part{std::move(name), bytes, std::move(remedy)};
  auto const place = std::find_if(parts_.begin(), parts_.end(), [&](MemoryPart const& other) {
    return other.bytes < part.bytes;
  });
  parts_.insert(place, std::move(part));
}

double MemoryPlan::bytes() const {
  double sum = 0;
  for (MemoryPart const& part : parts_) sum += part.bytes;
  return sum;
}

std::vector<MemoryPart> MemoryPlan::largest() const {
  constexpr Index shown = 3;
  return {parts_.begin(), parts_.begin() + std::min(shown, std::ssize(parts_))};
}

std::string MemoryPlan::text() const {
  std::vector<std::string> shown;
  for (MemoryPart const& part : largest()) {
    shown.push_back(fmt::format("{} {}", part.name, bytes_text(part.bytes)));
  }
  bool const more = shown.size() < parts_.size();
  return fmt::format("{} on {} ({}{})", bytes_text(bytes()), device_, fmt::join(shown, ", "),
                     more ? ", …" : "");
}

void MemoryPlan::check(MemoryState memory) const {
  if (bytes() <= static_cast<double>(memory.available)) return;
  std::vector<std::string> helps = remedies_;
  for (MemoryPart const& part : largest()) {
    bool const named = std::find(helps.begin(), helps.end(), part.remedy) != helps.end();
    if (!part.remedy.empty() && !named) helps.push_back(part.remedy);
  }
  throw MachineError(
      fmt::format("not enough memory: this needs up to {}, and {} of {} are available{}{}", text(),
                  bytes_text(static_cast<double>(memory.available)),
                  bytes_text(static_cast<double>(memory.total)),
                  helps.empty() ? "" : "; what would help: ", fmt::join(helps, ", ")));
}

std::string bytes_text(double bytes) {
  constexpr char const* units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{:.0f} bytes", bytes);
  std::size_t unit = 0;
  double shown = bytes / 1024;
  for (; shown >= 1024 && unit + 1 < std::size(units); ++unit) shown /= 1024;
  return fmt::format("{:.1f} {}", shown, units[unit]);
}

}  // namespace brink
