#include "host/run/chunk_queue.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace brink {

ChunkQueue::ChunkQueue(BasinRecord const& record, Shard const& shard, Ranks& ranks)
    : record_(record), ranks_(ranks) {
  auto const step = static_cast<std::size_t>(shard.count);
  for (auto i = static_cast<std::size_t>(shard.number - 1); i < record.chunk_count(); i += step) {
    starts_ += starts_of(i);
    // The first rank's word is taken for which are there.
    if (ranks.is_first() && !record.has(record.chunk(i))) missing_.push_back(static_cast<Index>(i));
  }
  std::array<std::int64_t, 1> count{ranks.is_first() ? std::ssize(missing_) : 0};
  ranks.add_up(count);
  missing_.resize(static_cast<std::size_t>(count.front()));  // zeros but in the first rank
  ranks.add_up(missing_);
  taken_ = starts_;
  for (Index const place : missing_) taken_ -= starts_of(static_cast<std::size_t>(place));
  all_handed_out_ = missing_.empty();
  ranks.restart();
}

ChunkQueue::Batch ChunkQueue::take(Index count) {
  Batch batch;
  while (!all_handed_out_ && batch.places.empty()) hand_out(count, batch);
  if (batch.places.empty()) try_those_held(count, batch);
  return batch;
}

/// The next `count` that are missing and not yet any rank's.
void ChunkQueue::hand_out(Index count, Batch& batch) {
  Index const size = std::ssize(missing_);
  Index const first = std::min(ranks_.take(count), size);
  Index const end = std::min(first + count, size);
  for (; known_ < end; ++known_) taken_ += starts_of(static_cast<std::size_t>(missing_[known_]));
  all_handed_out_ = end == size;
  for (Index i = first; i < end; ++i) {
    auto const place = static_cast<std::size_t>(missing_[i]);
    if (!claim(place, batch)) held_.push_back(place);
  }
}

void ChunkQueue::try_those_held(Index count, Batch& batch) {
  for (std::size_t tries = held_.size(); tries > 0 && std::ssize(batch.places) < count; --tries) {
    std::size_t const place = held_.front();
    held_.pop_front();
    if (!claim(place, batch)) held_.push_back(place);
  }
}

/// Into the batch, unless it is there by now. False where another process is at it.
bool ChunkQueue::claim(std::size_t place, Batch& batch) {
  ScanChunk const chunk = record_.chunk(place);
  auto claim = record_.claim(chunk);
  if (!claim) return false;
  if (!record_.has(chunk)) {
    batch.places.push_back(place);
    batch.claims.push_back(std::move(*claim));
  }
  return true;
}

Index ChunkQueue::starts_of(std::size_t place) const {
  return element_count(record_.chunk(place).place.extent);
}

}  // namespace brink
