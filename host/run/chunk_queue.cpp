#include "host/run/chunk_queue.hpp"

#include <utility>

namespace brink {

ChunkQueue::ChunkQueue(BasinRecord const& record, Shard const& shard) : record_(record) {
  auto const step = static_cast<std::size_t>(shard.count);
  for (auto i = static_cast<std::size_t>(shard.number - 1); i < record.chunks().size(); i += step) {
    starts_ += starts_of(i);
    if (record.has(record.chunks()[i])) {
      taken_ += starts_of(i);
    } else {
      missing_.push_back(i);
    }
  }
}

ChunkQueue::Batch ChunkQueue::take(std::size_t count) {
  Batch batch;
  for (std::size_t tries = missing_.size(); tries > 0 && batch.places.size() < count; --tries) {
    std::size_t const place = missing_.front();
    missing_.pop_front();
    auto claim = record_.claim(record_.chunks()[place]);
    if (!claim) {
      missing_.push_back(place);
      continue;
    }
    taken_ += starts_of(place);
    if (record_.has(record_.chunks()[place])) continue;  // by now
    batch.places.push_back(place);
    batch.claims.push_back(std::move(*claim));
  }
  return batch;
}

Index ChunkQueue::starts_of(std::size_t place) const {
  return element_count(record_.chunks()[place].place.extent);
}

}  // namespace brink
