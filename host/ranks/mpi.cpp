// join_ranks on MPI.
#include <mpi.h>
#include <omp.h>

#include <unistd.h>
#include <algorithm>
#include <type_traits>
#include <vector>

#include "host/ranks/ranks.hpp"

namespace brink {
namespace {

/// Elements that are added up at a time: MPI counts in `int`, and copies of them take memory.
constexpr std::size_t block = std::size_t{1} << 24;

MPI_Datatype type_of(float) {
  return MPI_FLOAT;
}
MPI_Datatype type_of(double) {
  return MPI_DOUBLE;
}
MPI_Datatype type_of(std::int64_t) {
  return MPI_INT64_T;
}

/// MPI's own handler ends all ranks where a call fails.
class MpiRanks final : public Ranks {
 public:
  struct Place {
    int rank, size, cores, place;
  };

  explicit MpiRanks(Place const& at) : Ranks(at.rank, at.size, at.cores, at.place) {
    MPI_Win_allocate(is_first() ? sizeof(std::int64_t) : 0, sizeof(std::int64_t), MPI_INFO_NULL,
                     MPI_COMM_WORLD, &counter_, &window_);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window_);
    restart();
  }

  void meet() override { MPI_Barrier(MPI_COMM_WORLD); }
  void add_up(std::span<float> values) override { add_in_blocks(values); }
  void add_up(std::span<double> values) override { add_in_blocks(values); }
  void add_up(std::span<std::int64_t> values) override { add_in_blocks(values); }
  std::string from_first(std::string text) override;
  std::int64_t take(std::int64_t count) override;
  void restart() override;
  void abort(int code) override { MPI_Abort(MPI_COMM_WORLD, code); }
  void leave() override;

 private:
  template <class N>
  void add_in_blocks(std::span<N> values);
  template <class N>
  void add_block(std::span<N> values);

  MPI_Win window_ = MPI_WIN_NULL;
  std::int64_t* counter_ = nullptr;  ///< in the first rank's memory
};

template <class N>
void MpiRanks::add_in_blocks(std::span<N> values) {
  for (std::size_t first = 0; first < values.size(); first += block) {
    add_block(values.subspan(first, std::min(block, values.size() - first)));
  }
}

/// Each rank gets its slice of everybody's values, adds them up, and gives the sums to all.
template <class N>
void MpiRanks::add_block(std::span<N> values) {
  using Sum = std::conditional_t<std::is_floating_point_v<N>, double, N>;
  auto const ranks = static_cast<std::size_t>(size());
  std::vector<int> counts(ranks), starts(ranks);
  for (std::size_t r = 0; r < ranks; ++r) {
    std::size_t const start = values.size() * r / ranks;
    starts[r] = static_cast<int>(start);
    counts[r] = static_cast<int>(values.size() * (r + 1) / ranks - start);
  }
  int const mine = counts[rank()];
  std::vector<int> const mine_of_each(ranks, mine);
  std::vector<int> places(ranks);
  for (int r = 0; r < size(); ++r) places[r] = r * mine;
  std::vector<N> parts(ranks * static_cast<std::size_t>(mine));
  MPI_Datatype const type = type_of(N{});
  MPI_Alltoallv(values.data(), counts.data(), starts.data(), type, parts.data(),
                mine_of_each.data(), places.data(), type, MPI_COMM_WORLD);
  std::vector<Sum> sums(parts.begin(), parts.begin() + mine);
  for (int r = 1; r < size(); ++r) {
    for (int i = 0; i < mine; ++i) sums[i] += parts[places[r] + i];
  }
  std::transform(sums.begin(), sums.end(), values.begin() + starts[rank()],
                 [](Sum sum) { return static_cast<N>(sum); });
  MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values.data(), counts.data(), starts.data(),
                 type, MPI_COMM_WORLD);
}

std::string MpiRanks::from_first(std::string text) {
  auto size = static_cast<std::int64_t>(text.size());
  MPI_Bcast(&size, 1, MPI_INT64_T, 0, MPI_COMM_WORLD);
  text.resize(static_cast<std::size_t>(size));
  for (std::size_t first = 0; first < text.size(); first += block) {
    MPI_Bcast(text.data() + first, static_cast<int>(std::min(block, text.size() - first)), MPI_CHAR,
              0, MPI_COMM_WORLD);
  }
  return text;
}

std::int64_t MpiRanks::take(std::int64_t count) {
  std::int64_t first = 0;
  MPI_Fetch_and_op(&count, &first, MPI_INT64_T, 0, 0, MPI_SUM, window_);
  MPI_Win_flush(0, window_);
  return first;
}

void MpiRanks::restart() {
  meet();
  if (is_first()) {
    std::int64_t const zero = 0;
    MPI_Accumulate(&zero, 1, MPI_INT64_T, 0, 0, 1, MPI_INT64_T, MPI_REPLACE, window_);
    MPI_Win_flush(0, window_);
  }
  meet();
}

void MpiRanks::leave() {
  MPI_Win_unlock_all(window_);
  MPI_Win_free(&window_);
  MPI_Finalize();
}

/// Launchers bind ranks to cores of their own, to cores that several share, or to none.
int share_of_cores(MPI_Comm machine) {
  int const allowed = omp_get_num_procs();
  int allowed_to_all = 0;
  MPI_Allreduce(&allowed, &allowed_to_all, 1, MPI_INT, MPI_SUM, machine);
  auto const online = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  return std::clamp(allowed * online / allowed_to_all, 1, allowed);
}

}  // namespace

std::unique_ptr<Ranks> join_ranks() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  MpiRanks::Place at{};
  MPI_Comm_rank(MPI_COMM_WORLD, &at.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &at.size);
  MPI_Comm machine = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, at.rank, MPI_INFO_NULL, &machine);
  MPI_Comm_rank(machine, &at.place);
  at.cores = share_of_cores(machine);
  MPI_Comm_free(&machine);
  return std::make_unique<MpiRanks>(at);
}

std::string mpi_library() {
  std::string version(MPI_MAX_LIBRARY_VERSION_STRING, '\0');
  int size = 0;
  MPI_Get_library_version(version.data(), &size);  // may be called before MPI_Init
  version.resize(static_cast<std::size_t>(size));
  return version.substr(0, version.find_first_of(",\n"));
}

}  // namespace brink
