// Slots of many values. Cells come from loops that the compiler makes vectors of; looking up is done one value at a time, many of them in
// flight: gathers are no quicker here.
#include "histogram/cells.hpp"

namespace plait::histogram::PLAIT_ISA_NS {
namespace {

using namespace plait::histogram;

constexpr Index kGroup = 16;

/// Rest of the search within the cells: out holds their starts.
template <int steps>
void finish(const double* thresholds, const double* x, Index n, Slot* out) {
  for (Index i = 0; i < n; ++i) {
    Slot at = out[i];
    const double value = x[i];
    if constexpr (steps >= 4) at += (thresholds[at + 7] <= value) * 8U;
    if constexpr (steps >= 3) at += (thresholds[at + 3] <= value) * 4U;
    if constexpr (steps >= 2) at += (thresholds[at + 1] <= value) * 2U;
    if constexpr (steps >= 1) at += thresholds[at] <= value;
    out[i] = at;
  }
}

void finish(int steps, const double* thresholds, const double* x, Index n, Slot* out) {
  switch (steps) {
    case 0: return;
    case 1: return finish<1>(thresholds, x, n, out);
    case 2: return finish<2>(thresholds, x, n, out);
    case 3: return finish<3>(thresholds, x, n, out);
    default: return finish<4>(thresholds, x, n, out);
  }
}

// As many at a time as a register holds: wider vectors are taken apart through memory.
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
constexpr Index kProbe = 64;  // values after which it is seen whether these are data that lie on borders

void uniform_compared(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const double low = lookup.low, scale = lookup.scale, last = static_cast<double>(lookup.cells) - 0.25;
  for (Index i = 0; i < n; ++i) {
    const Slot cell = static_cast<Slot>(static_cast<std::int32_t>(linear_position(x[i], low, scale, last)));
    out[i] = cell + static_cast<Slot>(lookup.thresholds[cell] <= x[i]);
  }
}

/// Thresholds are in the middles of cells, one in each: rounding decides, but for values next to a middle. False if there were such.
bool uniform_rounded(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const Doubles zero{}, low = zero + lookup.low, scale = zero + lookup.scale, last = zero + (static_cast<double>(lookup.cells) - 0.25);
  Masks near{};
  for (Index i = 0; i < n; i += kLanes) {
    Doubles q;
    __builtin_memcpy(&q, x + i, sizeof q);
    q = (q - low) * scale;
    q = q > zero ? q : zero;
    q = q < last ? q : last;
    q += 0.5;
    const Cells rounded = __builtin_convertvector(q, Cells);
    const Doubles past = q - __builtin_convertvector(rounded, Doubles);
    near |= (past <= kNear) | (past >= 1 - kNear);
    __builtin_memcpy(out + i, &rounded, sizeof rounded);
  }
  long long any = 0;
  for (Index lane = 0; lane < kLanes; ++lane) any |= near[lane];
  return any == 0;
}

void uniform(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const Index probe = n < kProbe ? 0 : kProbe, whole = n / kLanes * kLanes;
  const bool rounds = uniform_rounded(lookup, x, probe, out) && uniform_rounded(lookup, x + probe, whole - probe, out + probe);
  const Index done = rounds ? whole : 0;
  uniform_compared(lookup, x + done, n - done, out + done);
}

void linear(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const double low = lookup.low, scale = lookup.scale, last = static_cast<double>(lookup.cells - 1);
  for (Index i = 0; i < n; ++i) out[i] = static_cast<Slot>(static_cast<std::int32_t>(linear_position(x[i], low, scale, last)));
  for (Index i = 0; i < n; ++i) out[i] = lookup.start[out[i]];
  finish(lookup.steps, lookup.thresholds, x, n, out);
}

void bits(const Lookup& lookup, const double* x, Index n, Slot* out) {
  const std::int32_t first = lookup.first_key, last = static_cast<std::int32_t>(lookup.cells - 1);
  const int shift = lookup.shift;
  for (Index i = 0; i < n; ++i) out[i] = static_cast<Slot>(bits_cell(x[i], shift, first, last));
  for (Index i = 0; i < n; ++i) out[i] = lookup.start[out[i]];
  finish(lookup.steps, lookup.thresholds, x, n, out);
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
    case Lookup::Kind::uniform: uniform(lookup, x, n, out); break;
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
