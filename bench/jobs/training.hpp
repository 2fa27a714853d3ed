#pragma once

#include <unistd.h>

#include <filesystem>
#include <limits>

#include "bench/jobs/job.hpp"
#include "host/run/train.hpp"

namespace brink::bench {

/// A directory for records that nobody will read, gone with this object.
class ScratchDirectory {
 public:
  ScratchDirectory()
      : path_(std::filesystem::temp_directory_path() /
              ("brink_bench-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(ScratchDirectory const&) = delete;
  ScratchDirectory& operator=(ScratchDirectory const&) = delete;

  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// `brink train` for `steps` steps of gradient descent, without checkpoints.
inline TrainOptions training(JobOptions const& options, ScratchDirectory const& scratch,
                             Index steps) {
  TrainOptions train;
  train.problem = options.problem;
  train.learning_rate = options.learning_rate;
  train.steps = steps;
  train.out = (scratch.path() / "run.zarr").string();
  train.overwrite = true;
  train.checkpoint_every = std::numeric_limits<Index>::max();
  return train;
}

}  // namespace brink::bench
