#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "host/ranks/ranks.hpp"
#include "host/run/basin.hpp"
#include "host/run/basin_record.hpp"

namespace brink {

/// The chunks of a scan that these ranks are to compute, taken a few at a time by each, beside
/// other processes that do so.
class ChunkQueue {
 public:
  /// Chunks to compute, by their places in the record, and the right to.
  struct Batch {
    std::vector<std::size_t> places;
    std::vector<Claim> claims;
  };

  /// Those of the shard that the record lacks. The record must outlive the queue. Ranks construct
  /// it together.
  ChunkQueue(BasinRecord const& record, Shard const& shard, Ranks& ranks);

  /// Whether all are there, or taken by one of the ranks.
  bool empty() const { return all_handed_out_ && held_.empty(); }

  /// At most `count` chunks that no other process is at: none where others are at all that are
  /// missing, which may yet be killed.
  Batch take(Index count);

  /// Of this shard; and of those the ones in chunks that were there or have been taken, by any rank
  /// as far as this one knows.
  Index starts() const { return starts_; }
  Index starts_taken() const { return taken_; }

 private:
  void hand_out(Index count, Batch& batch);
  void try_those_held(Index count, Batch& batch);
  bool claim(std::size_t place, Batch& batch);
  Index starts_of(std::size_t place) const;

  BasinRecord const& record_;
  Ranks& ranks_;
  std::vector<std::int64_t> missing_;  // the same in all ranks
  Index known_ = 0;                    // of those, how many have been handed out
  bool all_handed_out_ = false;
  std::deque<std::size_t> held_;  // by processes that are none of the ranks
  Index starts_ = 0;
  Index taken_ = 0;
};

}  // namespace brink
