"""Plots of a solver's iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._style import axes_or_new, colour, legend, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..optimize import OptimizeResult

ITERATIONS_WITH_MARKS = 40


def convergence(result: OptimizeResult, ax: Axes | None = None) -> Axes:
    """The convergence of a minimisation: the objective's distance from its last value, and the largest violation, over iterations.

    Parameters
    ----------
    result : OptimizeResult
        The result of ``minimize`` or ``Problem.solve``.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn; its vertical axis is logarithmic, so that zeros are left out.

    Raises
    ------
    ValueError
        The result has no path, as that of ``solve_many``.

    Examples
    --------
    >>> disc = {"type": "ineq", "fun": lambda x: 1 - x[0] ** 2 - x[1] ** 2}
    >>> found = plait.optimize.minimize(lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, [3.0, 3.0], constraints=disc)
    >>> ax = plait.plot.convergence(found)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['objective: distance from its last value', 'largest violation of a constraint']
    """
    path = np.asarray(result.get("path", ()), dtype=np.float64)
    if path.ndim != 2 or path.shape[1] != 2 or len(path) == 0:
        raise ValueError("convergence: there is no path in this result; minimize and Problem.solve give one, solve_many does not")
    ax = axes_or_new(ax, (5.6, 3.4))
    from matplotlib.ticker import MaxNLocator

    away = np.abs(path[:, 0] - path[-1, 0])
    marker = "o" if len(path) <= ITERATIONS_WITH_MARKS else ""
    for k, (values, label) in enumerate(
        ((away, "objective: distance from its last value"), (path[:, 1], "largest violation of a constraint"))
    ):
        shown = np.where(values > 0, values, np.nan)
        if np.isfinite(shown).any() or k == 0:
            ax.plot(np.arange(len(path)), shown, color=colour(k, ax), marker=marker, markersize=3, label=label)
    ax.set_yscale("log")
    ax.set_xlim(-0.5, len(path) - 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("iteration")
    ax.set_title(
        f"{'solved' if result['success'] else 'not solved'}: {result['fun']:.6g} after {result['nit']} iteration{'s' * (result['nit'] != 1)}"
    )
    plain(ax)
    legend(ax)
    return ax
