"""Small data sets that are part of scikit-learn, so that no download is needed."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ._types import Images, Points, Seed, split_by_class


def from_sklearn(name: str) -> Any:
    """The result of scikit-learn's loader of this name."""
    try:
        module = importlib.import_module("sklearn.datasets")
    except ImportError as error:
        raise ModuleNotFoundError(
            f"plait.datasets.{name} reads the data that come with scikit-learn, which is not installed: pip install scikit-learn"
        ) from error
    return getattr(module, f"load_{name}")()


def digits(*, flatten: bool = True, test_fraction: float = 0.2, rng: Seed = 0) -> Images:
    """1797 grey images of handwritten digits, 8 × 8 pixels, from scikit-learn.

    Parameters
    ----------
    flatten : bool
        Whether an image is a row of 64 pixels, as the models take it, or keeps its shape (8, 8).
    test_fraction : float
        Fraction of each class that is held out.
    rng : int, SeedSequence or Generator
        Decides which images are held out.

    Returns
    -------
    Images
        ``train_images``, ``train_labels``, ``test_images``, ``test_labels``; float32 in [0, 1] and int64.

    Raises
    ------
    ModuleNotFoundError
        scikit-learn is not installed.
    ValueError
        `test_fraction` is not between 0 and 1.

    Examples
    --------
    >>> data = plait.datasets.digits()
    >>> data.train_images.shape, data.test_images.shape
    ((1438, 64), (359, 64))
    """
    bunch = from_sklearn("digits")
    images = (np.asarray(bunch.images) / 16).astype(np.float32)
    labels = np.asarray(bunch.target).astype(np.int64)
    if flatten:
        images = images.reshape(len(images), -1)
    train, test = split_by_class(labels, test_fraction, rng)
    return Images(images[train], labels[train], images[test], labels[test])


def iris(*, test_fraction: float = 0.2, rng: Seed = 0) -> Points:
    """Fisher's iris flowers: 150 rows of four lengths in centimetres, three species; from scikit-learn.

    Parameters
    ----------
    test_fraction : float
        Fraction of each class that is held out.
    rng : int, SeedSequence or Generator
        Decides which rows are held out.

    Returns
    -------
    Points
        ``train_points``, ``train_labels``, ``test_points``, ``test_labels``, ``columns``, ``classes``.

    Raises
    ------
    ModuleNotFoundError
        scikit-learn is not installed.
    ValueError
        `test_fraction` is not between 0 and 1.

    Examples
    --------
    >>> data = plait.datasets.iris()
    >>> data.train_points.shape, data.classes
    ((120, 4), ('setosa', 'versicolor', 'virginica'))
    """
    bunch = from_sklearn("iris")
    points = np.asarray(bunch.data).astype(np.float32)
    labels = np.asarray(bunch.target).astype(np.int64)
    train, test = split_by_class(labels, test_fraction, rng)
    columns = tuple(str(name) for name in bunch.feature_names)
    classes = tuple(str(name) for name in bunch.target_names)
    return Points(points[train], labels[train], points[test], labels[test], columns, classes)
