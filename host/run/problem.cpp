#include "host/run/problem.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include "host/network/names.hpp"
#include "host/objective/loss_name.hpp"
#include "host/ranks/join_devices.hpp"
#include "host/run/version.hpp"
#include "kernels/error.hpp"
#include "kernels/math/nan.hpp"

namespace brink {
namespace {

constexpr Names<Precision, 2> precision_names("--precision", {{{"float32", Precision::float32},
                                                               {"float64", Precision::float64}}});

constexpr Names<Standardize, 3> standardize_names("--standardize",
                                                  {{{"pixel", Standardize::pixel},
                                                    {"channel", Standardize::channel},
                                                    {"none", Standardize::none}}});

constexpr Names<Initialization, 3> initialization_names("--init",
                                                        {{{"pytorch", Initialization::pytorch},
                                                          {"default", Initialization::pytorch},
                                                          {"xavier", Initialization::xavier}}});

template <class T>
std::vector<T> starting_parameters(Network const& network, ProblemOptions const& options) {
  std::string const prefix = "npy:";
  if (options.initialization.starts_with(prefix)) {
    std::string const path = options.initialization.substr(prefix.size());
    if (path.empty()) throw InputError("--init npy: names no file; write npy:THETA.npy");
    return load_parameters<T>(network, path);
  }
  return initialize<T>(network, initialization_names.parse(options.initialization), options.seed);
}

template <class V>
uLong add_to_crc(uLong crc, std::vector<V> const& values) {
  if (values.empty()) return crc;  // its null pointer would start the sum anew
  return crc32_z(crc, reinterpret_cast<Bytef const*>(values.data()), values.size() * sizeof(V));
}

template <class T>
uLong add_to_crc(uLong crc, Dataset<T> const& data) {
  return add_to_crc(add_to_crc(add_to_crc(crc, data.x), data.labels), data.values);
}

/// This rank's share of the examples, which takes the place of all of them.
template <class T>
SharedRows shared(Ranks& ranks, Collective* collective, Dataset<T>& data) {
  if (ranks.is_alone()) return {};
  SharedRows const share(ranks, data.examples, collective);
  data = data.part(share.first(), share.count());
  return share;
}

}  // namespace

Precision parse_precision(std::string const& name) {
  return precision_names.parse(name);
}
std::string precision_name(Precision precision) {
  return precision_names.of(precision);
}

Standardize parse_standardize(std::string const& name) {
  return standardize_names.parse(name);
}

void check(ProblemOptions const& options) {
  if (options.threads < 0) {
    throw InputError(fmt::format("--threads {}: must be at least 0", options.threads));
  }
  if (options.tf32 && options.precision != Precision::float32) {
    throw InputError(fmt::format("--tf32 goes with --precision float32, not {}",
                                 precision_name(options.precision)));
  }
}

nlohmann::json to_json(ProblemOptions const& options) {
  nlohmann::json config{{"data", options.data.source},
                        {"hidden", options.hidden},
                        {"activation", activation_name(options.activation)},
                        {"loss", loss_name(options.loss)},
                        {"init", options.initialization},
                        {"seed", options.seed},
                        {"precision", precision_name(options.precision)},
                        {"tf32", options.tf32}};
  config["examples"] = options.data.examples ? nlohmann::json(*options.data.examples) : nullptr;
  config["standardize"] = options.data.standardize
                              ? nlohmann::json(standardize_names.of(*options.data.standardize))
                              : nullptr;
  return config;
}

template <class T>
Problem<T>::Problem(ProblemOptions const& options, Plan const& plan, bool with_test, Ranks& ranks)
    : ranks_(&ranks),
      context_(make_context(ranks.device(options.device), ranks.threads(options.threads),
                            options.tf32 ? Products::tf32 : Products::exact)),
      operations_(make_operations<T>(*context_)) {
  // They take the same decisions, each from its own arithmetic.
  ranks.must_agree("devices", context_->description());
  Splits<T> data = load_data<T>(options.data);
  if (!with_test) data.test.reset();
  if (data.train.labels.empty() && options.loss == LossKind::cross_entropy) {
    throw InputError(
        fmt::format("--loss cross-entropy needs class labels, and {} has values; "
                    "use --loss mse",
                    options.data.source));
  }
  std::vector<Index> widths{data.train.features};
  widths.insert(widths.end(), options.hidden.begin(), options.hidden.end());
  widths.push_back(data.train.outputs);
  model_ = std::make_unique<Model>(Model{Network(widths, options.activation), options.loss});
  theta_ = starting_parameters<T>(model_->network, options);

  uLong crc = add_to_crc(crc32_z(0, nullptr, 0), data.train);
  if (data.test) crc = add_to_crc(crc, *data.test);
  fingerprint_ = static_cast<std::uint32_t>(add_to_crc(crc, theta_));
  ranks.must_agree("data or initial parameters", fmt::format("CRC-32 {:08x}", fingerprint_));

  collective_ = join_devices(ranks, *context_);
  SharedRows const share = shared(ranks, collective_.get(), data.train);
  SharedRows const test_share =
      data.test ? shared(ranks, collective_.get(), *data.test) : SharedRows();
  ProblemSizes<T> sizes{*context_, operations_, model_->network, data.train.shape(), {}};
  if (data.test) sizes.test = data.test->shape();
  sizes.is_share = !share.is_all();
  if (plan) memory_plan_ = plan(sizes);
  memory_plan_.check(context_->memory());

  train_ = std::make_unique<TrainingSet<T>>(*context_, data.train, share);
  data.train = {};
  if (data.test) test_ = std::make_unique<TrainingSet<T>>(*context_, *data.test, test_share);
}

template <class T>
double Problem<T>::accuracy(double correct, TrainingSet<T> const& set) const {
  if (!set.has_labels()) return nan;
  return correct / static_cast<double>(set.of_all_ranks());
}

template <class T>
nlohmann::json common_attributes(Problem<T>& problem, ProblemOptions const& options,
                                 std::string const& command) {
  Network const& network = problem.model().network;
  nlohmann::json attributes{
      {"brink_version", version},
      {"Conventions", "CF-1.10"},
      {"command", command},
      {"backend", problem.context().backend()},
      {"precision", precision_name(options.precision)},
      {"tf32", options.tf32},
      {"threads", problem.context().threads()},
      {"activation", activation_name(options.activation)},
      {"loss_name", loss_name(options.loss)},
      {"widths", network.widths()},
      {"parameters", network.parameters()},
      {"ranks", problem.ranks().size()},
      {"examples", problem.train().of_all_ranks()},
      {"memory_planned_bytes", static_cast<std::int64_t>(problem.memory_plan().bytes())},
      {"data_fingerprint", problem.fingerprint()}};
  if (!problem.ranks().is_alone()) {
    attributes["sums_over_ranks"] = problem.sums_on_devices() ? "devices" : "hosts";
  }
  return attributes;
}

template class Problem<float>;
template class Problem<double>;
template nlohmann::json common_attributes<float>(Problem<float>&, ProblemOptions const&,
                                                 std::string const&);
template nlohmann::json common_attributes<double>(Problem<double>&, ProblemOptions const&,
                                                  std::string const&);

}  // namespace brink
