"""Weights of samples and of classes, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._masks import unmasked

Array = NDArray[Any]


def sample_weights(given: Any, samples: int, name: str) -> Array | None:
    """Weights of samples in float64; None stays None."""
    if given is None:
        return None
    weights = unmasked(given, f"{name}: sample_weight")
    if weights.dtype.kind not in "buif" and weights.dtype.kind != "O":
        raise ValueError(f"{name}: sample_weight: expected numbers, got an array of {weights.dtype}")
    weights = weights.astype("float64")
    if weights.ndim == 0:
        weights = np.full(samples, float(weights))
    if weights.ndim != 1:
        raise ValueError(f"{name}: Sample weights must be 1D array or scalar, got an array of shape {weights.shape}")
    if len(weights) != samples:
        raise ValueError(f"{name}: sample_weight.shape == {weights.shape}, expected {(samples,)}!")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ValueError(f"{name}: sample_weight: expected finite numbers of at least 0, one of them above, got {_first_wrong(weights)}")
    return weights


def _first_wrong(weights: Array) -> str:
    wrong = weights[~(np.isfinite(weights) & (weights >= 0))]
    return f"{wrong[0]:g}" if len(wrong) else "only zeros"


def with_classes(weights: Array | None, class_weight: Any, codes: Array, classes: Array, name: str) -> Array | None:
    """Products of sample and class weights; "balanced" gives all classes the same total weight."""
    if class_weight is None:
        return weights
    factors = np.ones(len(classes))
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(codes, weights, minlength=len(factors)).astype("float64")
        factors = np.divide(counts.sum(), len(factors) * counts, out=np.zeros_like(counts), where=counts > 0)
    elif isinstance(class_weight, dict):
        for label, factor in class_weight.items():
            at = np.flatnonzero(classes == label)
            if len(at) == 0:
                raise ValueError(f"{name}: class_weight: the label {label!r} is not in y")
            if not (np.isfinite(factor) and factor >= 0):
                raise ValueError(f"{name}: class_weight: expected a finite number of at least 0 for {label!r}, got {factor!r}")
            factors[at[0]] = factor
    else:
        raise ValueError(f"{name}: class_weight: expected a dict, 'balanced' or None, got {class_weight!r:.60}")
    return sample_weights(factors[codes] * (1.0 if weights is None else weights), len(codes), name)


def split_by_class(codes: Array, classes: int, share: float, generator: np.random.Generator, name: str) -> tuple[Array, Array]:
    """A stratified split into training and held-out samples; at least one sample of each class is trained on."""
    out = []
    for code in range(classes):
        own = generator.permutation(np.flatnonzero(codes == code))
        out.append(own[: min(round(share * len(own)), max(len(own) - 1, 0))])
    held = np.sort(np.concatenate(out))
    if len(held) == 0:
        raise ValueError(f"{name}: early_stopping: too few samples of each class to keep some back; give validation=")
    return np.setdiff1d(np.arange(len(codes)), held), held
