"""The picture of a posterior, and its draws for ArviZ."""

from __future__ import annotations

import importlib
from typing import Any


def draw(posterior: Any, names: list[str] | None = None) -> Any:
    """A figure with the densities of each latent, and the history of the ELBO."""
    from .. import plot
    from ..plot._style import panels

    chosen = posterior.names if names is None else list(names)
    count = len(chosen) + 1
    columns = min(count, 3)
    rows = -(-count // columns)
    figure, axes = panels(rows, columns, (4 * columns, 3 * rows))
    for ax, name in zip(axes, chosen, strict=False):
        plot.density(posterior, name, ax)
    plot.elbo(posterior, axes[len(chosen)])
    for ax in axes[count:]:
        ax.set_visible(False)
    return figure


def to_arviz(draws: dict[str, Any]) -> Any:
    """Draws (n, …) by name as one chain, for either generation of ArviZ."""
    arviz: Any = importlib.import_module("arviz")
    chain = {name: value[None] for name, value in draws.items()}
    try:
        return arviz.from_dict(posterior=chain)  # before ArviZ 1: InferenceData
    except TypeError:
        return arviz.from_dict({"posterior": chain})  # a DataTree
