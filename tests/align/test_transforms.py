"""z-normalisation, resampling and differencing of series, and their transformers."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plait import ShapeError
from plait.align import DTW, MSM, Differencer, Resampler, SoftDTW, TimeSeriesKNN, ZNormalizer, difference, resample, znormalize

NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=12)


@given(NUMBERS)
def test_znormalize_is_what_it_says(values: list[float]) -> None:
    found = znormalize(values)
    mean = sum(values) / len(values)
    spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    if spread > 1e-9 * max(1e-300, *map(abs, values)):
        assert found == pytest.approx([(v - mean) / spread for v in values], rel=1e-5, abs=1e-5)
    else:
        assert np.abs(found).max() <= 3.5


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_znormalize_at_any_scale(scale: float) -> None:
    assert znormalize(np.array([1.0, 3.0, 1.0, 3.0]) * scale).tolist() == pytest.approx([-1, 1, -1, 1])


def test_what_does_not_vary_is_zero() -> None:
    assert znormalize([0.1] * 7).tolist() == [0.0] * 7
    assert znormalize([[0.1, 1], [0.1, 3], [0.1, 1], [0.1, 3]]).tolist() == [[0, -1], [0, 1], [0, -1], [0, 1]]


@given(NUMBERS, st.integers(1, 20))
def test_resample_interpolates(values: list[float], n: int) -> None:
    found = resample(values, n)
    assert found.shape == (n,)
    for k in range(n):
        at = k * (len(values) - 1) / (n - 1) if n > 1 else 0.0
        left = min(int(at), max(0, len(values) - 2))
        right = min(left + 1, len(values) - 1)
        assert found[k] == pytest.approx(values[left] + (at - left) * (values[right] - values[left]), rel=1e-6, abs=1e-6)


def test_resample_does_not_overflow() -> None:
    assert resample([1.5e308, -1.5e308], 3).tolist() == [1.5e308, 0.0, -1.5e308]


@given(NUMBERS.filter(lambda v: len(v) > 3), st.integers(1, 3))
def test_difference_is_of_neighbours(values: list[float], order: int) -> None:
    plain = values
    for _ in range(order):
        plain = [b - a for a, b in itertools.pairwise(plain)]
    assert difference(values, order).tolist() == plain


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: znormalize([]), ValueError, "empty"),
        (lambda: znormalize([1, np.nan]), ValueError, "x: NaN at element 1; leave such elements out first"),
        (lambda: Resampler(3).fit_transform([[1, 2], [[1, 2], [0, np.nan]]]), ValueError, r"X\[1\]: NaN at element 1; leave"),
        (lambda: znormalize("abc"), TypeError, "x: expected a series of numbers"),
        (lambda: znormalize(np.zeros((2, 3, 1))), ShapeError, "znormalize: expected one series"),
        (lambda: resample([1, 2], 0), ValueError, "resample: n: expected a whole number of at least 1, got 0"),
        (lambda: resample([1, 2], 2.5), ValueError, "resample: n: expected a whole number"),  # type: ignore[arg-type]
        (lambda: difference([1], 1), ValueError, "x: a series of 1 elements has no differences of order 1"),
        (lambda: difference([1e308, -1e308]), ValueError, "beyond the largest float64"),
        (lambda: Differencer().fit([[1, 2], [1]]), ValueError, r"X\[1\]: a series of 1 elements"),
        (lambda: Differencer(0).fit([[1, 2]]), ValueError, "Differencer: order: expected"),
        (lambda: Resampler(-1).fit([[1, 2]]), ValueError, "Resampler: length: expected"),
        (lambda: ZNormalizer().fit([]), ShapeError, "ZNormalizer: X holds no series"),
        (lambda: ZNormalizer().transform([[1, 2], [np.inf, 1]]), ValueError, r"X\[1\]: infinite at element 0"),
        (lambda: Resampler().transform([[1, 2]]), ValueError, "not fitted"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_results_of_one_length_are_an_array() -> None:
    ragged = [np.arange(4.0), np.arange(3.0)]
    assert isinstance(ZNormalizer().fit_transform(ragged), list)
    assert Resampler().fit_transform(ragged).shape == (2, 4)
    assert Resampler(7).fit_transform(np.zeros((2, 4, 3))).shape == (2, 7, 3)
    assert Differencer(2).fit_transform(np.zeros((2, 4, 3))).shape == (2, 2, 3)


def test_transformers_keep_scikit_learns_conventions() -> None:
    base = pytest.importorskip("sklearn.base")
    pipeline = pytest.importorskip("sklearn.pipeline")
    rng = np.random.default_rng(3)
    X = [np.sin(np.linspace(0, kind * 6, rng.integers(20, 40))) * 5 + 100 * rng.normal() for kind in [1, 2] * 10]
    y = [1, 2] * 10
    for transformer in (ZNormalizer(), Resampler(9), Differencer(order=2)):
        again = base.clone(transformer)
        assert again.get_params() == transformer.get_params()
        assert repr(pickle.loads(pickle.dumps(transformer.fit(X)))) == repr(again)
    piped = pipeline.make_pipeline(ZNormalizer(), Resampler(), TimeSeriesKNN(DTW(window=0.1)))
    assert piped.fit(X, y).score(X, y) == 1.0
    assert piped.set_params(resampler__length=12).fit(X, y).score(X, y) == 1.0


def test_the_layout_of_aeon_is_warned_about() -> None:
    cases = np.zeros((2, 3, 20))
    with pytest.warns(UserWarning, match=r"2 series of 3 elements with 20 values each.*transpose\(0, 2, 1\)"):
        DTW().pairwise(cases)
    assert DTW().pairwise(cases.transpose(0, 2, 1)).tolist() == [[0, 0], [0, 0]]
    for call in (DTW().score, DTW().align, MSM().score, SoftDTW().score):
        with pytest.warns(UserWarning, match=r"x: an array of shape \(1, 20\) is a series of one element with 20 values.*needs x.T"):
            call(cases[0, :1], cases[1, :1])
        assert call(cases[0, :1].T, cases[1, :1].T) is not None
