"""Labelled time series: data sets of the UCR and UEA archives from their files, and synthetic gestures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import _core
from .._text import is_number, number, read_text
from ._store import cache_folder
from ._types import Seed

Array: TypeAlias = npt.NDArray[np.float64]


class Series(NamedTuple):
    """Time series with labels, split into training and test part.

    Parameters
    ----------
    train_series, test_series : list of ndarray of float64, shape (n,) or (n, d)
        The series; lengths may differ.
    train_labels, test_labels : ndarray of str
        The class of each series.
    """

    train_series: list[Array]
    train_labels: npt.NDArray[Any]
    test_series: list[Array]
    test_labels: npt.NDArray[Any]


def ucr(name: str) -> Series:
    """A data set of the UCR or UEA archive, from its ``.ts`` files.

    Parameters
    ----------
    name : str
        As in the archive: ``"GunPoint"``. ``<name>_TRAIN.ts`` and ``<name>_TEST.ts`` are looked for in the folder ``ucr`` below ``PLAIT_DATA``
        and below the user's cache. Nothing is fetched: https://timeseriesclassification.com has the files.

    Returns
    -------
    Series
        ``train_series``, ``train_labels``, ``test_series``, ``test_labels``.

    Raises
    ------
    FileNotFoundError
        The files are in neither place.
    FormatError
        A file is invalid, has time stamps, or no class labels.

    Examples
    --------
    >>> data = plait.datasets.ucr("GunPoint")  # doctest: +SKIP
    >>> len(data.train_series), len(data.test_series)  # doctest: +SKIP
    (50, 150)
    """
    train, test = (_read(_locate(f"{name}_{part}.ts")) for part in ("TRAIN", "TEST"))
    return Series(*train, *test)


def _locate(name: str) -> Path:
    named = os.environ.get("PLAIT_DATA", "")
    folders = [*([Path(named)] if named else []), cache_folder()]
    for folder in folders:
        if (folder / "ucr" / name).is_file():
            return folder / "ucr" / name
    places = " and ".join(str(folder / "ucr") for folder in folders)
    raise FileNotFoundError(
        f"{name} is not in {places}{'' if named else ' (PLAIT_DATA is not set)'}; https://timeseriesclassification.com has the files"
    )


def _read(path: Path) -> tuple[list[Array], npt.NDArray[Any]]:
    """Series and labels: dimensions are separated by colons, values by commas, the label comes last."""
    series: list[Array] = []
    labels: list[str] = []
    header: dict[str, str] = {}
    in_data = False
    for at, line in enumerate(read_text(path, "replace").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith(("#", "%")):
            continue
        if not in_data:
            if not line.startswith("@"):
                raise _core.FormatError(f"{path}, line {at}: expected '@' and a tag before the data, got {line[:40]!r}")
            tag, _, value = line[1:].partition(" ")
            header[tag.lower()] = value.strip().lower()
            in_data = tag.lower() == "data"
            if in_data and (header.get("timestamps", "false") != "false" or not header.get("classlabel", "").startswith("true")):
                raise _core.FormatError(f"{path}: expected a file with class labels and without time stamps")
            continue
        *parts, label = line.split(":")
        rows = [_values(part, f"{path}, line {at}, dimension {d}") for d, part in enumerate(parts, 1)]
        if not rows or len({len(row) for row in rows}) != 1:
            raise _core.FormatError(f"{path}, line {at}: dimensions of lengths {[len(row) for row in rows]}")
        series.append(rows[0] if len(rows) == 1 else np.stack(rows, axis=1))
        labels.append(label.strip())
    if not series:
        raise _core.FormatError(f"{path}: no series after '@data'")
    return series, np.array(labels)


def _values(part: str, where: str) -> Array:
    """The values of one dimension."""
    values = part.split(",")
    try:
        return np.array([np.nan if v.strip() == "?" else number(v) for v in values])
    except ValueError:
        k = next(k for k, v in enumerate(values) if v.strip() != "?" and not is_number(v))
        raise _core.FormatError(f"{where}, value {k + 1}: {values[k].strip()[:40]!r} is no number") from None


def gestures(train: int = 6, test: int = 12, *, noise: float = 0.12, rng: Seed = 0) -> Series:
    """Synthetic gestures of four classes, each series with a random length and time warping.

    Parameters
    ----------
    train, test : int
        Series of each class in the two parts.
    noise : float
        Standard deviation of the noise added to every value.
    rng : int, SeedSequence or Generator
        Source of the random numbers.

    Returns
    -------
    Series
        Of 40 to 80 values each; labels ``"bump"``, ``"dip"``, ``"shake"`` and ``"step"``.

    Examples
    --------
    >>> data = plait.datasets.gestures(train=2, test=1)
    >>> len(data.train_series), sorted(set(data.train_labels.tolist()))
    (8, ['bump', 'dip', 'shake', 'step'])
    """
    draw = np.random.default_rng(rng)
    shapes = {
        "bump": lambda t: np.exp(-(((t - 0.5) / 0.12) ** 2)),
        "dip": lambda t: np.exp(-(((t - 0.35) / 0.08) ** 2)) - np.exp(-(((t - 0.65) / 0.08) ** 2)),
        "shake": lambda t: np.sin(6 * np.pi * t) * (t > 0.2) * (t < 0.8),
        "step": lambda t: 1 / (1 + np.exp(-(t - 0.5) / 0.04)),
    }

    def one(kind: str) -> Array:
        steps = np.linspace(0, 1, int(draw.integers(40, 81)))
        pace = np.interp(steps, [0, 0.5, 1], [0, draw.uniform(0.3, 0.7), 1])  # time warping: slower in the first half or in the second
        values: Array = shapes[kind](pace) + noise * draw.normal(size=len(steps))
        return values

    parts: list[Any] = []
    for count in (train, test):
        labels = np.repeat(sorted(shapes), count)
        parts += [[one(str(kind)) for kind in labels], labels]
    return Series(*parts)
