#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/bench/operation.hpp"
#include "host/bench/timer.hpp"

namespace brink {

/// One operation at given sizes, as measured.
struct BenchRow {
  std::string operation;
  BenchSizes sizes;
  Timing timing;
  double operations = 0;  ///< in floating point, of one call
  double bytes = 0;       ///< that one call has to move at least

  double operations_per_second() const { return operations / timing.seconds.median; }
  double bytes_per_second() const { return bytes / timing.seconds.median; }
  double intensity() const { return operations / bytes; }
};

/// What a device can do, by its own measure: arrays far larger than caches, and a large product.
struct Roofline {
  /// "roofline.copy" within the device, "roofline.axpy" by all threads, "roofline.multiply" of
  /// square matrices.
  std::vector<BenchRow> rows;

  double bytes_per_second() const;       ///< the greatest of the rows
  double operations_per_second() const;  ///< likewise
  /// The time that a row's operations and bytes take at these rates, whichever is longer, over the
  /// time that it took. Above 1 where its arrays stay in a cache.
  double share(BenchRow const& row) const;
};

/// What `brink bench` leaves.
struct BenchRecord {
  std::string version;
  std::string date;  ///< ISO 8601, UTC
  std::string backend;
  std::string device;  ///< description
  std::string precision;
  int threads = 0;
  StopRule rule;
  std::string landscape;  ///< of the scans
  double learning_rate = 0;
  std::string stop_reason;  ///< "complete", "interrupted", or "failed"
  Roofline roofline;
  std::vector<BenchRow> rows;
};

nlohmann::json to_json(BenchRecord const& record);

/// The part of a record that a comparison needs: rows with median and quartiles of their times.
struct BenchTimes {
  std::string name;             ///< of the file
  std::string title;            ///< device, precision, version, date
  double bytes_per_second = 0;  ///< of the roofline, as the next
  double operations_per_second = 0;
  std::vector<BenchRow> rows;
};

/// InputError, starting with the path, where the file is missing or no record of brink bench.
BenchTimes read_bench_times(std::string const& path);

/// "n=5000 in=3072 out=200"
std::string sizes_text(BenchSizes const& sizes);

}  // namespace brink
