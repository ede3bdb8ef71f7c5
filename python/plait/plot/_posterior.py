"""Plots of posteriors: intervals of each latent, densities, and the ELBO over the fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ._style import axes_or_new, colour, legend, plain, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 60


class Draws(Protocol):
    """The interface of a posterior that plots use."""

    @property
    def names(self) -> list[str]:
        """Its latents."""

    def sample(self, n: int = 1000, rng: Any = None) -> dict[str, npt.NDArray[np.float64]]:
        """Draws of each latent."""


def posterior(found: Draws, names: Sequence[str] | None = None, ax: Axes | None = None, *, draws: int = 4000) -> Axes:
    """Intervals of a posterior: for each number the median, and the central 50 % and 90 % intervals of the draws.

    Parameters
    ----------
    found : Posterior
        What ``bbvi`` gave, or ``result.posterior`` of a time series.
    names : sequence of str, optional
        Which latents; all of them unless given.
    ax : Axes, optional
        Where to draw; a new figure without it.
    draws : int
        Number of draws for the intervals.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        There is no such latent.

    Examples
    --------
    >>> def model(m):
    ...     mu = m.latent("mu", plait.infer.Normal(0, 5))
    ...     tau = m.latent("tau", plait.infer.HalfNormal(2))
    ...     m.observe(plait.infer.Normal(mu, tau), np.array([1.0, 2.0, 4.0]))
    >>> found = plait.infer.bbvi(model, rng=0, progress=False)
    >>> ax = plait.plot.posterior(found)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['mu', 'tau']
    """
    rows = _rows(found, names, draws)
    ax = axes_or_new(ax, (5, 0.8 + 0.25 * max(3, len(rows))))
    for k, (_, values) in enumerate(rows):
        low, lower, middle, upper, high = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
        ax.plot([low, high], [k, k], color=colour(0, ax), linewidth=1)
        ax.plot([lower, upper], [k, k], color=colour(0, ax), linewidth=3.5, solid_capstyle="butt")
        ax.plot([middle], [k], "o", color=colour(1, ax), markersize=4.5)
    ax.set_yticks(range(len(rows)), [name for name, _ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel("median, 50 % and 90 % intervals")
    plain(ax)
    ax.grid(visible=False, axis="y")
    return ax


def density(found: Draws, name: str, ax: Axes | None = None, *, draws: int = 4000, most: int = 8) -> Axes:
    """The marginal densities of one latent, as histograms of its draws.

    Parameters
    ----------
    found : Posterior
        What ``bbvi`` gave, or ``result.posterior`` of a time series.
    name : str
        The latent; of an array each element is a line.
    ax : Axes, optional
        Where to draw; a new figure without it.
    draws : int
        Number of draws.
    most : int
        Most elements to draw.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        There is no such latent.

    Examples
    --------
    >>> def model(m):
    ...     mu = m.latent("mu", plait.infer.Normal(0, 5))
    ...     tau = m.latent("tau", plait.infer.HalfNormal(2))
    ...     m.observe(plait.infer.Normal(mu, tau), np.array([1.0, 2.0, 4.0]))
    >>> found = plait.infer.bbvi(model, rng=0, progress=False)
    >>> ax = plait.plot.density(found, "tau")
    >>> ax.get_xlabel()
    'tau'
    """
    rows = _rows(found, [name], draws)[:most]
    ax = axes_or_new(ax, (4.5, 3.0))
    low, high = np.quantile(np.concatenate([values for _, values in rows]), [0.002, 0.998])
    for k, (label, values) in enumerate(rows):
        ax.hist(
            values,
            bins=60,
            range=(low, high) if high > low else None,
            histtype="step",
            density=True,
            color=colour(k, ax),
            label=label if len(rows) > 1 else None,
        )
    ax.set_xlabel(name)
    ax.set_ylabel("density")
    plain(ax)
    legend(ax)
    return ax


def elbo(found: Any, ax: Axes | None = None) -> Axes:
    """The evidence lower bound over the steps of a fit, with k-hat in the title.

    Parameters
    ----------
    found : Posterior
        What ``bbvi`` gave.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> def model(m):
    ...     mu = m.latent("mu", plait.infer.Normal(0, 5))
    ...     tau = m.latent("tau", plait.infer.HalfNormal(2))
    ...     m.observe(plait.infer.Normal(mu, tau), np.array([1.0, 2.0, 4.0]))
    >>> found = plait.infer.bbvi(model, rng=0, progress=False)
    >>> ax = plait.plot.elbo(found)
    >>> ax.get_xlabel()
    'step'
    """
    ax = axes_or_new(ax, (4.5, 3.0))
    history = np.asarray(found.elbo_history, dtype=np.float64)
    ax.plot(history, color=colour(0, ax))
    if len(history) > 4:  # the range without the first steps, which would flatten the rest
        tail = history[len(history) // 4 :]
        spread = max(float(np.ptp(tail)), 1e-3)
        ax.set_ylim(tail.min() - 0.2 * spread, tail.max() + 0.2 * spread)
    ax.axhline(found.elbo, color=quiet(ax), linewidth=0.8)
    ax.set_title(f"ELBO {found.elbo:.3f}, k-hat {found.khat:.2f}")
    ax.set_xlabel("step")
    return plain(ax)


def _rows(found: Draws, names: Sequence[str] | None, draws: int) -> list[tuple[str, npt.NDArray[np.float64]]]:
    """Each number of each latent with its draws."""
    chosen = list(found.names if names is None else names)
    if unknown := [name for name in chosen if name not in found.names]:
        raise ValueError(f"posterior: no latent {unknown[0]!r}; there are {', '.join(map(repr, found.names))}")
    sample = found.sample(draws, rng=0)
    rows: list[tuple[str, npt.NDArray[np.float64]]] = []
    for name in chosen:
        values = np.asarray(sample[name])
        shape = values.shape[1:]
        for at in np.ndindex(*shape):
            rows.append((f"{name}[{', '.join(map(str, at))}]" if shape else name, values[(slice(None), *at)]))
    return rows[:MOST_ROWS]
