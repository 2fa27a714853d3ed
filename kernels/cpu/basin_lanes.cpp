// Compiled once per instruction set, like simd_loops.cpp, whose rule on inline functions holds here
// too, and without contraction.
#include <xsimd/xsimd.hpp>

#include <limits>

#include "kernels/cpu/basin_lanes.hpp"
#include "kernels/math/basin.hpp"

namespace brink::cpu {
namespace {

/// Steps for which neighbouring starts share their lanes. Those that take longer go to a pool, from
/// which lanes are filled one by one: all are at about the same step then.
constexpr Index prologue = basin::first_anchor;
constexpr Index block = 16;  ///< steps of the pool's lanes between refills
constexpr Index pool_size = 2048;
static_assert(prologue % basin::check_every == 0 && block % basin::check_every == 0,
              "all lanes are looked at together");

#define BRINK_COLD [[gnu::noinline]]  // what is called there gets arrays

/// `Objective` is a landscape or its square root.
template <class Objective, class T>
class Scanner {
  static constexpr int D = Objective::dimension;
  using Lanes = xsimd::batch<T>;
  using Mask = typename Lanes::batch_bool_type;
  using Place = Point<Lanes, D>;
  static constexpr Index width = static_cast<Index>(Lanes::size);
  static constexpr Index group = 2 * width;  ///< two vectors hide each other's latency

  /// Trajectories after some steps, one per lane. Those that are not active stay where they are.
  struct Trajectories {
    Place at, slope;
    Lanes value;
    Lanes steps, rises, last_rise;
    Mask active;
  };
  /// The same in memory, but for the slope.
  struct Stored {
    T at[D][width], value[width];
    T steps[width], rises[width], last_rise[width], active[width];
  };
  struct Recurrence {
    basin::Recurrence<Lanes, D> of;
    Mask found;
  };

 public:
  Scanner(Objective const& f, BasinTask<T> const& task)
      : task_(task),
        f_(f),
        terms_(basin::terms<T>(*task.rule)),
        counts_(task.results.steps.data != nullptr || task.results.last_rise.data != nullptr) {
    for (int m = 0; m < task.minimum_count && sets_ < basin::most_sets; ++m) {
      if (!(task.minima[m].radius > 0)) continue;
      set_[sets_] = {target(m), static_cast<T>(m)};
      T const level = set_[sets_].target.level;
      highest_level_ = level > highest_level_ ? level : highest_level_;
      ++sets_;
    }
  }

  void run() {
    for (Slots& s : slots_) {
      for (Index& id : s.id) id = -1;
    }
    StartRange range;
    while (task_.next(task_.queue, &range)) {
      for (Index done = 0; done < range.count; done += group) {
        Index const left = range.count - done;
        start(range.row, range.col + done, left < group ? left : group);
        if (pooled_ > pool_size - group) work_off(false);
      }
    }
    work_off(true);
  }

 private:
  /// A certified set, and whose it is.
  struct Set {
    basin::Target<T> target;
    T minimum;
  };
  basin::Target<T> target(int minimum) const {
    return basin::target(task_.minima[minimum], terms_.slack);
  }

  BRINK_HOT static Mask in_set(Trajectories const& t, Set const& set) {
    return basin::in_set(t.at, t.value, set.target);
  }
  BRINK_HOT Mask in_region(Trajectories const& t) const {
    return basin::in_region(t.at, terms_.escape);
  }
  BRINK_HOT void evaluate(Trajectories& t) const {
    t.value = f_.value(t.at);
    t.slope = f_.gradient(t.at);
  }

  /// A step of the active lanes. Without `counts` only the rises are counted, which verdicts need.
  BRINK_HOT void advance(Trajectories& t, bool counts) const {
    Place const p = basin::next(t.at, t.slope, terms_);
    for (int i = 0; i < D; ++i) t.at[i] = xsimd::select(t.active, p[i], t.at[i]);
    Lanes const before = t.value;
    evaluate(t);
    Mask const rose = basin::has_risen(t.value, before, terms_.slack);
    t.rises = xsimd::select(rose, t.rises + Lanes(T(1)), t.rises);
    if (!counts) return;
    t.steps = xsimd::select(t.active, t.steps + Lanes(T(1)), t.steps);
    t.last_rise = xsimd::select(rose, t.steps, t.last_rise);
  }

  /// Takes the lanes that escaped or reached a certified set out of the active ones.
  BRINK_HOT void check(Trajectories& a, Trajectories& b) const {
    a.active = a.active & in_region(a);
    b.active = b.active & in_region(b);
    Mask const low_a = a.active & (a.value < Lanes(highest_level_));
    Mask const low_b = b.active & (b.value < Lanes(highest_level_));
    if (xsimd::any(low_a | low_b)) {
      for (int m = 0; m < sets_; ++m) {
        a.active = a.active & !in_set(a, set_[m]);
        b.active = b.active & !in_set(b, set_[m]);
      }
    }
  }

  /// The same for those that have settled, every check_every steps.
  BRINK_HOT void check_settled(Trajectories& t) const {
    Lanes const slope_square = dot(t.slope, t.slope);
    Mask const flat = t.active & (slope_square < Lanes(terms_.tolerance_square));
    if (xsimd::any(flat)) t.active = t.active & !settled(t.at, slope_square, flat);
  }

  /// Those of the lanes `flat` that have settled.
  BRINK_HOT Mask settled(Place const& place, Lanes const& slope_square, Mask const& flat) const {
    if (terms_.normalized) return flat & (slope_square == Lanes(T(0)));
    T at[D][width];
    T stable[width];
    for (int i = 0; i < D; ++i) place[i].store_unaligned(at[i]);
    xsimd::select(flat, Lanes(T(1)), Lanes(T(0))).store_unaligned(stable);
    keep_stable(at, stable);
    return (flat & (slope_square <= Lanes(terms_.least_slope_square))) |
           (Lanes::load_unaligned(stable) == Lanes(T(1)));
  }

  /// Leaves 1 only where it is 1 and the curvature lets gradient descent stay.
  BRINK_COLD void keep_stable(T const (&at)[D][width], T (&stable)[width]) const {
    for (Index lane = 0; lane < width; ++lane) {
      if (stable[lane] == T(0)) continue;
      Point<xsimd::batch<double>, D> q;
      for (int i = 0; i < D; ++i) q[i] = xsimd::batch<double>(static_cast<double>(at[i][lane]));
      if (!basin::has_stable_curvature(f_, q, terms_)) stable[lane] = T(0);
    }
  }

  /// Takes the lanes that are on a cycle out of the active ones.
  BRINK_HOT void check_recurrence(Trajectories& t, Recurrence& r) const {
    auto const moved_square = [&] {
      return square(basin::scale(t.slope, terms_)) * dot(t.slope, t.slope);
    };
    Mask const on_cycle = basin::is_on_cycle<T>(r.of, t.at, moved_square);
    r.found = r.found | (t.active & on_cycle);
    t.active = t.active & !on_cycle;
  }

  struct Verdicts {
    Lanes outcome, minimum;
  };
  /// Verdicts on the lanes that are not active.
  BRINK_HOT Verdicts verdicts(Trajectories const& t, Mask periodic) const {
    auto const code = [](Outcome outcome) { return Lanes(static_cast<T>(outcome)); };
    Lanes const reached =
        xsimd::select(t.rises > Lanes(T(0)), code(Outcome::unstable), code(Outcome::stable));
    Verdicts v{xsimd::select(periodic, code(Outcome::periodic), code(Outcome::undecided)),
               Lanes(T(-1))};
    v.outcome = xsimd::select(in_region(t), v.outcome, code(Outcome::diverged));
    for (int m = 0; m < sets_; ++m) {
      Mask const here = in_set(t, set_[m]);
      v.outcome = xsimd::select(here, reached, v.outcome);
      v.minimum = xsimd::select(here, Lanes(set_[m].minimum), v.minimum);
    }
    Mask const open = (v.outcome == code(Outcome::undecided)) & !t.active;
    if (xsimd::any(open)) {
      Mask const at_rest = settled_when_looked_at(t, open);
      v.outcome = xsimd::select(at_rest, code(Outcome::stationary), v.outcome);
      v = at_minima(t.at, at_rest, reached, v);
    }
    return v;
  }

  /// Those of the lanes `open` that had settled when their gradient was looked at last.
  Mask settled_when_looked_at(Trajectories const& t, Mask const& open) const {
    Place const slope = f_.gradient(t.at);
    Lanes const slope_square = dot(slope, slope);
    Lanes const interval = Lanes(T(basin::check_every));
    Mask const looked_at = xsimd::floor(t.steps / interval) * interval == t.steps;
    return settled(t.at, slope_square,
                   open & looked_at & (slope_square < Lanes(terms_.tolerance_square)));
  }

  /// With the settled lanes that are at a minimum told so.
  BRINK_HOT Verdicts at_minima(Place const& at, Mask const& at_rest, Lanes const& reached,
                               Verdicts v) const {
    for (int m = 0; m < task_.minimum_count; ++m) {
      basin::Target<T> const minimum = target(m);
      Mask const here =
          at_rest & (basin::distance_square(at, minimum) < Lanes(minimum.reach_square));
      v.outcome = xsimd::select(here, reached, v.outcome);
      v.minimum = xsimd::select(here, Lanes(static_cast<T>(m)), v.minimum);
    }
    return v;
  }

  /// `count` ≤ group neighbouring starts, up to the prologue's end.
  void start(Index row, Index col, Index count) {
    Trajectories a = begin(row, col, count, 0);
    Trajectories b = begin(row, col, count, width);
    Index const limit = prologue < terms_.max_steps ? prologue : terms_.max_steps;
    for (Index k = 0;; ++k) {
      check(a, b);
      if (k % basin::check_every == 0) {
        check_settled(a);
        check_settled(b);
      }
      if (k == limit || !xsimd::any(a.active | b.active)) break;
      advance(a, counts_);
      advance(b, counts_);
    }
    Stored first, second;
    store(a, first);
    store(b, second);
    Index const id = row * task_.starts.cols + col;
    bool const goes_on = limit < terms_.max_steps;
    finish(first, id, count < width ? count : width, goes_on);
    if (count > width) finish(second, id + width, count - width, goes_on);
  }

  BRINK_HOT static void store(Trajectories const& t, Stored& s) {
    for (int i = 0; i < D; ++i) t.at[i].store_unaligned(s.at[i]);
    t.value.store_unaligned(s.value);
    t.steps.store_unaligned(s.steps);
    t.rises.store_unaligned(s.rises);
    t.last_rise.store_unaligned(s.last_rise);
    xsimd::select(t.active, Lanes(T(1)), Lanes(T(0))).store_unaligned(s.active);
  }
  BRINK_HOT static Trajectories restored(Stored const& s) {
    Trajectories t;
    for (int i = 0; i < D; ++i) t.at[i] = Lanes::load_unaligned(s.at[i]);
    t.value = Lanes::load_unaligned(s.value);
    t.steps = Lanes::load_unaligned(s.steps);
    t.rises = Lanes::load_unaligned(s.rises);
    t.last_rise = Lanes::load_unaligned(s.last_rise);
    t.active = Lanes::load_unaligned(s.active) != Lanes(T(0));
    return t;
  }

  BRINK_HOT Trajectories begin(Index row, Index col, Index count, Index first) const {
    Trajectories t;
    t.at = load(row, col, count, first);
    t.steps = t.rises = t.last_rise = Lanes(T(0));
    t.active = Lanes(T(0)) == Lanes(T(0));
    evaluate(t);
    return t;
  }

  /// Coordinates of the lanes `first` … of a group; lanes beyond its end repeat the last start.
  Place load(Index row, Index col, Index count, Index first) const {
    Place at;
    for (int i = 0; i < D; ++i) {
      StartCoordinate<T> const& c = task_.starts.coordinate[i];
      T const* const data = c.data + row * c.row_stride + col * c.col_stride;
      if (c.col_stride == 0) {
        at[i] = Lanes(*data);
      } else if (first + width <= count) {
        at[i] = Lanes::load_unaligned(data + first);
      } else {
        T lanes[width];
        for (Index lane = 0; lane < width; ++lane) {
          lanes[lane] = data[first + lane < count ? first + lane : count - 1];
        }
        at[i] = Lanes::load_unaligned(lanes);
      }
    }
    return at;
  }

  /// Writes the verdicts, and puts the lanes that have none yet into the pool.
  BRINK_COLD void finish(Stored const& s, Index id, Index count, bool goes_on) {
    Trajectories const t = restored(s);
    write(id, count, verdicts(t, t.active & !t.active), t);
    if (!goes_on || !xsimd::any(t.active)) return;
    for (Index lane = 0; lane < count; ++lane) {
      if (s.active[lane] == T(0)) continue;
      for (int i = 0; i < D; ++i) pool_.at[i][pooled_] = s.at[i][lane];
      pool_.rises[pooled_] = s.rises[lane];
      pool_.last_rise[pooled_] = s.last_rise[lane];
      pool_.id[pooled_] = id + lane;
      ++pooled_;
    }
  }

  BRINK_HOT void write(Index id, Index count, Verdicts const& v, Trajectories const& t) const {
    put(task_.results.outcome, id, count, v.outcome);
    put(task_.results.minimum, id, count, v.minimum);
    put(task_.results.steps, id, count, t.steps);
    put(task_.results.rises, id, count, t.rises);
    put(task_.results.last_rise, id, count, t.last_rise);
    Matrix<T> const& to = task_.results.final_point;
    if (to.data == nullptr) return;
    for (int i = 0; i < D; ++i)
      put(Vector<T>{to.data + i * to.stride, to.stride}, id, count, t.at[i]);
  }
  template <class To>
  BRINK_HOT static To converted(T from) {
    if constexpr (std::is_same_v<To, T>) {
      return from;
    } else {
      return static_cast<To>(static_cast<std::int32_t>(from));
    }
  }
  template <class To>
  BRINK_HOT static void put(Vector<To> const& to, Index id, Index count, Lanes const& lanes) {
    if (to.data == nullptr) return;
    T from[width];
    lanes.store_unaligned(from);
    To* const out = to.data + id;
    auto const convert = [&](Index end) {
      for (Index lane = 0; lane < end; ++lane) out[lane] = converted<To>(from[lane]);
    };
    if (count == width) {
      convert(width);
    } else {
      convert(count);
    }
  }
  /// The lanes that trajectories from the pool run in, between two refills.
  struct Slots {
    Stored trajectories;
    T anchor[D][width], since[width], due[width], periodic[width];
    Index id[width];  ///< −1: empty
  };

  /// Runs the pool's trajectories until none waits, or none is left at all.
  void work_off(bool to_the_end) {
    while (refill() && (to_the_end || pooled_ > 0)) {
      run_block();
    }
  }

  /// Fills the empty slots from the pool; whether any is in use then.
  bool refill() {
    bool used = false;
    for (Slots& s : slots_) {
      for (Index lane = 0; lane < width; ++lane) {
        if (s.id[lane] < 0 && pooled_ > 0) take(s, lane);
        used = used || s.id[lane] >= 0;
      }
    }
    return used;
  }
  void take(Slots& s, Index lane) {
    --pooled_;
    for (int i = 0; i < D; ++i) {
      s.trajectories.at[i][lane] = s.anchor[i][lane] = pool_.at[i][pooled_];
    }
    s.trajectories.steps[lane] = static_cast<T>(prologue);
    s.trajectories.rises[lane] = pool_.rises[pooled_];
    s.trajectories.last_rise[lane] = pool_.last_rise[pooled_];
    s.trajectories.active[lane] = s.since[lane] = T(1);
    s.due[lane] = T(basin::longest_period);
    s.id[lane] = pool_.id[pooled_];
  }

  /// A few steps of all slots, and the verdicts of those that are done.
  void run_block() {
    Trajectories a = restored(slots_[0].trajectories);
    Trajectories b = restored(slots_[1].trajectories);
    evaluate(a);
    evaluate(b);
    Recurrence of_a = recurrence(slots_[0], a);
    Recurrence of_b = recurrence(slots_[1], b);
    for (Index k = 0; k < block && xsimd::any(a.active | b.active); ++k) {
      advance(a, true);
      advance(b, true);
      check(a, b);
      if ((k + 1) % basin::check_every == 0) {
        check_settled(a);
        check_settled(b);
      }
      check_recurrence(a, of_a);
      check_recurrence(b, of_b);
      a.active = a.active & (a.steps < Lanes(static_cast<T>(terms_.max_steps)));
      b.active = b.active & (b.steps < Lanes(static_cast<T>(terms_.max_steps)));
    }
    put_back(a, of_a, slots_[0]);
    put_back(b, of_b, slots_[1]);
  }

  BRINK_HOT static Recurrence recurrence(Slots const& s, Trajectories const& t) {
    Recurrence r;
    for (int i = 0; i < D; ++i) r.of.anchor[i] = Lanes::load_unaligned(s.anchor[i]);
    r.of.since = Lanes::load_unaligned(s.since);
    r.of.due = Lanes::load_unaligned(s.due);
    r.found = t.active & !t.active;
    return r;
  }
  BRINK_HOT void put_back(Trajectories const& t, Recurrence const& r, Slots& s) {
    store(t, s.trajectories);
    for (int i = 0; i < D; ++i) r.of.anchor[i].store_unaligned(s.anchor[i]);
    r.of.since.store_unaligned(s.since);
    r.of.due.store_unaligned(s.due);
    xsimd::select(r.found, Lanes(T(1)), Lanes(T(0))).store_unaligned(s.periodic);
    if (!xsimd::all(t.active)) retire(s);
  }

  /// Writes the verdicts of the slots that are done, and empties those.
  BRINK_COLD void retire(Slots& s) {
    Trajectories const t = restored(s.trajectories);
    Verdicts const v = verdicts(t, Lanes::load_unaligned(s.periodic) != Lanes(T(0)));
    T outcome[width], minimum[width];
    v.outcome.store_unaligned(outcome);
    v.minimum.store_unaligned(minimum);
    for (Index lane = 0; lane < width; ++lane) {
      Index const id = s.id[lane];
      if (id < 0 || s.trajectories.active[lane] != T(0)) continue;
      auto const write_one = [&]<class To>(Vector<To> const& to, T from) {
        if (to.data != nullptr) to.data[id] = converted<To>(from);
      };
      write_one(task_.results.outcome, outcome[lane]);
      write_one(task_.results.minimum, minimum[lane]);
      write_one(task_.results.steps, s.trajectories.steps[lane]);
      write_one(task_.results.rises, s.trajectories.rises[lane]);
      write_one(task_.results.last_rise, s.trajectories.last_rise[lane]);
      Matrix<T> const& to = task_.results.final_point;
      for (int i = 0; to.data != nullptr && i < D; ++i) {
        to.data[i * to.stride + id] = s.trajectories.at[i][lane];
      }
      s.id[lane] = -1;
    }
  }

  /// Trajectories that outlast the prologue.
  struct Pool {
    T at[D][pool_size], rises[pool_size], last_rise[pool_size];
    Index id[pool_size];
  };

  BasinTask<T> const& task_;
  Objective f_;
  basin::Terms<T> terms_;
  Set set_[basin::most_sets];
  int sets_ = 0;
  T highest_level_ = -std::numeric_limits<T>::infinity();
  bool counts_;  ///< steps, and which rose last
  Slots slots_[2] = {};
  Pool pool_;
  Index pooled_ = 0;
};

}  // namespace

template <class T>
void BRINK_SIMD_SCAN(BasinTask<T> const& task) {
  with_landscape(task.rule->landscape, [&]<class Landscape>(Landscape const& f) {
    if (task.rule->on_square_root) {
      landscape::SquareRoot<Landscape> const root{f};
      Scanner<landscape::SquareRoot<Landscape>, T>(root, task).run();
    } else {
      Scanner<Landscape, T>(f, task).run();
    }
  });
}
template void BRINK_SIMD_SCAN<float>(BasinTask<float> const&);
template void BRINK_SIMD_SCAN<double>(BasinTask<double> const&);

}  // namespace brink::cpu
