// Loops over long rows that can be interrupted: they poll for Ctrl-C between blocks.
#pragma once

#include <algorithm>
#include <utility>

#include "plait/base/interrupt.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {

/// Elements between two polls: some 0.1 ms of an easy loop, a few ms of sorting.
inline constexpr Index kPolledBlock = Index{1} << 15;

/// body(begin, end) over [0, count) in blocks; ranges shorter than one block do not poll.
template <class Body>
inline void in_polled_blocks(Index count, const Body& body) {
  Index begin = 0;
  for (; count - begin > kPolledBlock; begin += kPolledBlock) {
    body(begin, begin + kPolledBlock);
    poll_interrupt();
  }
  body(begin, count);
}

template <class T>
void fill_polled(T* to, Index count) {
  in_polled_blocks(count, [&](Index begin, Index end) { std::fill(to + begin, to + end, T{}); });
}

template <class T>
void copy_polled(const T* from, Index count, T* to) {
  in_polled_blocks(count, [&](Index begin, Index end) { std::copy(from + begin, from + end, to + begin); });
}

/// Counts the elements of many short rows and polls after each kPolledBlock elements.
class PolledRows {
 public:
  void done(Index elements) {
    count_ += elements;
    if (count_ < kPolledBlock) return;
    count_ = 0;
    poll_interrupt();
  }

 private:
  Index count_ = 0;
};

/// An element of a row with its index.
template <class T>
struct Placed {
  T value;
  Index place;
};

/// Ascending, NaN last, ties by index: a total order, so any sort algorithm gives the stable result.
struct Ahead {  // a type, not a function, so that std::sort inlines it
  template <class T>
  bool operator()(const Placed<T>& a, const Placed<T>& b) const {
    if (a.value < b.value) return true;
    if (b.value < a.value) return false;
    const bool x = a.value != a.value, y = b.value != b.value;
    return x == y ? a.place < b.place : y;
  }
};

/// Merges the sorted [left, middle) and [middle, right) into `to`. All indices on the left are smaller, so ties are taken from the left; the choice
/// compiles to a conditional move.
template <class T>
void merge_polled(const Placed<T>* left, const Placed<T>* middle, const Placed<T>* right, Placed<T>* to) {
  const Placed<T>*a = left, *b = middle;
  while (a != middle && b != right) {
    const Index sure = std::min<Index>({middle - a, right - b, kPolledBlock});  // neither side can run out within this many steps
    for (Index i = 0; i < sure; ++i) {
      const T x = a->value, y = b->value;
      const bool second = (y < x) | ((x != x) & (y == y));
      *to++ = *(second ? b : a);
      b += second;
      a += !second;
    }
    poll_interrupt();
  }
  const Placed<T>* const rest = a != middle ? a : b;
  copy_polled(rest, (a != middle ? middle : right) - rest, to);
}

/// The same for two runs of equal length, from both ends at once: two independent dependency chains. Neither can exhaust a run within its `run`
/// steps, so no bounds are checked.
template <class T>
void merge_equal_polled(const Placed<T>* left, Index run, Placed<T>* to) {
  const Placed<T>*a = left, *b = left + run, *a_last = b - 1, *b_last = a_last + run;
  Placed<T>* to_last = to + 2 * run - 1;
  in_polled_blocks(run, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const T x = a->value, y = b->value, u = a_last->value, v = b_last->value;
      const bool second = (y < x) | ((x != x) & (y == y)), first = (v < u) | ((u != u) & (v == v));
      *to++ = *(second ? b : a);
      b += second;
      a += !second;
      *to_last-- = *(first ? a_last : b_last);
      a_last -= first;
      b_last -= !first;
    }
  });
}

/// Sorts `count` elements at `from`; `other` is a buffer of the same size, used for more than one block. Returns the buffer with the result.
template <class T>
const Placed<T>* sort_polled(Placed<T>* from, Placed<T>* other, Index count) {
  const Ahead ahead;
  in_polled_blocks(count, [&](Index begin, Index end) { std::sort(from + begin, from + end, ahead); });
  for (Index run = kPolledBlock; run < count; run *= 2) {
    bool sorted = true;  // already sorted rows end here
    for (Index at = run; sorted && at < count; at += run) sorted = ahead(from[at - 1], from[at]);
    if (sorted) break;
    for (Index begin = 0; begin < count; begin += 2 * run) {
      const Index middle = std::min(count, begin + run), end = std::min(count, begin + 2 * run);
      if (middle < end && ahead(from[end - 1], from[begin])) {  // all of the right run sorts before the left one, as in descending rows
        copy_polled(from + middle, end - middle, other + begin);
        copy_polled(from + begin, middle - begin, other + begin + (end - middle));
      } else if (end - begin == 2 * run) {
        merge_equal_polled(from + begin, run, other + begin);
      } else {
        merge_polled(from + begin, from + middle, from + end, other + begin);
      }
    }
    std::swap(from, other);
  }
  return from;
}

}  // namespace plait::graph
