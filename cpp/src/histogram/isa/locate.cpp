// Slots of many values. Cells come from vectorised loops; table look-ups are done one value at a time, with many in
// flight: gathers are no faster here.
#include "histogram/cells.hpp"

namespace plait::histogram::PLAIT_ISA_NS {
namespace {

using namespace plait::histogram;

constexpr Index kGroup = 16;

/// Binary search within the cells; on entry out holds their numbers.
template <int steps>
void finish(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const Slot* const start = lookup.start;
  const double* const thresholds = lookup.thresholds;
  for (Index i = 0; i < n; ++i) {
    Slot at = start[out[i]];
    const double value = x[i];
    if constexpr (steps >= 4) at += (thresholds[at + 7] <= value) * 8U;
    if constexpr (steps >= 3) at += (thresholds[at + 3] <= value) * 4U;
    if constexpr (steps >= 2) at += (thresholds[at + 1] <= value) * 2U;
    if constexpr (steps >= 1) at += thresholds[at] <= value;
    out[i] = at;
  }
}

void finish(const Lookup& lookup, const double* x, Index n, Slot* out) {
  switch (lookup.steps) {
    case 0: return finish<0>(lookup, x, n, out);
    case 1: return finish<1>(lookup, x, n, out);
    case 2: return finish<2>(lookup, x, n, out);
    case 3: return finish<3>(lookup, x, n, out);
    default: return finish<4>(lookup, x, n, out);
  }
}

// As many at a time as fit a register: wider vectors would be split through memory.
#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
typedef double Doubles __attribute__((vector_size(kBytes)));
typedef long long Masks __attribute__((vector_size(kBytes)));
typedef std::int32_t Cells __attribute__((vector_size(kBytes / 2)));
constexpr Index kLanes = kBytes / 8;
typedef std::uint32_t Words __attribute__((vector_size(kBytes / 2)));

/// Exact for every value, NaN included. Does not read `out`, which may contain the results of an incomplete first attempt.
void uniform_compared(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const double low = lookup.low, scale = lookup.scale, last = static_cast<double>(lookup.cells) - 0.25;
  const double* const thresholds = lookup.thresholds;
  const Slot of_nan = lookup.count + 1;
  for (Index i = 0; i < n; ++i) out[i] = static_cast<Slot>(static_cast<std::int32_t>(linear_position(x[i], low, scale, last)));
  for (Index i = 0; i < n; ++i) {
    const Slot slot = out[i] + static_cast<Slot>(thresholds[out[i]] <= x[i]);
    out[i] = x[i] == x[i] ? slot : of_nan;
  }
}

/// The slot is the integer part of a fixed-point number, as thresholds are within kNear / 2 of integers. False if a value was nearer to one
/// than that, or NaN, which converts to the least integer and is thus found near.
bool uniform_rounded(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const int fraction = lookup.fraction;
  const double unit = static_cast<double>(1 << fraction);
  const Doubles zero{}, low = zero + lookup.edge_low, scale = zero + lookup.scale * unit;
  const Doubles least = zero + 0.5 * unit, most = zero + (static_cast<double>(lookup.cells) + 0.5) * unit;
  const auto margin = static_cast<std::uint32_t>(kNear * unit);  // at least 1
  const Words part = Words{} + ((std::uint32_t{1} << fraction) - 1);
  Words nearest = ~Words{};
  for (Index i = 0; i < n; i += kLanes) {
    Doubles q;
    __builtin_memcpy(&q, x + i, sizeof q);
    q = (q - low) * scale;
    q = least > q ? least : q;  // in this order a NaN stays
    q = most < q ? most : q;
    const Words fixed = (Words) __builtin_convertvector(q, Cells);
    const Words slots = fixed >> fraction, apart = (fixed + margin) & part;
    nearest = apart < nearest ? apart : nearest;
    __builtin_memcpy(out + i, &slots, sizeof slots);
  }
  bool far = true;
  for (Index lane = 0; lane < kLanes; ++lane) far &= nearest[lane] >= 2 * margin;
  return far;
}

/// In groups, so that a single NaN or a value on a border costs no more than its group; after such a group, some use the exact path at once.
void uniform(const Lookup& lookup, const double* x, Index n, Slot* out) {
  constexpr Index kTogether = 64, kExact = 192;
  static_assert(kTogether % kLanes == 0);
  Index exact = lookup.fraction > 0 ? 0 : n;
  for (Index at = 0; at < n;) {
    if (exact == 0 && n - at >= kTogether) {
      if (!uniform_rounded(lookup, x + at, kTogether, out + at)) {
        uniform_compared(lookup, x + at, kTogether, out + at);
        exact = kExact;
      }
      at += kTogether;
    } else {
      const Index size = exact == 0 || n - at < exact ? n - at : exact;
      uniform_compared(lookup, x + at, size, out + at);
      exact = 0;
      at += size;
    }
  }
}

void linear(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const double low = lookup.low, scale = lookup.scale, last = static_cast<double>(lookup.cells - 1);
  for (Index i = 0; i < n; ++i) out[i] = static_cast<Slot>(static_cast<std::int32_t>(linear_position(x[i], low, scale, last)));
  finish(lookup, x, n, out);
}

void bits(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const std::int32_t first = lookup.first_key, last = static_cast<std::int32_t>(lookup.cells - 1);
  const int shift = lookup.shift;
  for (Index i = 0; i < n; ++i) out[i] = static_cast<Slot>(bits_cell(x[i], shift, first, last));
  finish(lookup, x, n, out);
}

void tree(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const double* const nodes = lookup.tree;
  const Slot leaves = Slot{1} << lookup.levels;
  Index i = 0;
  for (; i + kGroup <= n; i += kGroup) {
    Slot at[kGroup];
    for (Index k = 0; k < kGroup; ++k) at[k] = 1;
    for (int level = 0; level < lookup.levels; ++level)
      for (Index k = 0; k < kGroup; ++k) at[k] = 2 * at[k] + static_cast<Slot>(nodes[at[k]] <= x[i + k]);
    for (Index k = 0; k < kGroup; ++k) out[i + k] = at[k] - leaves;
  }
  for (; i < n; ++i) {
    Slot at = 1;
    for (int level = 0; level < lookup.levels; ++level) at = 2 * at + static_cast<Slot>(nodes[at] <= x[i]);
    out[i] = at - leaves;
  }
}

void block(const Lookup& lookup, const double* x, Index n, Slot* out) {
  switch (lookup.kind) {
    case Lookup::Kind::uniform: return uniform(lookup, x, n, out);
    case Lookup::Kind::linear: linear(lookup, x, n, out); break;
    case Lookup::Kind::bits: bits(lookup, x, n, out); break;
    case Lookup::Kind::tree: tree(lookup, x, n, out); break;
  }
  const Slot of_nan = lookup.count + 1;
  for (Index i = 0; i < n; ++i) out[i] = x[i] == x[i] ? out[i] : of_nan;
}

void of_double(const Lookup& lookup, const double* x, Index n, Slot* out) {
  for (Index at = 0; at < n; at += kBlock) block(lookup, x + at, n - at < kBlock ? n - at : kBlock, out + at);
}

void of_float(const Lookup& lookup, const float* x, Index n, Slot* out) {
  double exact[kBlock];
  for (Index at = 0; at < n; at += kBlock) {
    const Index size = n - at < kBlock ? n - at : kBlock;
    for (Index i = 0; i < size; ++i) exact[i] = static_cast<double>(x[at + i]);
    block(lookup, exact, size, out + at);
  }
}

}  // namespace

const LocateTable& locate_table() {
  static constexpr LocateTable table = {of_double, of_float};
  return table;
}

}  // namespace plait::histogram::PLAIT_ISA_NS
