#include "tests/support/emulated/order.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>

#include "tests/support/emulated/control.hpp"

namespace brink::emulated {

namespace {

struct State {
  Order order = Order::forward;
  std::mt19937_64 random;
};

State state_of_environment() {
  char const* const variable = std::getenv("BRINK_EMULATED_ORDER");
  std::string const text = variable == nullptr ? "forward" : variable;
  if (text == "forward") return {Order::forward, {}};
  if (text == "reverse") return {Order::reverse, {}};
  if (text == "random") return {Order::random, {}};
  std::string const prefix = "random:";
  bool const numbered = text.starts_with(prefix) && text.size() > prefix.size() &&
                        text.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
  if (!numbered) {
    throw InputError("BRINK_EMULATED_ORDER is '" + text +
                     "', not forward, reverse, random or random:SEED");
  }
  return {Order::random, std::mt19937_64(std::stoull(text.substr(prefix.size())))};
}

State& state() {
  static State state = state_of_environment();
  return state;
}

}  // namespace

void set_order(Order order, std::uint64_t seed) {
  state() = {order, std::mt19937_64(seed)};
}

void reset_order() {
  state() = state_of_environment();
}

bool in_forward_order() {
  return state().order == Order::forward;
}

std::vector<std::size_t> order_of_blocks(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (state().order == Order::reverse) std::reverse(order.begin(), order.end());
  if (state().order == Order::random) std::shuffle(order.begin(), order.end(), state().random);
  return order;
}

std::size_t place_of_next(std::size_t count) {
  return state().order == Order::random ? state().random() % count : count - 1;
}

}  // namespace brink::emulated
