#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "host/record/claim.hpp"
#include "host/record/zarr.hpp"
#include "host/run/basin.hpp"

namespace brink {

/// One chunk of a scan: of which step size, and where in the space.
struct ScanChunk {
  std::size_t step;
  Extents index;  ///< within the space
  ChunkPlace place;
};

/// The verdicts of one chunk, row-major.
struct ChunkVerdicts {
  std::vector<std::uint8_t> outcome;
  std::vector<std::int16_t> minimum;
  std::vector<std::uint32_t> steps, rises, last_rise;
  std::vector<double> theta;  ///< of samples and points, start × coordinate
};

/// The Zarr record of a scan. Its chunks appear one by one; that of `outcome` comes last of each.
/// Several processes may fill it, each with the chunks that it has claimed.
class BasinRecord {
 public:
  /// A new record, or, with options.resume, the one that is there. `rules` has one entry per step
  /// size. `wait` is called while another process has the record alone.
  static BasinRecord open(BasinOptions const& options, ScanSpace const& space,
                          std::vector<ScanRule> const& rules, nlohmann::json attributes,
                          std::function<void()> const& wait);

  /// How many chunks the scan has, and which is the one at `place`: they go step size by step size,
  /// row-major.
  std::size_t chunk_count() const;
  ScanChunk chunk(std::size_t place) const;
  bool has(ScanChunk const& chunk) const;
  /// The right to compute a chunk; nothing where another process does.
  std::optional<Claim> claim(ScanChunk const& chunk) const;
  /// verdicts[i] are those of chunks[i]; there may be more.
  void write(std::vector<ScanChunk> const& chunks, std::vector<ChunkVerdicts> const& verdicts,
             int threads);
  /// Outcome, minimum and steps of a chunk. May run in several threads at a time.
  ChunkVerdicts read(ScanChunk const& chunk) const;

  nlohmann::json const& attributes() const { return group_.attributes(); }
  /// Makes what was written survive a loss of power.
  void sync() { group_.sync(); }
  /// Whether no other process fills the record any more; from then on none can. Else to be asked
  /// again, and nothing to be written before.
  bool try_alone() { return group_.try_alone(); }
  /// Only after try_alone.
  void finish(std::string const& stop_reason, nlohmann::json summary);

 private:
  BasinRecord(ZarrGroup group, ScanSpace const& space, std::size_t steps);
  Extents counts() const { return chunk_counts(shape_, chunk_shape_); }
  bool has_step_axis() const { return steps_ > 1; }
  void define(BasinOptions const& options, ScanSpace const& space,
              std::vector<ScanRule> const& rules);
  Extents index(ScanChunk const& chunk) const;

  ZarrGroup group_;
  std::size_t steps_;
  Extents shape_, chunk_shape_;  // of the space
};

nlohmann::json to_json(BasinSummary const& summary);

}  // namespace brink
