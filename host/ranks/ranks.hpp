#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace brink {

/// The processes that do one job together, as a launcher of parallel programs (mpirun, srun) starts
/// them. Each has a rank; the first one shows and writes what is to be shown and written once. An
/// object of this class itself is a process that is alone; join_ranks() makes others.
///
/// Calls marked "together" are made by all ranks, in the same order.
class Ranks {
 public:
  Ranks() = default;
  Ranks(Ranks const&) = delete;
  Ranks& operator=(Ranks const&) = delete;
  virtual ~Ranks() = default;

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_first() const { return rank_ == 0; }
  bool is_alone() const { return size_ == 1; }

  /// Waits for all. Together.
  virtual void meet() {}

  /// Of each element the sum over all ranks, in all ranks. Added in the order of ranks and in
  /// double precision, so that it is the same in every rank, and from run to run. Together.
  virtual void add_up(std::span<float>) {}
  virtual void add_up(std::span<double>) {}
  virtual void add_up(std::span<std::int64_t>) {}

  /// The first rank's text, in all ranks. Together.
  virtual std::string from_first(std::string text) { return text; }

  /// Hands out the numbers 0, 1, 2, … : the first of the next `count` that no rank has had.
  virtual std::int64_t take(std::int64_t count) { return std::exchange(next_, next_ + count); }
  /// From 0 again. Together.
  virtual void restart() { next_ = 0; }

  /// Ends all ranks, with this exit code, because one of them cannot go on. Does nothing in a
  /// process that is alone.
  virtual void abort(int) {}
  /// To be called before the process ends in peace. Together.
  virtual void leave() {}

  /// Whether it holds in any rank. Together.
  bool any(bool holds);
  /// InputError in all ranks unless `text`, which says what a rank's `what` is, is the same in all.
  /// Together.
  void must_agree(std::string const& what, std::string const& text);

  /// How many threads this rank does well to use, where `asked` is 0: its share of the machine's
  /// cores, or 0 for all of them.
  int threads(int asked) const { return asked > 0 ? asked : cores_; }
  /// Which of the machine's GPUs is this rank's, where `asked` leaves it open.
  std::string device(std::string const& asked) const;

 protected:
  /// `cores`: this rank's share of those of its machine. `place`: its rank among those there.
  Ranks(int rank, int size, int cores, int place)
      : rank_(rank), size_(size), cores_(cores), place_(place) {}

 private:
  int rank_ = 0;
  int size_ = 1;
  int cores_ = 0;
  int place_ = 0;
  std::int64_t next_ = 0;
};

/// This process alone.
Ranks& alone();

/// Those that the launcher started with this process. Call once; needs a build with MPI.
std::unique_ptr<Ranks> join_ranks();

/// The MPI library's name and version; empty in a build without MPI.
std::string mpi_library();

}  // namespace brink
