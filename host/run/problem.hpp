#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/data/load.hpp"
#include "host/network/initialize.hpp"
#include "host/objective/training_set.hpp"
#include "host/run/memory_plan.hpp"

namespace brink {

enum class Precision { float32, float64 };
Precision parse_precision(std::string const& name);
std::string precision_name(Precision precision);
Standardize parse_standardize(std::string const& name);

/// What is trained or examined, and on what machine: the options that subcommands share.
struct ProblemOptions {
  DataOptions data{"synthetic", {}, {}};
  std::vector<Index> hidden{100, 100};
  Activation activation = Activation::tanh;
  LossKind loss = LossKind::cross_entropy;
  std::string initialization = "pytorch";  ///< "pytorch" (also "default"), "xavier", "npy:FILE"
  std::uint64_t seed = 0;
  Precision precision = Precision::float32;
  bool tf32 = false;  ///< Products::tf32 (kernels/context.hpp)
  std::string device = "auto";
  int threads = 0;  ///< 0: one per core
};

/// InputError on options that make no sense, before anything is read.
void check(ProblemOptions const& options);

/// All of `options` but device and threads, as the record's `config` attribute holds them.
nlohmann::json to_json(ProblemOptions const& options);

/// What is known of a problem before its data are in a context's memory.
template <class T>
struct ProblemSizes {
  Context const& context;
  Operations<T> const& operations;
  Network const& network;
  DataShape train;
  std::optional<DataShape> test;  ///< where there is one that is wanted
  bool is_share = false;          ///< of what several ranks have
};

/// A data set and a network over it, in a context's memory.
template <class T>
class Problem {
 public:
  using Plan = std::function<MemoryPlan(ProblemSizes<T> const&)>;

  /// `plan`, unless empty, says what memory the user of the problem needs, the data included:
  /// MachineError where there is not as much. `with_test`: there will be a test() where the data
  /// have one. InputError for anything wrong with the options or the files they name.
  /// Of `ranks` each holds its share of the examples; they construct it together.
  explicit Problem(ProblemOptions const& options, Plan const& plan = {}, bool with_test = false,
                   Ranks& ranks = alone());

  Ranks& ranks() const { return *ranks_; }
  /// Whether sums over ranks go from device to device.
  bool sums_on_devices() const { return collective_ != nullptr; }
  Context& context() { return *context_; }
  Operations<T> const& operations() const { return operations_; }
  Model const& model() const { return *model_; }
  TrainingSet<T> const& train() const { return *train_; }
  TrainingSet<T> const* test() const { return test_.get(); }
  MemoryPlan const& memory_plan() const { return memory_plan_; }
  std::vector<T> const& theta() const { return theta_; }  ///< where the options say to start
  /// CRC-32 of the data as loaded, test() included, and of theta(): a resumed run must meet the
  /// same.
  std::uint32_t fingerprint() const { return fingerprint_; }
  /// A mean accuracy from a number of correct examples; NaN where targets are values.
  double accuracy(double correct, TrainingSet<T> const& set) const;

 private:
  Ranks* ranks_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<Collective> collective_;  ///< or null
  Operations<T> operations_;
  std::unique_ptr<Model> model_;
  MemoryPlan memory_plan_;
  std::unique_ptr<TrainingSet<T>> train_, test_;
  std::vector<T> theta_;
  std::uint32_t fingerprint_ = 0;
};

/// Attributes that every record has.
template <class T>
nlohmann::json common_attributes(Problem<T>& problem, ProblemOptions const& options,
                                 std::string const& command);

}  // namespace brink
