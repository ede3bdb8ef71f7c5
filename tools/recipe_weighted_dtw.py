"""CONTRIBUTING's recipe for an elastic measure, with weighted DTW: one descriptor and its entry in the list, one class and its export.

Read by check_recipes.py: an edit is a file, the beginning of a line that stands in it once, and what goes in before that line.
"""

from __future__ import annotations

DESCRIPTOR = """/// Weighted DTW (Jeong, Jeong and Omitaomu 2011): squared distances times a logistic weight of |i - j|, half of its most at half the length.
template <int W>
struct Wdtw : Squared<W> {
  static constexpr const char* kName = "WDTW";
  static constexpr bool kInfiniteBorder = false, kEnvelope = false;  // a weight may be 0
  static constexpr Weighting kWeighting = Weighting::by_distance_and_lengths;
  static constexpr ParameterNames kParameters{{"steepness", nullptr}};
  template <class Parameters>
  static double weight(const Parameters& parameters, double apart, double longest) {
    return 1 / (1 + __builtin_exp(-parameters[0] * (apart - longest / 2)));
  }
  template <class X, class Y>
  PLAIT_INLINE static V cost(const X& x, const Y& y, Index width, const CellContext& cell) {
    return cell.weight * Squared<W>::cost(x, y, width, cell);
  }
};
"""

CLASS = '''class WDTW(_Elastic):
    """Weighted DTW: squared distances with weights that increase with the distance from the diagonal.

    Parameters
    ----------
    steepness : float
        Of the logistic weight (g in the paper).
    window : int or float, optional
        ``|i - j| <= window`` cells, or a fraction of the longer length, rounded up.
    nan_policy : str
        ``"raise"``, ``"propagate"`` (the score is NaN and the path empty) or ``"omit"`` (elements that hold NaN are left out).
    band : {"diagonal", "slanted"}
        What `window` lies about; see `DTW`.

    Examples
    --------
    >>> from plait.align import WDTW
    >>> WDTW(steepness=0.0).score([0, 1, 2], [0, 2, 2])
    0.5
    """

    _KIND = "warping"

    def __init__(self, steepness: float = 0.05, window: int | float | None = None, nan_policy: str = "raise", band: str = "diagonal"):
        self.steepness = steepness
        self.window = window
        self.nan_policy = nan_policy
        self.band = band
        self._method()  # what cannot be is refused here

    def _build(self) -> _core.Method:
        return self._make("wdtw", [finite(self.steepness, "steepness")])


'''

#: (file, beginning of the line, what goes in before it)
EDITS = [
    ("cpp/src/align/elastic/costs.hpp", "MEASURE(twe, Twe<0>, Twe<1>)", "  MEASURE(wdtw, Wdtw<0>, Wdtw<1>)                \\\n"),
    ("cpp/src/align/elastic/costs.hpp", "/// Time warp edit distance (Marteau 2009).", DESCRIPTOR),
    ("python/plait/align/elastic.py", "class TWE(_Elastic):", CLASS),
    ("python/plait/align/__init__.py", "from .neighbours import", "from .elastic import WDTW\n"),
    ("python/plait/align/__init__.py", '"Aligner",', '    "WDTW",\n'),
]

#: Arguments of plait_tests: the test goes over all descriptors, on every instruction set level, against the definition.
CPP_TESTS = "--source-file=*/cpp/tests/align/test_elastic.cpp"

#: The plain recursion beside scores of pairs and of many.
SAYS = """
import math

import numpy as np

from plait.align import WDTW


def twin(x, y, steepness):
    n, m = len(x), len(y)
    table = np.full((n + 1, m + 1), np.inf)
    table[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            weight = 1 / (1 + math.exp(-steepness * (abs(i - j) - max(n, m) / 2)))
            table[i, j] = min(table[i - 1, j - 1], table[i - 1, j], table[i, j - 1]) + weight * (x[i - 1] - y[j - 1]) ** 2
    return table[n, m]


for seed in range(12):
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 60, 12) if seed % 2 else [random.integers(1, 60)] * 12
    series = [random.normal(size=n) for n in lengths]
    aligner = WDTW(steepness=float(random.uniform(0, 0.5)))
    expected = [[twin(x, y, aligner.steepness) for y in series] for x in series]
    np.testing.assert_allclose(aligner.pairwise(series), expected, rtol=1e-12)
    np.testing.assert_allclose([aligner.score(series[0], y) for y in series], expected[0], rtol=1e-12)
    assert aligner.align(series[0], series[1]).score == aligner.score(series[0], series[1])
    assert aligner.nearest(series[0], series, k=3)[0][0] == 0
"""
