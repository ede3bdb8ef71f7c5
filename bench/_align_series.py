"""Series of three kinds for the alignment bench: what a method skips depends on the data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from _align import DATA

Array = np.ndarray[Any, Any]

KINDS = ("noise", "walk", "real")  # real: movements of hands (GunPoint of the UCR archive), each series of mean 0 and standard deviation 1


def labelled(path: Path) -> tuple[list[Array], list[str]]:
    """Series and labels of a univariate file of the UCR archive."""
    series, labels = [], []
    for line in path.read_text(encoding="utf-8").split("@data")[1].split():
        values, label = line.rsplit(":", 1)
        series.append(np.array(values.split(","), dtype=float))
        labels.append(label)
    return series, labels


@cache
def _movements(part: str) -> Array:
    return np.concatenate(labelled(DATA / "ucr" / f"GunPoint_{part}.ts")[0])


def pair(kind: str, n: int) -> tuple[Array, Array]:
    """Two series."""
    if kind == "real":
        return np.resize(_movements("TRAIN"), n), np.resize(_movements("TEST"), n)
    noise = np.random.default_rng(n).normal(size=(2, n))
    x, y = noise.cumsum(1) if kind == "walk" else noise
    return x, y


def many(kind: str, count: int, n: int, d: int = 1, seed: int = 3) -> Array:
    """As many of one length, shape (count, n, d)."""
    if kind == "real":
        values = np.resize(_movements("TEST" if seed % 2 else "TRAIN"), count * n * d)
        return np.ascontiguousarray(values.reshape(count, d, n).transpose(0, 2, 1))
    noise = np.random.default_rng(seed).normal(size=(count, n, d))
    return noise.cumsum(1) if kind == "walk" else noise
