"""Arguments of public functions: masks in lists, dates, text and complex numbers are never read as other numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import plait

X = plait.input("x", (None, 3), "float64")
ROW = np.ma.array([1.0, 2, 3], mask=[False, True, False])
MASKED = {"rows": [ROW, ROW], "element": [[1.0, np.ma.masked, 3.0]] * 2, "deep": [[[1.0, 2.0, 3.0], ROW]][0]}

REFUSING: dict[str, Callable[[Any], Any]] = {
    "program": lambda v: plait.compile(X * 2)(x=v),
    "table": lambda v: plait.evaluate(X * 2, {X: v}),
    "constant": plait.constant,
    "parameter": plait.parameter,
    "operand": lambda v: X + v,
    "sparse": plait.SparseRows.from_dense,
    "distribution": lambda v: plait.infer.Normal(v, 1.0),
    "estimator": lambda v: plait.nn.MLPClassifier(hidden=(2,), epochs=1, rng=0).fit(v, [0, 1]),
}


@pytest.mark.parametrize("given", MASKED)
@pytest.mark.parametrize("entry", REFUSING)
def test_masks_in_lists_are_refused(entry: str, given: str) -> None:
    with pytest.raises(ValueError, match="masked"):
        REFUSING[entry](MASKED[given])


@pytest.mark.parametrize("given", ["rows", "element"])
def test_masks_in_lists_are_missing_values_of_series_and_counts(given: str) -> None:
    value: Any = MASKED[given]
    with pytest.raises(ValueError, match=r"x: NaN at element \(0, 1\)"):
        plait.align.DTW().score(value, np.ones((2, 3)))
    histogram = plait.Histogram.uniform(3, 0.5, 3.5).fill(value)
    assert histogram.counts().tolist() == [2, 0, 2]
    assert histogram.invalid == 2
    sketch = plait.QuantileSketch(rng=0)
    sketch.update(value)
    assert sketch.rank(2.5) == 0.5


OTHERS = {"dates": np.zeros((2, 3), "datetime64[s]"), "spans": np.ones((2, 3), "timedelta64[s]"), "complex": np.ones((2, 3)) + 1j}


@pytest.mark.parametrize("given", OTHERS)
@pytest.mark.parametrize("entry", ["distribution", "log_prob", "estimator"])
def test_other_kinds_are_no_numbers(entry: str, given: str) -> None:
    call = {**REFUSING, "log_prob": plait.infer.Normal(0.0, 1.0).log_prob}[entry]
    with pytest.raises((TypeError, ValueError), match=r"array of real numbers|Complex data|no array of numbers"):
        call(OTHERS[given])


def test_text_is_no_number_of_a_distribution() -> None:
    for value in ("1.5", ["1", "2"], np.array(["1"], object), np.array([b"1"])):
        with pytest.raises(TypeError, match="Normal: value: expected a node, a number or an array of real numbers"):
            plait.infer.Normal(0.0, 1.0).log_prob(value)


def test_objects_that_are_no_numbers_are_told_with_the_estimator() -> None:
    with pytest.raises(TypeError, match="MLPClassifier: X: expected numbers: "):
        plait.nn.MLPClassifier(hidden=(2,), epochs=1, rng=0).fit(np.array([[1, {}], [2, 3]], object), [0, 1])
