// What cells cost, in registers: features of elements as measure.cpp lays them out. That file also has each cost plainly, operation by
// operation in the same order, so that both give the same bits and break ties alike.
#pragma once

#include "align/elastic/isa/tile.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {
namespace {

/// W: values of an element, 0 where only the strip knows.
template <int W>
PLAIT_INLINE Index width_of(Index width) {
  return W > 0 ? W : width;
}
/// Euclidean distance of the values from feature `at` on.
template <int W, class X, class Y>
PLAIT_INLINE V distance(const X& x, const Y& y, Index at, Index width) {
  if constexpr (W == 1) {
    return magnitude(x(at) - y(at));
  } else {
    V sum{};
    for (Index k = 0; k < width; ++k) {
      const V d = x(at + k) - y(at + k);
      sum += d * d;
    }
    return root(sum);
  }
}

template <int W>
struct Squared {
  static constexpr int kFeatures = W;
  static constexpr bool kShared = true, kPrecomputed = false;
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width) {
    V d = x(0) - y(0), sum = d * d;
    for (Index k = 1; k < width_of<W>(width); ++k) {
      d = x(k) - y(k);
      sum += d * d;
    }
    return sum;
  }
};
template <int W>
struct Absolute {
  static constexpr int kFeatures = W;
  static constexpr bool kShared = true, kPrecomputed = false;
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width) {
    V sum = magnitude(x(0) - y(0));
    for (Index k = 1; k < width_of<W>(width); ++k) sum += magnitude(x(k) - y(k));
    return sum;
  }
};
struct Euclidean {
  static constexpr int kFeatures = 0;
  static constexpr bool kShared = true, kPrecomputed = false;
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width) {
    return distance<0>(x, y, 0, width);
  }
};
/// Features are of length one, or all zero.
struct Cosine {
  static constexpr int kFeatures = 0;
  static constexpr bool kShared = true, kPrecomputed = false;
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width) {
    V sum = x(0) * y(0);
    for (Index k = 1; k < width; ++k) sum += x(k) * y(k);
    const V rest = all(1.0) - sum;
    return rest < all(0.0) ? V{} : rest;
  }
};
struct Given {
  static constexpr int kFeatures = 0;
  static constexpr bool kShared = true, kPrecomputed = true;
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X&, const Y& y, Index) {
    return y(0);
  }
};

/// Features: values, distance to the gap element.
template <int W>
struct Erp {
  static constexpr int kFeatures = W > 0 ? W + 1 : 0;
  static constexpr bool kShared = false, kPrecomputed = false;
  template <class X, class Y>
  PLAIT_INLINE static Ways ways(const X& x, const Y& y, Index width, V) {
    const Index w = width_of<W>(width);
    return {distance<W>(x, y, 0, w), y(w), x(w)};
  }
};
/// parameter: epsilon.
template <int W>
struct Edr {
  static constexpr int kFeatures = W;
  static constexpr bool kShared = false, kPrecomputed = false;
  template <class X, class Y>
  PLAIT_INLINE static Ways ways(const X& x, const Y& y, Index width, V epsilon) {
    M apart = magnitude(x(0) - y(0)) > epsilon;
    for (Index k = 1; k < width_of<W>(width); ++k) apart |= magnitude(x(k) - y(k)) > epsilon;
    return {apart ? all(1.0) : V{}, all(1.0), all(1.0)};
  }
};
/// Features: values, values of the element before. parameter: cost.
template <int W>
struct Msm {
  static constexpr int kFeatures = 2 * W;
  static constexpr bool kShared = false, kPrecomputed = false;
  template <class X, class Y>
  PLAIT_INLINE static Ways ways(const X& x, const Y& y, Index width, V cost) {
    const Index w = width_of<W>(width);
    const auto x_before = [&](Index k) __attribute__((always_inline)) { return x(w + k); };
    const auto y_before = [&](Index k) __attribute__((always_inline)) { return y(w + k); };
    return {distance<W>(x, y, 0, w), split(y, y_before, x, w, cost), split(x, x_before, y, w, cost)};
  }

 private:
  /// The cost of `fresh` after `before`, both set against `other`: `cost` alone where fresh lies between the two.
  template <class A, class B, class C>
  PLAIT_INLINE static V split(const A& fresh, const B& before, const C& other, Index width, V cost) {
    const V dearer = cost + least(distance<W>(fresh, before, 0, width), distance<W>(fresh, other, 0, width));
    if constexpr (W == 1) {
      const M between = ((before(0) <= fresh(0)) & (fresh(0) <= other(0))) | ((before(0) >= fresh(0)) & (fresh(0) >= other(0)));
      return between ? cost : dearer;
    } else {
      V reach{}, off{};
      for (Index k = 0; k < width; ++k) {
        const V across = before(k) - other(k), d = fresh(k) - (before(k) + other(k)) * 0.5;
        reach += across * across;
        off += d * d;
      }
      return off <= reach * 0.25 ? cost : dearer;
    }
  }
};
/// Features: values, values of the element before, cost of deleting it, its place. parameter: twice the stiffness.
template <int W>
struct Twe {
  static constexpr int kFeatures = W > 0 ? 2 * W + 2 : 0;
  static constexpr bool kShared = false, kPrecomputed = false;
  template <class X, class Y>
  PLAIT_INLINE static Ways ways(const X& x, const Y& y, Index width, V stiffness) {
    const Index w = width_of<W>(width);
    const V apart = magnitude(x(2 * w + 1) - y(2 * w + 1));
    return {distance<W>(x, y, 0, w) + distance<W>(x, y, w, w) + stiffness * apart, y(2 * w), x(2 * w)};
  }
};

}  // namespace
}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
