#include "host/ranks/join_devices.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace brink {
namespace {

/// A number that tells identities apart; 0 for none.
std::int64_t number_of(std::string const& identity) {
  if (identity.empty()) return 0;
  return static_cast<std::int64_t>(std::hash<std::string>{}(identity) | 1);
}

/// Whether each rank has an identity that no other has. Together.
bool each_has_its_own(Ranks& ranks, std::string const& identity) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(ranks.size()));
  numbers[static_cast<std::size_t>(ranks.rank())] = number_of(identity);
  ranks.add_up(numbers);
  std::ranges::sort(numbers);
  return std::ranges::find(numbers, 0) == numbers.end() &&
         std::ranges::adjacent_find(numbers) == numbers.end();
}

}  // namespace

std::unique_ptr<Collective> join_devices(Ranks& ranks, Context& context) {
  if (ranks.is_alone() || !each_has_its_own(ranks, context.identity())) return nullptr;
  std::string const meeting = ranks.is_first() ? context.make_meeting() : std::string();
  return context.join(ranks.from_first(meeting), ranks.rank(), ranks.size());
}

}  // namespace brink
