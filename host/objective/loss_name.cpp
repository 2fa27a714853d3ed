#include "host/objective/loss_name.hpp"

#include "host/network/names.hpp"

namespace brink {
namespace {

constexpr Names<LossKind, 2> names("--loss", {{{"cross-entropy", LossKind::cross_entropy},
                                               {"mse", LossKind::mse}}});

}  // namespace

LossKind parse_loss(std::string const& name) {
  return names.parse(name);
}
std::string loss_name(LossKind loss) {
  return names.of(loss);
}

}  // namespace brink
