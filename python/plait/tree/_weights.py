"""Checks of sample weights and class weights."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._masks import unmasked

Array = NDArray[Any]


def of_samples(sample_weight: Any, samples: int) -> Array:
    """One for each sample: finite and not negative, one of them above zero."""
    try:
        weights = np.asarray(unmasked(sample_weight, "sample_weight"), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight: expected numbers: {error}") from None
    if weights.ndim == 0:
        weights = np.full(samples, float(weights))
    if weights.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {weights.ndim}D array")
    if len(weights) != samples:
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(samples,)}!")
    bad = ~np.isfinite(weights) | (weights < 0)
    if bad.any():
        raise ValueError(f"sample_weight: {weights[bad][0]} was given, finite numbers from 0 on were expected")
    if not (weights > 0).any():
        raise ValueError("sample_weight: all weights are zero, at least one sample must count")
    return weights


def of_classes(class_weight: Any, classes: Array, codes: Array) -> Array:
    """A weight for each class, as in scikit-learn.

    A dict may name classes that do not occur (a rare one may be missing in a fold of a cross-validation), unless one that does occur
    is not in it: then the name is most likely misspelt.
    """
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(codes, minlength=len(classes))
        return np.asarray(len(codes) / (len(classes) * np.maximum(counts, 1)))
    if not isinstance(class_weight, Mapping):
        kind = ValueError if isinstance(class_weight, str) else TypeError
        raise kind(f"class_weight: {class_weight!r} was given, a dict, 'balanced' or None was expected")
    known = {c.item() if isinstance(c, np.generic) else c: i for i, c in enumerate(classes)}
    weights = np.ones(len(classes))
    named = {}
    for label, value in class_weight.items():
        if not isinstance(value, (int, float, np.number)) or not np.isfinite(value) or value < 0:
            raise ValueError(f"class_weight: {value!r} for class {label!r}, a finite number from 0 on was expected")
        if label in known:
            weights[known[label]] = named[label] = value
    if len(named) < len(known) and len(named) < len(class_weight):
        unknown = next(label for label in class_weight if label not in known)
        raise ValueError(f"class_weight: no class is called {unknown!r}; there are {list(known)[:20]}")
    return weights


def require_usable(weights: Array, min_leaf: float) -> None:
    """Refuses weights whose sum is too large or not finite, and warns of weights too small for any split."""
    with np.errstate(over="ignore"):
        total = float(weights.sum())
    if not total < 1e300:  # sums of products with logarithms are needed, too
        raise ValueError(f"sample_weight: the weights add up to {total:.6g}, less than 1e300 was expected")
    if total < 2 * min_leaf <= np.count_nonzero(weights) and total < 0.1 * np.count_nonzero(weights):
        warnings.warn(
            f"sample_weight: {np.count_nonzero(weights)} samples weigh {total:.6g} together, less than two branches of min_leaf = {min_leaf:g}"
            " need, so nothing is split; weights count cases, so scale them to the number of samples, or lower min_leaf",
            UserWarning,
            stacklevel=4,
        )
