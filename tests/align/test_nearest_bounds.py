"""The nearest among many series, behind bounds in 16 bits, against all scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference import levels

from plait.align import DTW, TimeSeriesKNN

OPTIONS: list[dict[str, Any]] = [
    {},
    {"window": 0.1},
    {"window": 3},
    {"window": 0.2, "band": "slanted"},
    {"root": True, "window": 0.1},
    {"step": "symmetric2", "window": 0.1},
    {"metric": "absolute"},
]


def collections() -> dict[str, tuple[np.ndarray[Any, Any], list[np.ndarray[Any, Any]]]]:
    rng = np.random.default_rng(5)
    noise, walks = rng.normal(size=(71, 40)), rng.normal(size=(71, 40)).cumsum(1)
    wild = noise.copy()
    wild[3, 7], wild[0, 3] = 1e9, -1e3
    twins = np.concatenate([noise[:1], noise[1:36], noise[1:36]])
    whole = rng.integers(0, 3, size=(71, 40)).astype(float)
    found = {"noise": noise, "walks": walks, "wild": wild, "twins": twins, "whole": whole, "flat": np.zeros((40, 40)), "few": noise[:9]}
    return {name: (values[0], list(values[1:])) for name, values in found.items()} | {
        "ragged": (noise[0], [series[: 38 + k % 3] for k, series in enumerate(noise[1:])])
    }


COLLECTIONS = collections()


@pytest.mark.parametrize("name", list(COLLECTIONS))
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_nearest_of_many_are_those_with_the_least_scores(name: str, options: dict[str, Any]) -> None:
    query, references = COLLECTIONS[name]
    aligner = DTW(**options)
    scores = np.array([aligner.score(query, reference) for reference in references])
    for k in (1, 3, len(references)):
        indices, found = aligner.nearest(query, references, k)
        order = np.argsort(scores, kind="stable")[:k]
        assert indices.tolist() == order.tolist()
        assert found.tolist() == scores[order].tolist()
    cutoff = float(np.median(scores))
    indices, found = aligner.nearest(query, references, 2, cutoff=cutoff)
    assert found.tolist() == np.sort(scores)[:2].tolist()


def test_missing_values_are_far_from_everything() -> None:
    query, references = COLLECTIONS["noise"]
    holes = [reference.copy() for reference in references]
    for reference in holes[::2]:
        reference[5] = np.nan
    aligner = DTW(window=0.1, nan_policy="propagate")
    scores = np.array([aligner.score(query, reference) for reference in holes])
    order = np.argsort(scores, kind="stable")
    for k in (1, 5, len(holes)):
        indices, found = aligner.nearest(query, holes, k)
        assert indices.tolist() == order[:k].tolist()
        np.testing.assert_array_equal(found, scores[order[:k]])


SCRIPT = """
import numpy as np
from plait.align import DTW
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(20, 60)), rng.normal(size=(70, 60))
print([[a.tolist() for a in DTW(window=0.1).nearest(x, Y, 2)] for x in X])
"""


def test_every_instruction_set_finds_the_same() -> None:
    assert len(set(levels.outputs(SCRIPT))) == 1


def test_neighbours_do_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(60, 50)), rng.normal(size=(30, 50))
    one, two = (TimeSeriesKNN(DTW(window=0.1), threads=threads).fit(X, np.arange(60) % 2).kneighbors(Y) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert a.tolist() == b.tolist()
