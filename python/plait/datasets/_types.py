"""Return types of the loaders."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Labels: TypeAlias = npt.NDArray[np.int64]
Seed: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None


class Images(NamedTuple):
    """Images with labels, split into training and test part.

    Parameters
    ----------
    train_images, test_images : ndarray of float32 in [0, 1]
        A row of pixels for each image, or the image itself with ``flatten=False``.
    train_labels, test_labels : ndarray of int64
        The class of each image, counted from 0.
    """

    train_images: Floats
    train_labels: Labels
    test_images: Floats
    test_labels: Labels


class Points(NamedTuple):
    """Rows of numbers with labels, split into training and test part.

    Parameters
    ----------
    train_points, test_points : ndarray of float32, shape (n, d)
        A row for each sample.
    train_labels, test_labels : ndarray of int64, shape (n,)
        The class of each row, counted from 0.
    columns : tuple of str
        Names of the columns.
    classes : tuple of str
        Names of the classes.
    """

    train_points: Floats
    train_labels: Labels
    test_points: Floats
    test_labels: Labels
    columns: tuple[str, ...]
    classes: tuple[str, ...]


def split_by_class(labels: Labels, test_fraction: float, rng: Seed) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices of the training and the test part, stratified by class, in the order of the data."""
    if not 0.0 < test_fraction < 1.0:
        raise ValueError(f"test_fraction: {test_fraction} was given, a number between 0 and 1 was expected")
    draw = np.random.default_rng(rng)
    held_out = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        # At least one on either side, so that every class is in both parts.
        count = min(max(round(test_fraction * len(members)), 1), len(members) - 1)
        held_out[draw.permutation(members)[:count]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
