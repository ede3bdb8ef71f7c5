"""First steps of users of other packages, and the errors for common mistakes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from plait import ShapeError
from plait.align import DTW, Aligner, Resampler, TimeSeriesKNN, WordIndex, deduplicate, difference, match, resample, znormalize
from plait.graph import PerformanceWarning


def test_a_frame_of_matches_joins_the_queries() -> None:
    pandas = pytest.importorskip("pandas")
    people = pandas.DataFrame({"name": ["Jhon", None, "Mary", "zzzz"]}, index=[7, 3, 5, 9])
    for found in (match(people["name"], ["Mary", "John"], cutoff=2), WordIndex(["Mary", "John"]).match(people["name"])):
        joined = people.join(found.to_frame()[["choice", "score"]])
        assert joined["choice"].tolist()[::2] == ["John", "Mary"]
        assert joined["score"].isna().tolist() == [False, True, False, True]
    two = match({"a": "Jhon", "b": "Mary"}, ["Mary", "John"], k=2).to_frame()
    assert two.index.tolist() == ["a", "a", "b", "b"]
    assert match(["Jhon"], ["John"]).to_frame().index.tolist() == [0]
    for call in (lambda: match(people, ["x"]), lambda: match(["x"], people), lambda: deduplicate(people, 1), lambda: WordIndex(people)):
        with pytest.raises(TypeError, match=r"got a DataFrame; take one of its columns"):
            call()


def test_names_of_metrics_elsewhere_are_told() -> None:
    for name, here in (("sqeuclidean", "squared"), ("cityblock", "absolute"), ("manhattan", "absolute")):
        with pytest.raises(ValueError, match=f"got '{name}', which is '{here}' here"):
            DTW(name)


@pytest.mark.parametrize("function", [znormalize, lambda x: resample(x, 3), difference])
def test_a_collection_is_no_series(function: Any) -> None:
    for many in ([[1.0, 2.0], [1.0, 2.0, 3.0]], [np.arange(3.0), np.arange(4.0)]):
        with pytest.raises(ShapeError, match=r"expected one series .* got several of different lengths; the transformers take collections"):
            function(many)
    assert [len(series) for series in Resampler(3).fit_transform([np.arange(3.0), np.arange(4.0)])] == [3, 3]


def test_asymmetric_steps_say_what_they_leave_out() -> None:
    found = DTW(step="asymmetric").align([0, 2, 4, 5], [0, 1, 2, 3, 4, 5])
    assert found.path.tolist() == [[0, 0], [1, 2], [2, 4], [3, 5]]
    assert found.operations == ["match", "skip y", "skip y", "match"]
    assert "skip y" in str(found)


def test_columns_in_another_order_are_a_mistake() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.random.default_rng(0).normal(size=(6, 4)), columns=list("abcd"))
    model = TimeSeriesKNN().fit(frame, [0, 1] * 3)
    assert model.feature_names_in_.tolist() == list("abcd")
    assert model.predict(frame).tolist() == [0, 1] * 3
    with pytest.raises(ValueError, match="columns of fit in another order"):
        model.predict(frame[list("badc")])
    assert len(model.predict(frame[["a", "b"]])) == len(model.predict(frame.to_numpy())) == 6  # other lengths are series, too
    assert not hasattr(model.fit(frame.to_numpy(), [0, 1] * 3), "feature_names_in_")


def test_warnings_point_at_the_callers_line() -> None:
    x = np.arange(4.0)
    calls = (
        lambda: DTW(lambda a, b: 0.0 if a == b else 1.0).score(x, x),
        lambda: Aligner(lambda *_: 0.0, lambda _, match, __, x, y: match if x == y else 1.0).score(x, x),
        lambda: TimeSeriesKNN(DTW(lambda a, b: 0.0 if a == b else 1.0)).fit([x, x], [0, 1]).predict([x]),
        lambda: DTW().pairwise(np.zeros((2, 3, 4))),
        lambda: TimeSeriesKNN().fit(np.zeros((2, 3, 4)), [0, 1]),
    )
    for call in calls:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert {warning.category for warning in caught} <= {PerformanceWarning, UserWarning}
        assert caught
        assert {warning.filename for warning in caught} == {__file__}
