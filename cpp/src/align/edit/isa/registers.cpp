// The recursion of edit.hpp with rows as lanes, bit-equal to its plain form in rows.cpp.
#include "align/edit/registers.hpp"

#include "align/core/register_lanes.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
using namespace rows;
namespace {

constexpr double kNone = 1e300;  // greater than any distance

/// Each step depends on the previous one; several registers are interleaved to hide its latency, as many as fit the register file.
constexpr int registers(Transposition kind, bool counted) {
  return kind == Transposition::none ? 4 : kind == Transposition::restricted && !counted ? 3 : 2;
}

/// The cells that later steps use: the current one, those above it and above its left neighbours.
template <int kRegisters>
struct Cells {
  V here[kRegisters], above[kRegisters], above_left[kRegisters], above_left2[kRegisters];

  PLAIT_INLINE void next(int r, V above_now) { above_left2[r] = above_left[r], above_left[r] = above[r], above[r] = above_now; }
};

template <Transposition kind, bool counted>
class Tile {
  static constexpr bool restricted = kind == Transposition::restricted, unrestricted = kind == Transposition::unrestricted;
  static constexpr int kRegisters = registers(kind, counted);
  static constexpr Index kRows = kRegisters * kRowLanes;

 public:
  explicit Tile(EditRows& s)
      : s_(s), insert_(all(s.insert)), remove_(all(s.remove)), substitute_(all(s.substitute)), last_(static_cast<int>(s.rows - 1)) {
    for (int r = 0; r < kRegisters; ++r) {
      number_[r] = numbers(r);
      d_.here[r] = d_.above[r] = d_.above_left[r] = d_.above_left2[r] = V{};
      paths_.here[r] = paths_.above[r] = paths_.above_left[r] = paths_.above_left2[r] = V{};
      held_[r] = kept_[r] = all(kNone);
      held_paths_[r] = kept_paths_[r] = V{};
    }
  }

  PLAIT_INLINE void run() {
    const Index m = s_.columns, end = m + s_.rows, whole = s_.last || m < kRows ? 0 : m + 1;
    Index t = 0;
    for (; t < (whole > 0 ? kRows : end); ++t) step<true>(t);
    for (; t < whole; ++t) {
      step<false>(t);
      if ((t & 0xFFFF) == 0xFFFF) s_.poll();
    }
    for (; t < end; ++t) step<true>(t);
    double score[kRows], paths[kRows];
    for (int r = 0; r < kRegisters; ++r) store(score + r * kRowLanes, d_.here[r]), store(paths + r * kRowLanes, paths_.here[r]);
    s_.score = score[last_], s_.paths = paths[last_];
  }

 private:
  /// edge: some lanes are on or outside the border.
  template <bool edge>
  PLAIT_INLINE void step(Index t) {
#pragma GCC unroll 4
    for (int r = kRegisters - 1; r >= 0; --r) {
      const V x = load<V>(s_.x + r * kRowLanes), y = load<V>(s_.y + (r * kRowLanes - t));
      const M equal = x == y;
      // From the register above, its values at the columns used here.
      const V above = shifted(d_.here, r, s_.h[t]), diagonal = d_.above[r];
      const V far = restricted ? shifted(d_.above_left2, r, s_.h2[t - 2]) : unrestricted ? shifted(d_.above_left, r, s_.h2[t - 1]) : V{};
      const V match = diagonal + where(~equal, substitute_), up = above + remove_, left = d_.here[r] + insert_;
      V best = min(min(up, left), match);
      V columns = all(kNone), across = columns;
      V held{}, kept{};
      if constexpr (kind != Transposition::none) {
        const M before = load<V>(s_.x + (r * kRowLanes - 1)) == y, equal_left = x == load<V>(s_.y + (r * kRowLanes - t + 1));
        if constexpr (restricted) {
          columns = before & equal_left ? far + substitute_ : all(kNone);
        } else {
          held = held_[r], kept = shifted(kept_, r, s_.kept[t]);
          columns = before ? held : all(kNone);
          across = ~before & equal_left ? kept : all(kNone);
          best = min(best, across);
          held_[r] = equal ? far + substitute_ : held + insert_;
          kept_[r] = equal ? d_.above_left[r] + substitute_ : kept + remove_;
        }
        best = min(best, columns);
      }
      if constexpr (counted) {
        const V above_paths = shifted(paths_.here, r, s_.h_paths[t]);
        // In the order of additions in rows.cpp.
        V paths = where(match == best, paths_.above[r]);
        if constexpr (restricted) paths = add_where(paths, columns == best, shifted(paths_.above_left2, r, s_.h2_paths[t - 2]));
        if constexpr (unrestricted) {
          const V kept_paths = shifted(kept_paths_, r, s_.kept_paths[t]), held_paths = held_paths_[r];
          paths = add_where(add_where(paths, columns == best, held_paths), across == best, kept_paths);
          held_paths_[r] = equal ? shifted(paths_.above_left, r, s_.h2_paths[t - 1]) : held_paths;
          kept_paths_[r] = equal ? paths_.above_left[r] : kept_paths;
        }
        paths = add_where(add_where(paths, up == best, above_paths), left == best, paths_.here[r]);
        if constexpr (edge) paths = number_[r] == all(static_cast<double>(t)) ? all(1) : paths;
        next_paths_[r] = paths;
        above_paths_[r] = above_paths;
      }
      if constexpr (edge) best = number_[r] == all(static_cast<double>(t)) ? load<V>(s_.left + r * kRowLanes) : best;
      // Stored last: the previous register still needs the old value.
      d_.here[r] = best;
      d_.next(r, above);
      if constexpr (counted) {
        paths_.here[r] = next_paths_[r];
        paths_.next(r, above_paths_[r]);
      }
    }
    const Index column = t - last_;
    if (!s_.last && (!edge || (column >= 0 && column <= s_.columns))) {
      constexpr int top = kRegisters - 1, lane = kRowLanes - 1;
      s_.h[column] = d_.here[top][lane];
      if constexpr (kind != Transposition::none) s_.h2[column] = d_.above[top][lane];
      if constexpr (unrestricted) s_.kept[column] = kept_[top][lane];
      if constexpr (counted) {
        s_.h_paths[column] = paths_.here[top][lane];
        if constexpr (kind != Transposition::none) s_.h2_paths[column] = paths_.above[top][lane];
        if constexpr (unrestricted) s_.kept_paths[column] = kept_paths_[top][lane];
      }
    }
  }

  EditRows& s_;
  V insert_, remove_, substitute_;
  int last_;
  V number_[kRegisters];
  Cells<kRegisters> d_, paths_;
  V held_[kRegisters], kept_[kRegisters], held_paths_[kRegisters], kept_paths_[kRegisters];
  V next_paths_[kRegisters], above_paths_[kRegisters];
};

template <Transposition kind, bool counted>
void run(EditRows& s) {
  Tile<kind, counted>(s).run();
}

template <Transposition kind, bool counted>
constexpr EditRowsKernel kKernel = {registers(kind, counted) * kRowLanes, run<kind, counted>};

}  // namespace

const EditRowsTable& edit_rows_table() {
  static constexpr EditRowsTable table = {
      {kKernel<Transposition::none, false>, kKernel<Transposition::restricted, false>, kKernel<Transposition::unrestricted, false>},
      {kKernel<Transposition::none, true>, kKernel<Transposition::restricted, true>, kKernel<Transposition::unrestricted, true>}};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
