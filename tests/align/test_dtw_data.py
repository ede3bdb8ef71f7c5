"""Nearest neighbours on real series: the accuracies that the archive publishes, and the same neighbours without bounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from reference import ucr

from plait.align import DTW

# Dau and others 2018 (UCR) and Ruiz and others 2021 (UEA): 1-NN, dependent warping, as given.
FULL = {"GunPoint": 0.9067, "ArrowHead": 0.7029, "ItalyPowerDemand": 0.9504, "PickupGestureWiimoteZ": 0.7000, "BasicMotions": 0.9750}
# A tenth of the length in cells, rounded down as others do.
TENTH = {"GunPoint": (15, 0.9400), "ItalyPowerDemand": (2, 0.9524), "ArrowHead": (25, 0.7200)}


def accuracy(aligner: DTW, name: str, data_file: Callable[[str], Path]) -> float:
    train, labels = ucr.read(data_file(f"ucr/{name}_TRAIN.ts"))
    test, truth = ucr.read(data_file(f"ucr/{name}_TEST.ts"))
    hits = [labels[aligner.nearest(query, train)[0][0]] == label for query, label in zip(test, truth, strict=True)]
    return float(np.mean(hits))


@pytest.mark.parametrize("name", FULL)
def test_accuracy(name: str, data_file: Callable[[str], Path]) -> None:
    assert accuracy(DTW(), name, data_file) == pytest.approx(FULL[name], abs=6e-5)


@pytest.mark.parametrize("name", TENTH)
def test_accuracy_within_a_tenth(name: str, data_file: Callable[[str], Path]) -> None:
    window, expected = TENTH[name]
    assert accuracy(DTW(window=window), name, data_file) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(
    ("name", "window"), [("GunPoint", 0.1), ("GunPoint", None), ("PickupGestureWiimoteZ", None), ("BasicMotions", 0.2)]
)
def test_neighbours_are_those_of_all_scores(name: str, window: float | None, data_file: Callable[[str], Path]) -> None:
    train, _ = ucr.read(data_file(f"ucr/{name}_TRAIN.ts"))
    test, _ = ucr.read(data_file(f"ucr/{name}_TEST.ts"))
    aligner = DTW(window=window)
    scores = aligner.pairwise(test[:20], train)
    for query, row in zip(test[:20], scores, strict=True):
        indices, found = aligner.nearest(query, train, k=5)
        assert indices.tolist() == np.argsort(row, kind="stable")[:5].tolist()
        assert found.tolist() == np.sort(row)[:5].tolist()
