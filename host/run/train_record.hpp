#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/diagnostics/eigen.hpp"
#include "host/diagnostics/expectation.hpp"
#include "host/record/zarr.hpp"
#include "host/run/train.hpp"

namespace brink {

/// One row of the `step` dimension. RP and L are NaN until the next step is known.
struct StepRow {
  Index step = 0;
  double loss, accuracy, gradient_norm, relative_progress, directional_smoothness, time;
};

/// The Zarr record of a training run: what its arrays are, and how rows get in. An empty object
/// takes rows and keeps none: that of a rank other than the first.
class TrainRecord {
 public:
  TrainRecord() = default;
  static TrainRecord create(TrainOptions const& options, nlohmann::json attributes);
  /// Opens the record and drops all rows after those that a checkpoint counted.
  static TrainRecord resume(TrainOptions const& options, nlohmann::json const& rows);

  void append(StepRow const& row);
  /// `alignment`: |⟨∇f, v⟩| / ‖∇f‖ for the eigenvector v of each pair.
  void append_sharpness(Index step, Eigenpairs const& pairs, std::vector<double> const& alignment);
  void append_line(Index step, std::vector<double> const& smoothness, double progress);
  void append_segment(Index step, std::vector<double> const& sharpness,
                      std::vector<double> const& residuals);
  void append_test(Index step, double loss, double accuracy);
  void append_expectation(Index step, ExpectedProgress const& expected, double accuracy);

  /// Number of rows per growing dimension, for a checkpoint.
  nlohmann::json rows() const;
  void set_attribute(std::string const& name, nlohmann::json value) {
    group_->set_attribute(name, std::move(value));
  }
  std::vector<double> read(std::string const& name) const { return group_->read(name); }
  void flush();

 private:
  explicit TrainRecord(ZarrGroup group) : group_(std::move(group)) {}

  template <class V>
  void append(std::string const& name, V const& values);

  std::optional<ZarrGroup> group_;
};

}  // namespace brink
