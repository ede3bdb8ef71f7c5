"""Dynamic time warping."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _core
from . import _arguments, _functions, _inputs
from ._base import PairAligner

if TYPE_CHECKING:
    from .search import Place

METRICS = {name: getattr(_core.Metric, name) for name in ("squared", "euclidean", "absolute", "cosine", "precomputed")}
#: Names of SciPy and scikit-learn.
OTHER_NAMES = {"sqeuclidean": "squared", "l2": "euclidean", "cityblock": "absolute", "manhattan": "absolute", "l1": "absolute"}
STEPS = {name: getattr(_core.StepPattern, name) for name in ("symmetric1", "symmetric2", "asymmetric")}

_NAMES: _inputs.Name = "xy".__getitem__


class DTW(PairAligner):
    """Dynamic time warping: the least sum of distances over a path that goes through both series, neither backwards.

    Parameters
    ----------
    metric : str or callable
        Distance of two elements: ``"squared"``, ``"euclidean"``, ``"absolute"`` (the sum over the values of an element) or ``"cosine"``
        (1 - cosine of the angle; 1 where an element is zero, as in scikit-learn). ``"precomputed"``: `x` is the matrix of all distances,
        of shape (n, m), and `y` is left out. ``f(a, b)``, the distance of two elements: numbers, or vectors of shape (d,) as SciPy's `cdist`
        has them, also for d = 1. It is traced once over nodes and run over many pairs at a time; one that cannot be traced, since it
        branches on a value or calls functions that do not accept nodes, is called for each pair, with a ``PerformanceWarning``. All
        distances must be finite.
    window : int or float, optional
        Sakoe-Chiba band: ``|i - j| <= window`` cells, or a fraction of the longer length, rounded up.
    root : bool
        The square root of the sum is the score.
    open_begin, open_end : bool
        The path may begin or end anywhere in `y`: a part of `y` is aligned with `x`. A window excludes `open_begin`; a slope excludes both.
    nan_policy : str
        ``"raise"``, ``"propagate"`` (the score is NaN and the path empty) or ``"omit"`` (elements that hold NaN are left out).
    slope : float, optional
        Itakura parallelogram: seen from either corner, the path is never steeper than `slope` and never flatter than its inverse, in cells.
    band : {"diagonal", "slanted"}
        The centre of `window`: the diagonal from (0, 0), or the one that is stretched to both lengths, so that a path always fits between
        series of different lengths. With n >= m and s = (n - 1) / (m - 1) it has the cells ``|i - j s| <= window + s / 2``, for n < m with
        both exchanged; of equal lengths these are the same.
    step : {"symmetric1", "symmetric2", "asymmetric"}
        The step pattern, by dtw-python's names. ``"symmetric1"``: by (1, 0), (0, 1) or (1, 1), each at the cost d, the distance of the cell
        it reaches. ``"symmetric2"``: the same, with 2 d for (1, 1). ``"asymmetric"``: by (1, 0), (1, 1) or (1, 2), so that it has one cell
        for each element of `x`, and may leave out elements of `y`, which has at most ``2 len(x) - 1``. The first cell costs d.
    normalized : bool
        The sum is divided by the weight of the path, ``n + m`` with symmetric2, ``n`` with asymmetric (dtw-python's ``normalizedDistance``).
        Paths of symmetric1 differ in theirs, so it has none, nor has symmetric2 with `open_begin`. With `open_end` the end is where this is
        least, as in dtw-python.

    Raises
    ------
    ValueError
        If parameters contradict each other; if a series is empty, holds infinity, or NaN where the policy is to raise; if no path fits into
        the window or parallelogram; if the sum of distances is beyond the largest float64.
    ShapeError
        If the elements of `x` and `y` have different numbers of values.

    Notes
    -----
    O(n m) time, or O(n w) within a window of w cells, and O(n + m) memory for a score; two bits a cell for a path, or two passes where
    these would take more than 256 MB. Distances of one's own are computed first, within the window, in O(n m) memory. Many pairs run side by side
    in the lanes of a register. `nearest` visits references in the order of LB_Keogh and stops early; the result is exact.

    References
    ----------
    H. Sakoe and S. Chiba, Dynamic programming algorithm optimization for spoken word recognition, 1978.
    F. Itakura, Minimum prediction residual principle applied to speech recognition, 1975.
    E. Keogh and C. A. Ratanamahatana, Exact indexing of dynamic time warping, 2005.

    Examples
    --------
    >>> from plait.align import DTW
    >>> DTW().score([0, 1, 2], [0, 1, 1, 2])
    0.0
    >>> DTW().align([0, 1, 2], [0, 1, 1, 2]).path.tolist()
    [[0, 0], [1, 1], [1, 2], [2, 3]]
    >>> DTW(metric=lambda a, b: abs(a - b) ** 1.5, window=1).score([0, 4], [0, 0])
    8.0
    >>> DTW("euclidean", step="symmetric2").score([0, 1, 2, 3], [1, 2, 3, 5])
    3.0
    >>> DTW(window=1, band="slanted").score([0, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2, 2])
    0.0
    """

    def __init__(
        self,
        metric: str | Callable[[Any, Any], Any] = "squared",
        window: int | float | None = None,
        root: bool = False,
        open_begin: bool = False,
        open_end: bool = False,
        nan_policy: str = "raise",
        slope: float | None = None,
        band: str = "diagonal",
        step: str = "symmetric1",
        normalized: bool = False,
    ):
        self.metric = metric
        self.window = window
        self.root = root
        self.open_begin = open_begin
        self.open_end = open_end
        self.nan_policy = nan_policy
        self.slope = slope
        self.band = band
        self.step = step
        self.normalized = normalized
        self._method()  # invalid parameters are refused here

    _KIND = "warping"

    def _build(self) -> _core.Method:
        options = self._options()
        return _core.make_dtw_of(_functions.distance_of_width(self.metric), options) if callable(self.metric) else _core.make_dtw(options)

    def _options(self) -> _core.DtwOptions:
        """Checked parameters for the core."""
        _inputs.check_nan_policy(self.nan_policy)
        if not callable(self.metric) and self.metric not in tuple(METRICS):  # a tuple, because the value may be unhashable
            known = OTHER_NAMES.get(str(self.metric))
            hint = f", which is {known!r} here" if known else ""
            raise ValueError(
                f"metric: expected one of {', '.join(map(repr, METRICS))} or a function of two elements, got {self.metric!r}{hint}"
            )
        if self.open_begin and self.window is not None:
            raise ValueError(
                f"window: with open_begin=True the path may begin anywhere in y, while a window lies about the diagonal from (0, 0); got "
                f"window={self.window!r}. Leave one of them out, or cut y into pieces about the places where x may begin"
            )
        window = check_window(self.window)
        slanted = is_slanted(self.band)
        if slanted and window is not None and (self.open_end or self.slope is not None):
            what = "slope" if self.slope is not None else "open_end"
            raise ValueError(f"band: a slanted window goes from corner to corner and is the only bound of the path; leave {what} out")
        if self.normalized and self.step == "symmetric1":
            raise ValueError(
                "normalized: paths of step='symmetric1' differ in their weight, so that there is nothing to divide the sum by; take 'symmetric2', "
                "of which all have n + m, or 'asymmetric', of which all have n"
            )
        if self.normalized and self.open_begin and self.step == "symmetric2":
            raise ValueError(
                "normalized: with open_begin=True paths of step='symmetric2' differ in their weight, so that there is nothing to divide the sum by; "
                "take 'asymmetric', of which all have n"
            )
        if self.step not in tuple(STEPS):
            raise ValueError(f"step: expected one of {', '.join(map(repr, STEPS))}, got {self.step!r}")
        return _core.DtwOptions(
            METRICS["precomputed" if callable(self.metric) else self.metric],
            STEPS[self.step],
            window,
            slanted,
            check_slope(self.slope),
            bool(self.normalized),
            bool(self.root),
            bool(self.open_begin),
            bool(self.open_end),
            self.nan_policy == "propagate",
        )

    def _prepare(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        if isinstance(self.metric, str) and self.metric == "precomputed":
            return self._prepare_matrix(values, name)
        return _inputs.all_series(values, name, self.nan_policy)

    def _prepare_matrix(self, values: Sequence[Any], name: _inputs.Name) -> list[_inputs.Prepared]:
        if len(values) != 2 or values[1] is not None:
            raise ValueError("metric='precomputed' takes one matrix of distances as x, and no y")
        if self.nan_policy == "omit":
            raise ValueError("nan_policy: a matrix of distances has no elements to leave out; expected 'raise' or 'propagate', got 'omit'")
        matrix = _inputs.series(values[0], name, 0, self.nan_policy)
        if matrix.ndim != 2:
            raise _core.ShapeError(f"{name(0)}: expected a matrix of distances of shape (n, m), got shape {matrix.shape}")
        return [matrix, np.empty(matrix.shape[1])]

    def score(self, x: Any, y: Any = None, *, cutoff: float | None = None) -> float:
        """The least sum of distances.

        Parameters
        ----------
        x, y : array_like of float, shape (n,) or (n, d)
            Two series; or `x` a matrix of distances (``metric="precomputed"``).
        cutoff : float, optional
            A score worse than this is returned as inf, which is faster.

        Returns
        -------
        float
            The sum, or its root.
        """
        method = self._method()  # not by super(), whose call costs much for short series
        a, b = self._prepare((x, y), _NAMES)
        return method.score(a, b) if cutoff is None else method.score(a, b, _arguments.limit(cutoff))

    def align(self, x: Any, y: Any = None) -> Any:
        """The best path itself; among equals, that which takes a match before a deletion before an insertion, seen from the end.

        Parameters
        ----------
        x, y : array_like of float, shape (n,) or (n, d)
            Two series; or `x` a matrix of distances (``metric="precomputed"``).

        Returns
        -------
        Alignment
            Score and path: a row (i, j) for each cell.
        """
        return super().align(x, y)

    def count(self, x: Any, y: Any = None) -> float:
        """How many paths have the best score.

        Parameters
        ----------
        x, y : array_like of float, shape (n,) or (n, d)
            Two series; or `x` a matrix of distances (``metric="precomputed"``).

        Returns
        -------
        float
            A whole number; exact up to 2**53, rounded above.
        """
        return super().count(x, y)

    def search(
        self,
        query: Any,
        stream: Any,
        k: int | None = 5,
        max_score: float | None = None,
        overlap: float = 0.5,
        normalize: bool = False,
        *,
        threads: int | None = None,
    ) -> list[Place]:
        """The parts of a stream that are most like a query.

        They are as long as the query, or, with `open_begin` and `open_end`, of any length.

        Parameters
        ----------
        query : array_like of float, shape (n,) or (n, d)
            The query.
        stream : array_like of float, shape (m,) or (m, d)
            The series that is searched; at least as long as the query.
        k : int, optional
            The greatest number of places; None for all, which needs a `max_score` on a long stream.
        max_score : float, optional
            Places with a greater score are left out.
        overlap : float
            The greatest overlap of two places, as a share of the shorter one's length.
        normalize : bool
            Whether the query and each part are standardised first (mean 0, standard deviation 1), as in the UCR suite. Not for parts of any
            length.
        threads : int, optional
            The greatest number of threads; the places do not depend on it.

        Returns
        -------
        list of Place
            ``.start``, ``.stop``, ``.score`` and ``.align()``, best first: each is the best part that overlaps no earlier one by more than
            allowed, the first of equals. Of parts of any length, the best one with each end is considered.

        Raises
        ------
        ValueError
            If the stream is shorter than the query; if it holds infinity, or NaN where the policy is to raise; if one end alone is open.

        Notes
        -----
        Exact. All parts are bounded from below by LB_Keogh, the query's envelope and the stream's, O(n m), and scored in the order of their
        bounds until none can be better; for a metric without such a bound (``"cosine"``, a function) all are scored (T. Rakthanmanon et al.,
        "Searching and mining trillions of time series subsequences under dynamic time warping", KDD 2012). Parts of any length: of all that end
        at an element the best one, then the best of these; O(n m) time (Y. Sakurai, C. Faloutsos, M. Yamamuro, "Stream monitoring under the
        time warping distance", ICDE 2007).

        With ``nan_policy="omit"`` elements of the stream that hold NaN are left out of the parts, with ``"propagate"`` no part holds one.

        Examples
        --------
        >>> from plait.align import DTW
        >>> DTW(window=1).search([0, 1, 0], [0, 0, 5, 6, 5, 0, 1, 0], k=1)
        [Place(start=5, stop=8, score=0)]
        >>> found = DTW(window=1).search([0, 1, 0], [0, 0, 5, 6, 5, 0, 1, 0], k=2, normalize=True, overlap=0)
        >>> sorted(place.start for place in found)
        [2, 5]
        >>> DTW(open_begin=True, open_end=True).search([0, 1, 0], [5, 0, 0, 1, 1, 1, 0, 5], k=1)
        [Place(start=2, stop=7, score=0)]
        """
        from .search import search

        return search(self, query, stream, k, max_score, overlap, normalize, threads)


def dtw(x: Any, y: Any = None, **parameters: Any) -> float:
    """The score of :class:`DTW` in one call.

    Parameters
    ----------
    x, y : array_like of float, shape (n,) or (n, d)
        Two series.
    **parameters
        The parameters of :class:`DTW`.

    Returns
    -------
    float
        The least sum of distances.

    Examples
    --------
    >>> import plait
    >>> plait.align.dtw([0, 1, 2], [0, 2, 2], metric="absolute")
    1.0
    """
    return DTW(**parameters).score(x, y)


def check_window(window: int | float | None) -> int | float | None:
    """A window in cells or as a fraction of the longer length."""
    if window is None:
        return None
    if isinstance(window, (float, np.floating)) and 0 <= window <= 1:
        return float(window)
    if isinstance(window, (int, np.integer)) and not isinstance(window, bool) and window >= 0:
        return min(int(window), 2**62)
    raise ValueError(f"window: expected None, a whole number of cells (int) or a fraction from 0 to 1 (float), got {window!r}")


def is_slanted(band: str) -> bool:
    """Whether a window lies about the stretched diagonal."""
    if not isinstance(band, str) or band not in ("diagonal", "slanted"):
        raise ValueError(f"band: expected 'diagonal' or 'slanted', got {band!r}")
    return band == "slanted"


def check_slope(slope: float | None) -> float:
    """The slope of a parallelogram, 0 for none."""
    if slope is None:
        return 0.0
    if isinstance(slope, (int, float, np.number)) and not isinstance(slope, bool) and 1 < slope < math.inf:
        return float(slope)
    raise ValueError(f"slope: expected None or a number greater than 1, got {slope!r}")
