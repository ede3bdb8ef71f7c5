// The elastic measures: the list, and for each a descriptor. An entry in the list provides the loops of every instruction set level, the definition,
// the checks of parameters and the tests; besides it a measure needs only a class in Python.
//
// Members of a descriptor:
//   kFeatures     number of features of an element, which are kept in registers; 0 if it depends on the series
//   features(w)   all features of an element of w values; lay_out writes them
//   kValuesAlone  whether the features are the values themselves, so that no layout is needed
//   kShared       cost() is added to the best of the three cells before, as in DTW; otherwise costs() has one number for each step
//   kBordered     a path may begin with gaps, of cost border(): then empty series have a score
//   kGaps         a deletion or an insertion leaves its element unmatched
//   kInfiniteBorder   infinite features before the first column make its cells infinite, by the arithmetic of cost() alone
//   kEnvelope     the valid bound of lower_bounds.hpp, if the cost grows with each |x - y| and has no other features: the sum of the distances to
//                 an envelope, of their squares, or of their Euclidean lengths
//   kWeighting    whether cost() and costs() depend on weight(|i - j|), and whether that depends on the lengths
//   kParameters   their names, each finite and at least 0, or, with kPerValue, one list of finite numbers, one for all values or one for each
// cost() and costs() are compiled twice from this text: for registers (isa/table.cpp, V a register of doubles, M a mask) and for one cell
// (measure.cpp, V = double, M = bool); both files with -ffp-contract=off, so that optimised forms and definition round and break ties alike. Code of
// an instruction set level may not call the standard library, so functions used only by the definition (lay_out, border, weight) are templates.
//
// Included twice: for the list anywhere, and for the descriptors where PLAIT_ELASTIC_DESCRIPTORS is defined.
#ifndef PLAIT_ELASTIC_MEASURES
/// MEASURE(name, descriptor for elements of any number of values, descriptor for elements of one). Those of DTW are its metrics.
#define PLAIT_ELASTIC_MEASURES(MEASURE)                                             \
  MEASURE(squared, Squared<0>, Squared<1>)                                          \
  MEASURE(absolute, Absolute<0>, Absolute<1>)                                       \
  MEASURE(euclidean, Euclidean, Absolute<1>)                                        \
  MEASURE(cosine, Cosine, Cosine)                                                   \
  MEASURE(precomputed, Precomputed, Precomputed)                                    \
  MEASURE(squared_symmetric2, Symmetric2<Squared<0>>, Symmetric2<Squared<1>>)       \
  MEASURE(absolute_symmetric2, Symmetric2<Absolute<0>>, Symmetric2<Absolute<1>>)    \
  MEASURE(euclidean_symmetric2, Symmetric2<Euclidean>, Symmetric2<Absolute<1>>)     \
  MEASURE(cosine_symmetric2, Symmetric2<Cosine>, Symmetric2<Cosine>)                \
  MEASURE(precomputed_symmetric2, Symmetric2<Precomputed>, Symmetric2<Precomputed>) \
  MEASURE(erp, Erp<0>, Erp<1>)                                                      \
  MEASURE(edr, Edr<0>, Edr<1>)                                                      \
  MEASURE(msm, Msm<0>, Msm<1>)                                                      \
  MEASURE(twe, Twe<0>, Twe<1>)
#endif

#ifdef PLAIT_ELASTIC_DESCRIPTORS

/// Inputs of a cell's costs besides the features of its two elements.
struct CellContext {
  V parameter;  ///< the first one
  V weight;     ///< weight(|i - j|)
};
enum class Weighting : unsigned char { none, by_distance, by_distance_and_lengths };
enum class Bound : unsigned char { none, values, squares, lengths };
struct ParameterNames {
  const char* name[2] = {nullptr, nullptr};
};

/// Base of descriptors whose features are the values.
template <int W>
struct Descriptor {
  static constexpr int kFeatures = W;
  static constexpr bool kShared = false, kPrecomputed = false, kBordered = false, kGaps = false, kInfiniteBorder = false;
  static constexpr bool kFirstOnce = false;  // the first match of a path costs half, as much as the other steps
  static constexpr Bound kEnvelope = Bound::none;
  static constexpr Weighting kWeighting = Weighting::none;
  static constexpr const char* kName = "DTW";
  static constexpr ParameterNames kParameters{};
  static constexpr bool kPerValue = false;
  static constexpr bool kValuesAlone = true;  // features are the values
  static constexpr Index features(Index width) { return width; }
  template <class Element>
  static void lay_out(const Element& e, double* to, Index by) {
    for (Index k = 0; k < e.width; ++k) to[k * by] = e.values[k];
  }
  template <class Element>
  static double border(const Element&) {
    return __builtin_inf();
  }
  template <class Parameters>
  static double weight(const Parameters&, double, double) {
    return 1;
  }
};
/// W: values of an element, 0 if known only at run time.
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
struct Squared : Descriptor<W> {
  static constexpr bool kShared = true, kInfiniteBorder = true;
  static constexpr Bound kEnvelope = Bound::squares;
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width, const CellContext&) {
    V d = x(0) - y(0), sum = d * d;
    for (Index k = 1; k < width_of<W>(width); ++k) {
      d = x(k) - y(k);
      sum += d * d;
    }
    return sum;
  }
};
template <int W>
struct Absolute : Descriptor<W> {
  static constexpr bool kShared = true, kInfiniteBorder = true;
  static constexpr Bound kEnvelope = Bound::values;
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width, const CellContext&) {
    V sum = magnitude(x(0) - y(0));
    for (Index k = 1; k < width_of<W>(width); ++k) sum += magnitude(x(k) - y(k));
    return sum;
  }
};
struct Euclidean : Descriptor<0> {
  static constexpr bool kShared = true, kInfiniteBorder = true;
  static constexpr Bound kEnvelope = Bound::lengths;
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width, const CellContext&) {
    return distance<0>(x, y, 0, width);
  }
};
/// Features: the normalised values; zeros for an element of zeros.
struct Cosine : Descriptor<0> {
  static constexpr bool kValuesAlone = false;
  static constexpr bool kShared = true;
  template <class Element>
  static void lay_out(const Element& e, double* to, Index by) {
    e.normalise(to, by);
  }
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width, const CellContext&) {
    V sum = x(0) * y(0);
    for (Index k = 1; k < width; ++k) sum += x(k) * y(k);
    const V rest = all(1.0) - sum;
    return rest < all(0.0) ? V{} : rest;
  }
};
/// No features: y(0) is the cell's cost.
struct Precomputed : Descriptor<0> {
  static constexpr bool kShared = true, kPrecomputed = true, kInfiniteBorder = true;
  static constexpr Index features(Index) { return 0; }
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X&, const Y& y, Index, const CellContext&) {
    return y(0);
  }
};

/// A metric of DTW with the steps of symmetric2 (Sakoe and Chiba 1978): a match has weight 2, a deletion or an insertion 1.
template <class Metric>
struct Symmetric2 : Metric {
  static constexpr bool kShared = false, kFirstOnce = true;
  template <class X, class Y>
  PLAIT_INLINE static StepCosts costs(const X& x, const Y& y, Index width, const CellContext& cell) {
    const V d = Metric::cost(x, y, width, cell);
    return {d + d, d, d};
  }
};

/// Edit distance with real penalty (Chen and Ng 2004): a gap costs the distance to a constant element. Features: values, that distance.
template <int W>
struct Erp : Descriptor<W> {
  static constexpr bool kValuesAlone = false;
  static constexpr const char* kName = "ERP";
  static constexpr int kFeatures = W > 0 ? W + 1 : 0;
  static constexpr bool kBordered = true, kGaps = true, kPerValue = true;
  static constexpr ParameterNames kParameters{{"gap", nullptr}};
  static constexpr Index features(Index width) { return width + 1; }
  template <class Element>
  static void lay_out(const Element& e, double* to, Index by) {
    Descriptor<W>::lay_out(e, to, by);
    to[e.width * by] = e.distance_to_parameters();
  }
  template <class Element>
  static double border(const Element& e) {
    return e.distance_to_parameters();
  }
  template <class X, class Y>
  PLAIT_INLINE static StepCosts costs(const X& x, const Y& y, Index width, const CellContext&) {
    const Index w = width_of<W>(width);
    return {distance<W>(x, y, 0, w), y(w), x(w)};
  }
};
/// Edit distance on real sequences (Chen, Özsu and Oria 2005): elements match if no value differs by more than epsilon; other steps cost 1.
template <int W>
struct Edr : Descriptor<W> {
  static constexpr const char* kName = "EDR";
  static constexpr bool kBordered = true, kGaps = true;
  static constexpr ParameterNames kParameters{{"epsilon", nullptr}};
  template <class Element>
  static double border(const Element&) {
    return 1;
  }
  template <class X, class Y>
  PLAIT_INLINE static StepCosts costs(const X& x, const Y& y, Index width, const CellContext& cell) {
    M apart = magnitude(x(0) - y(0)) > cell.parameter;
    for (Index k = 1; k < width_of<W>(width); ++k) apart |= magnitude(x(k) - y(k)) > cell.parameter;
    return {apart ? all(1.0) : V{}, all(1.0), all(1.0)};
  }
};
/// Move-split-merge (Stefan, Athitsos and Das 2013); in several dimensions "between" is inside the ball with both as diameter (Shifaz, Pelletier,
/// Petitjean and Webb 2023). Features: values, values of the previous element, which are not used for the first.
template <int W>
struct Msm : Descriptor<W> {
  static constexpr bool kValuesAlone = false;
  static constexpr const char* kName = "MSM";
  static constexpr int kFeatures = 2 * W;
  static constexpr ParameterNames kParameters{{"cost", nullptr}};
  static constexpr Index features(Index width) { return 2 * width; }
  template <class Element>
  static void lay_out(const Element& e, double* to, Index by) {
    Descriptor<W>::lay_out(e, to, by);
    for (Index k = 0; k < e.width; ++k) to[(e.width + k) * by] = e.first ? e.values[k] : e.before[k];
  }
  template <class X, class Y>
  PLAIT_INLINE static StepCosts costs(const X& x, const Y& y, Index width, const CellContext& cell) {
    const Index w = width_of<W>(width);
    const auto x_before = [&](Index k) __attribute__((always_inline)) { return x(w + k); };
    const auto y_before = [&](Index k) __attribute__((always_inline)) { return y(w + k); };
    return {distance<W>(x, y, 0, w), split(y, y_before, x, w, cell.parameter), split(x, x_before, y, w, cell.parameter)};
  }

 private:
  /// The cost of `fresh` after `before`, opposite `other`: only `cost` if fresh is between the two.
  template <class A, class B, class C>
  PLAIT_INLINE static V split(const A& fresh, const B& before, const C& other, Index width, V cost) {
    const V dearer = cost + least(distance<W>(fresh, before, 0, width), distance<W>(fresh, other, 0, width));
    if constexpr (W == 1) {
      const M between = ((before(0) <= fresh(0)) & (fresh(0) <= other(0))) | ((before(0) >= fresh(0)) & (fresh(0) >= other(0)));
      return between ? cost : dearer;
    } else {
      V product{};  // inside of the ball the angle over its diameter is 90 degrees or more (Thales): exact for points close to an end
      for (Index k = 0; k < width; ++k) product += (fresh(k) - before(k)) * (fresh(k) - other(k));
      return product <= 0 ? cost : dearer;
    }
  }
};
/// Time warp edit distance (Marteau 2009). Features: values, values of the previous element (zeros for the first), and the cost of
/// deleting the element.
template <int W>
struct Twe : Descriptor<W> {
  static constexpr bool kValuesAlone = false;
  static constexpr const char* kName = "TWE";
  static constexpr int kFeatures = W > 0 ? 2 * W + 1 : 0;
  static constexpr bool kGaps = true;
  static constexpr Weighting kWeighting = Weighting::by_distance;
  static constexpr ParameterNames kParameters{{"stiffness", "penalty"}};
  static constexpr Index features(Index width) { return 2 * width + 1; }
  template <class Element>
  static void lay_out(const Element& e, double* to, Index by) {
    Descriptor<W>::lay_out(e, to, by);
    for (Index k = 0; k < e.width; ++k) to[(e.width + k) * by] = e.before[k];
    to[2 * e.width * by] = e.distance_to(e.before) + (e.parameters[0] + e.parameters[1]);
  }
  template <class Parameters>
  static double weight(const Parameters& parameters, double apart, double) {
    return 2 * parameters[0] * apart;
  }
  template <class X, class Y>
  PLAIT_INLINE static StepCosts costs(const X& x, const Y& y, Index width, const CellContext& cell) {
    const Index w = width_of<W>(width);
    return {distance<W>(x, y, 0, w) + distance<W>(x, y, w, w) + cell.weight, y(2 * w), x(2 * w)};
  }
};

#endif
