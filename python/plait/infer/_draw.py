"""The picture of a posterior, and its draws for ArviZ."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np


def draw(posterior: Any, names: list[str] | None = None) -> Any:
    """Histograms of draws for each latent, and the ELBO's course."""
    import matplotlib.pyplot as plt

    chosen = posterior.names if names is None else list(names)
    draws = posterior.sample(4000, rng=0)
    count = len(chosen) + 1
    columns = min(count, 3)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4 * columns, 3 * rows), squeeze=False)
    flat = axes.ravel()
    for ax, name in zip(flat, chosen, strict=False):
        values = draws[name].reshape(len(draws[name]), -1)
        low, high = np.quantile(values, [0.002, 0.998])
        for k in range(min(values.shape[1], 10)):
            ax.hist(values[:, k], bins=60, range=(low, high) if high > low else None, histtype="step", density=True)
        ax.set_title(name)
    curve = flat[len(chosen)]
    history = posterior.elbo_history
    curve.plot(history)
    if len(history) > 4:
        tail = history[len(history) // 4 :]
        spread = max(float(np.ptp(tail)), 1e-3)
        curve.set_ylim(tail.min() - 0.2 * spread, tail.max() + 0.2 * spread)
    curve.set_title(f"ELBO {posterior.elbo:.3f}, k-hat {posterior.khat:.2f}")
    curve.set_xlabel("step")
    for ax in flat[count:]:
        ax.set_visible(False)
    figure.tight_layout()
    return figure


def to_arviz(draws: dict[str, Any]) -> Any:
    """Draws (n, …) by name as one chain, for either generation of ArviZ."""
    arviz: Any = importlib.import_module("arviz")
    chain = {name: value[None] for name, value in draws.items()}
    try:
        return arviz.from_dict(posterior=chain)  # before ArviZ 1: InferenceData
    except TypeError:
        return arviz.from_dict({"posterior": chain})  # a DataTree
