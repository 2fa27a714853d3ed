#pragma once

#include <deque>
#include <vector>

#include "host/run/basin.hpp"
#include "host/run/basin_record.hpp"

namespace brink {

/// The chunks of a scan that are this process's to compute, taken a few at a time beside other
/// processes that do so.
class ChunkQueue {
 public:
  /// Chunks to compute, by their places in record.chunks(), and the right to.
  struct Batch {
    std::vector<std::size_t> places;
    std::vector<Claim> claims;
  };

  /// Those of the shard that the record lacks. The record must outlive the queue.
  ChunkQueue(BasinRecord const& record, Shard const& shard);

  /// Whether all are there, or taken from here.
  bool empty() const { return missing_.empty(); }

  /// At most `count` chunks that no other process is at: none where others are at all that are
  /// missing, which may yet be killed.
  Batch take(std::size_t count);

  /// Of this shard; and of those the ones in chunks that were there or have been taken.
  Index starts() const { return starts_; }
  Index starts_taken() const { return taken_; }

 private:
  Index starts_of(std::size_t place) const;

  BasinRecord const& record_;
  std::deque<std::size_t> missing_;
  Index starts_ = 0;
  Index taken_ = 0;
};

}  // namespace brink
