// The recursion of edit.hpp with rows as lanes; rows.cpp has it in its plain form. Compiled
// without contraction: both forms give the same bits.
#include "align/edit/strips.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
namespace {

template <class T>
struct SymbolOf {
  using type = T;
};
template <>
struct SymbolOf<double> {
  using type = std::int64_t;
};

template <class T, Transposition kind, bool counted>
void run(const EditStrip& s) {
  using Symbol = typename SymbolOf<T>::type;
  constexpr bool restricted = kind == Transposition::restricted, unrestricted = kind == Transposition::unrestricted;
  const Index rows = s.rows, m = s.columns, width = s.stride;
  const Symbol* const x = static_cast<const Symbol*>(s.x);
  T *const above = static_cast<T*>(s.above), *const above2 = static_cast<T*>(s.above2);
  double *const counts_above = s.counts_above, *const counts_above2 = s.counts_above2;
  const T* const left_border = static_cast<const T*>(s.left);
  const T insert = static_cast<T>(s.insert), remove = static_cast<T>(s.remove), substitute = static_cast<T>(s.substitute);
  const T none = static_cast<T>(s.none);
  // [k]: the anti-diagonal of k steps ago; rows -2 and -1 are above the strip.
  T* values[kDiagonals];
  double* counts[kDiagonals];
  for (int k = 0; k < kDiagonals; ++k) {
    values[k] = static_cast<T*>(s.values) + k * width + 2;
    if constexpr (counted) counts[k] = static_cast<double*>(s.values) + (kDiagonals + k) * width + 2;
  }
  for (Index t = -2; t < m + rows; ++t) {
    T* const oldest = values[kDiagonals - 1];
    for (int k = kDiagonals - 1; k > 0; --k) values[k] = values[k - 1];
    values[0] = oldest;
    if constexpr (counted) {
      double* const first = counts[kDiagonals - 1];
      for (int k = kDiagonals - 1; k > 0; --k) counts[k] = counts[k - 1];
      counts[0] = first;
    }
    T* const z = values[0];
    double* const ways = counted ? counts[0] : nullptr;
    if (t + 1 >= 0 && t + 1 <= m) {
      z[-1] = above[t + 1];
      if constexpr (counted) ways[-1] = counts_above[t + 1];
    }
    if (t + 2 <= m) {
      z[-2] = above2[t + 2];
      if constexpr (counted) ways[-2] = counts_above2[t + 2];
    }
    if (t >= 0 && t < rows) {
      z[t] = left_border[t];
      if constexpr (counted) ways[t] = 1;
    }
    if (t < 1) continue;
    const Index begin = t > m ? t - m : 0, end = t < rows ? t : rows;
    const Symbol* const y = static_cast<const Symbol*>(s.y) - t;
    const T *const one = values[1], *const two = values[2], *const three = values[3], *const four = values[4];
    const double* const ways1 = counted ? counts[1] : nullptr;
    const double* const ways2 = counted ? counts[2] : nullptr;
    const double* const ways3 = counted ? counts[3] : nullptr;
    const double* const ways4 = counted ? counts[4] : nullptr;
    T *const held = static_cast<T*>(s.held), *const kept = static_cast<T*>(s.kept) - t;
    double* const counts_held = counted ? s.counts_held : nullptr;
    double* const counts_kept = counted && unrestricted ? s.counts_kept - t : nullptr;
#pragma GCC ivdep
    for (Index i = begin; i < end; ++i) {
      const bool equal = x[i] == y[i];
      const T match = static_cast<T>(two[i - 1] + (equal ? T{0} : substitute));
      const T up = static_cast<T>(one[i - 1] + remove), left = static_cast<T>(one[i] + insert);
      T best = up < left ? up : left;
      best = match < best ? match : best;
      T columns = none, across = none;
      if constexpr (restricted) {
        const bool crossed = (x[i] == y[i + 1]) & (x[i - 1] == y[i]);
        const T exchanged = static_cast<T>(four[i - 2] + substitute);
        columns = crossed ? exchanged : none;
        best = columns < best ? columns : best;
      }
      if constexpr (unrestricted) {
        // Loaded whether needed or not, so that nothing branches.
        const T holds = held[i], keeps = kept[i];
        const T from_columns = static_cast<T>(three[i - 2] + substitute), from_rows = static_cast<T>(three[i - 1] + substitute);
        const bool above_equal = x[i - 1] == y[i];
        columns = above_equal ? holds : none;
        best = columns < best ? columns : best;
        across = (x[i] == y[i + 1]) & !above_equal ? keeps : none;
        best = across < best ? across : best;
        if constexpr (counted) {
          const double held_ways = counts_held[i], kept_ways = counts_kept[i], w2 = ways2[i - 1], w1 = ways1[i - 1], w0 = ways1[i];
          const double w32 = ways3[i - 2], w31 = ways3[i - 1];
          // In the order in which rows.cpp adds them.
          double sum = match == best ? w2 : 0.0;
          sum += columns == best ? held_ways : 0.0;
          sum += across == best ? kept_ways : 0.0;
          sum += up == best ? w1 : 0.0;
          ways[i] = sum + (left == best ? w0 : 0.0);
          // Sums, since what is either replaced or left would be stored under a mask, for which the next load has to wait.
          counts_held[i] = equal ? w32 : held_ways + 0.0;
          counts_kept[i] = equal ? w31 : kept_ways + 0.0;
        }
        held[i] = equal ? from_columns : static_cast<T>(holds + insert);
        kept[i] = equal ? from_rows : static_cast<T>(keeps + remove);
      } else if constexpr (counted) {
        const double w4 = restricted ? ways4[i - 2] : 0.0, w2 = ways2[i - 1], w1 = ways1[i - 1], w0 = ways1[i];
        double sum = match == best ? w2 : 0.0;
        if constexpr (restricted) sum += columns == best ? w4 : 0.0;
        sum += up == best ? w1 : 0.0;
        ways[i] = sum + (left == best ? w0 : 0.0);
      }
      z[i] = best;
    }
    // In place: what is read of these rows lies further on.
    if (const Index column = t - (rows - 1); column >= 1 && column <= m) {
      above[column] = z[rows - 1];
      if constexpr (counted) counts_above[column] = ways[rows - 1];
    }
    if (const Index column = t - (rows - 2); rows > 1 && column >= 1 && column <= m) {
      above2[column] = z[rows - 2];
      if constexpr (counted) counts_above2[column] = ways[rows - 2];
    }
    if ((t & 0x3FF) == 0x3FF) s.poll();
  }
  above[0] = left_border[rows - 1];
  if (rows > 1) above2[0] = left_border[rows - 2];
  if constexpr (counted) {
    counts_above[0] = 1;
    counts_above2[0] = 1;
  }
}

#define PLAIT_EACH_KIND(T, counted) \
  {run<T, Transposition::none, counted>, run<T, Transposition::restricted, counted>, run<T, Transposition::unrestricted, counted>}

}  // namespace

const StripTable& strip_table() {
  static constexpr StripTable table = {PLAIT_EACH_KIND(double, false), PLAIT_EACH_KIND(std::int32_t, false),
#if defined(__AVX512BW__)
                                       PLAIT_EACH_KIND(std::int16_t, false),
#else  // without masks of 16 bits the loop with all that is kept is no vector code
                                       {run<std::int16_t, Transposition::none, false>, run<std::int16_t, Transposition::restricted, false>, nullptr},
#endif
                                       PLAIT_EACH_KIND(double, true)};
  return table;
}

#undef PLAIT_EACH_KIND

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
