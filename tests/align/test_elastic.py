"""ERP, EDR, MSM and TWE against their papers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import elastic
from reference.warping_series import agree, pairs, series

from plait.align import EDR, ERP, MSM, TWE

FAMILY: dict[str, tuple[Callable[..., Any], Callable[..., elastic.Elastic]]] = {
    "ERP": (lambda **o: ERP(gap=0.5, **o), lambda x, y, **o: elastic.erp(x, y, 0.5, **o)),
    "EDR": (lambda **o: EDR(epsilon=1.0, **o), lambda x, y, **o: elastic.edr(x, y, 1.0, **o)),
    "MSM": (lambda **o: MSM(cost=0.5, **o), lambda x, y, **o: elastic.msm(x, y, 0.5, **o)),
    "TWE": (lambda **o: TWE(stiffness=0.25, penalty=0.5, **o), lambda x, y, **o: elastic.twe(x, y, 0.25, 0.5, **o)),
}
families = pytest.mark.parametrize("name", FAMILY)


@families
@given(pairs(10))
def test_score_and_path_are_those_of_the_paper(name: str, pair: tuple[Any, Any]) -> None:
    make, twin = FAMILY[name]
    x, y = pair
    agree(make(), x, y, twin(x, y))


@families
@given(pairs(10), st.integers(0, 6))
@settings(max_examples=50)
def test_window(name: str, pair: tuple[Any, Any], window: int) -> None:
    make, twin = FAMILY[name]
    x, y = pair
    if window < abs(len(x) - len(y)):
        with pytest.raises(ValueError, match=f"{name}: a window of {window} cells is narrower"):
            make(window=window).score(x, y)
    else:
        agree(make(window=window), x, y, twin(x, y, allowed=elastic.sakoe_chiba(window)))


@families
@given(series(12), series(12))
def test_is_symmetric_and_zero_for_equals(name: str, x: Any, y: Any) -> None:
    aligner = FAMILY[name][0]()
    assert aligner.score(x, y) == aligner.score(y, x)
    assert aligner.score(x, x) == 0


@pytest.mark.parametrize("name", ["ERP", "MSM", "TWE"])
@given(series(8), series(8), series(8))
def test_the_metrics_obey_the_triangle(name: str, x: Any, y: Any, z: Any) -> None:
    aligner = FAMILY[name][0]()
    assert aligner.score(x, z) <= (aligner.score(x, y) + aligner.score(y, z)) * (1 + 1e-9) + 1e-9


@families
@given(st.lists(series(16), min_size=1, max_size=12), st.lists(series(16), min_size=1, max_size=12))
@settings(max_examples=25)
def test_pairwise_and_nearest_are_score(name: str, X: list[Any], Y: list[Any]) -> None:
    aligner = FAMILY[name][0]()
    scores = np.array([[aligner.score(x, y) for y in Y] for x in X])
    assert aligner.pairwise(X, Y).tolist() == scores.tolist()
    assert aligner.pairwise(X).tolist() == [[aligner.score(x, y) for y in X] for x in X]
    for x, row in zip(X, scores, strict=True):
        indices, found = aligner.nearest(x, Y, k=len(Y))
        assert indices.tolist() == np.argsort(row, kind="stable").tolist()
        assert found.tolist() == np.sort(row).tolist()


def test_empty_series_are_gaps_where_the_paper_has_them() -> None:
    assert ERP(gap=1.0).score([], [2.0, 4.0]) == 4
    assert ERP(gap=1.0).align([2.0], []).path.tolist() == [[0, -1]]
    assert EDR(epsilon=0.1).score([], [2.0, 4.0, 5.0]) == 3
    assert EDR(epsilon=0.1).align([], [2.0, 4.0]).path.tolist() == [[-1, 0], [-1, 1]]
    assert EDR(epsilon=0.1).pairwise([[], [1.0]], [[], [2.0, 1.0]]).tolist() == [[0, 2], [1, 1]]
    assert ERP().score([], []) == 0
    for aligner in (MSM(), TWE()):
        with pytest.raises(ValueError, match="x is empty"):
            aligner.score([], [1.0])


def test_a_gap_for_each_value_of_an_element() -> None:
    x, y = [[1.0, 2.0], [4.0, 6.0]], [[1.0, 2.0]]
    assert ERP(gap=[1.0, 2.0]).score(x, y) == 5
    with pytest.raises(ValueError, match="gap has 3 values, an element of the series 2"):
        ERP(gap=[1.0, 2.0, 3.0]).score(x, y)


def test_examples_of_the_papers() -> None:
    # Stefan and others 2013: splitting and merging cost c each, moving the difference.
    assert MSM(cost=1.0).score([1.0, 2.0], [1.0, 1.0, 2.0]) == 1
    assert MSM(cost=0.1).score([1.0], [5.0]) == 4
    # Chen and others 2005, section 3: an outlier costs one, however large.
    q, r = [1.0, 2.0, 3.0, 4.0], [1.0, 100.0, 2.0, 3.0, 4.0]
    assert EDR(epsilon=0.25).score(q, r) == 1
    assert ERP(gap=0.0).score(q, r) == 100


@pytest.mark.parametrize(
    ("family", "parameters", "message"),
    [
        (ERP, {"gap": math.nan}, "gap: expected a finite number"),
        (ERP, {"gap": []}, "gap: expected a number"),
        (ERP, {"gap": "x"}, "gap: expected a number"),
        (EDR, {"epsilon": -1.0}, "epsilon: expected a finite number of at least 0"),
        (EDR, {"epsilon": math.inf}, "epsilon: expected a finite number"),
        (MSM, {"cost": -0.5}, "cost: expected"),
        (TWE, {"stiffness": -1.0}, "stiffness: expected"),
        (TWE, {"penalty": math.nan}, "penalty: expected"),
        (MSM, {"window": 2.5}, "window: expected"),
        (MSM, {"nan_policy": "x"}, "nan_policy: expected"),
    ],
)
def test_parameters_are_checked_by_name(family: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        family(**parameters)


@families
def test_nan_and_counting(name: str) -> None:
    make = FAMILY[name][0]
    x = [1.0, math.nan, 2.0]
    assert math.isnan(make(nan_policy="propagate").score(x, [1.0]))
    assert make(nan_policy="omit").score(x, [1.0, 2.0]) == 0
    assert make().count([1.0, 2.0], [1.0, 2.0]) == 1
