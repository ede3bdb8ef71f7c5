"""Plots of alignments and of distances between all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ._style import axes_or_new, colour, is_dark, legend, plain, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Pairs(Protocol):
    """The interface of an alignment that plots use."""

    @property
    def x(self) -> Sequence[Any]:
        """One sequence."""

    @property
    def y(self) -> Sequence[Any]:
        """The other."""

    @property
    def path(self) -> npt.NDArray[np.int64]:
        """(i, j) of each column, -1 for a gap."""


#: Most rows and columns of a matrix in a picture; more are subsampled.
SHADES = 600


def numbers_of(sequence: Sequence[Any]) -> npt.NDArray[np.float64] | None:
    """The numbers (n, d) of a sequence, or None for symbols."""
    if isinstance(sequence, (str, bytes)):
        return None
    try:
        values = np.asarray(sequence, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return values.reshape(len(values), -1 if values.size else 1)


def alignment(found: Pairs, ax: Axes | None = None, *, kind: str | None = None) -> Axes:
    """Two aligned series with links between them, or the matrix of their elements' distances with the path through it.

    Parameters
    ----------
    found : Alignment
        The result of an aligner's ``align``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    kind : {"links", "matrix"}, optional
        Links for series of numbers, the matrix for symbols, unless given.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        Links between symbols were asked for, or another kind.

    Examples
    --------
    >>> x, y = np.sin(np.arange(30) / 4), np.sin(np.arange(40) / 6)
    >>> ax = plait.plot.alignment(plait.align.DTW().align(x, y))
    >>> len(ax.lines) > 2
    True
    """
    x, y = numbers_of(found.x), numbers_of(found.y)
    if kind not in (None, "links", "matrix"):
        raise ValueError(f"kind: expected 'links' or 'matrix', got {kind!r}")
    if kind == "links" and (x is None or y is None):
        raise ValueError("kind: links are drawn between series of numbers; take 'matrix' for symbols")
    path = np.asarray(found.path)
    both = path[(path >= 0).all(axis=1)] if len(path) else path.reshape(0, 2)
    if x is None or y is None or kind == "matrix":
        return _draw_matrix(found, x, y, path, axes_or_new(ax, (4.6, 4.4)))
    ax = axes_or_new(ax, (8, 3.2))
    bounds = [(float(known.min()), float(known.max())) if (known := s[np.isfinite(s)]).size else (0.0, 0.0) for s in (x, y)]
    spread = 1.2 * max(1e-9, *(high - low for low, high in bounds))
    lift = spread + bounds[1][1] - bounds[0][0]
    every = max(1, len(both) // 120)  # more lines could not be distinguished
    for i, j in both[::every]:
        ax.plot([i, j], [x[i, 0] + lift, y[j, 0]], color=quiet(ax), alpha=0.5, linewidth=0.5, zorder=1)
    for values, up, name, at in ((x, lift, "x", 0), (y, 0.0, "y", 1)):
        for k in range(values.shape[1]):
            ax.plot(
                np.arange(len(values)), values[:, k] + up, color=colour(at, ax), alpha=1 if k == 0 else 0.4, label=name if k == 0 else None
            )
    ax.set_yticks([])
    ax.set_xlabel("element")
    legend(ax, 2, above=True)
    return plain(ax, grid=False)


def _draw_matrix(found: Pairs, x: npt.NDArray[Any] | None, y: npt.NDArray[Any] | None, path: npt.NDArray[np.int64], ax: Axes) -> Axes:
    n, m = len(found.x), len(found.y)
    rows, columns = (range(0, length, 1 + length // SHADES) for length in (n, m))  # long sequences are subsampled
    if x is not None and y is not None:
        shades = np.sqrt(((x[rows][:, None] - y[columns][None]) ** 2).sum(axis=-1))
    else:
        shades = np.array([[0.0 if found.x[i] == found.y[j] else 1.0 for j in columns] for i in rows])
    if shades.size:
        ax.imshow(
            shades,
            cmap="Greys_r" if not is_dark(ax) else "Greys",
            alpha=0.6,
            aspect="auto",
            interpolation="nearest",
            extent=(-0.5, m - 0.5, n - 0.5, -0.5),
        )
    # At a gap the path keeps its position in that sequence.
    at = np.maximum.accumulate(path, axis=0) if len(path) else path.reshape(0, 2)
    ax.plot(at[:, 1], at[:, 0], color=colour(1, ax), linewidth=1.5, marker="." if len(path) <= 60 else "")
    if x is None or y is None:
        for sequence, set_ticks in ((found.x, ax.set_yticks), (found.y, ax.set_xticks)):
            if len(sequence) <= 60:
                text = sequence.decode("latin-1") if isinstance(sequence, bytes) else sequence
                set_ticks(range(len(sequence)), [str(symbol) for symbol in text])
    ax.set_xlabel("y")
    ax.set_ylabel("x")
    return plain(ax, grid=False)


#: Most names at the sides of a matrix; more would overlap.
MOST_LABELS = 60


def pairwise(
    matrix: npt.ArrayLike,
    labels: Sequence[Any] | None = None,
    ax: Axes | None = None,
    *,
    order: npt.ArrayLike | None = None,
    values: bool | None = None,
) -> Axes:
    """Distances or scores between all pairs, as shades.

    Parameters
    ----------
    matrix : array_like, shape (n, m)
        The result of an aligner's ``pairwise``; a condensed vector of n (n - 1) / 2 distances is unfolded.
    labels : sequence, optional
        Names of the rows, and of the columns where the matrix is square.
    ax : Axes, optional
        Where to draw; a new figure without it.
    order : array_like of int, shape (n,), optional
        Order of the rows (and of the columns of a square matrix), for instance by cluster.
    values : bool, optional
        Whether to write numbers into the cells; by default for up to 12 rows and columns.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        `matrix` is not a matrix, or `labels` or `order` have another length than its rows.

    Examples
    --------
    >>> series = [np.sin(np.arange(30) / k) for k in (4, 5, 9, 10)]
    >>> ax = plait.plot.pairwise(plait.align.DTW().pairwise(series))
    >>> ax.images[0].get_array().shape
    (4, 4)
    """
    shown = _unfolded(np.asarray(matrix, dtype=np.float64))
    n, m = shown.shape
    names = None if labels is None else [str(label) for label in labels]
    if names is not None and len(names) != n:
        raise ValueError(f"pairwise: {len(names)} labels for a matrix of shape {shown.shape}")
    if order is not None:
        places = np.asarray(order)
        if places.shape != (n,) or sorted(places.tolist()) != list(range(n)):
            raise ValueError(f"order: expected the numbers 0 to {n - 1}, each once, got an array of shape {places.shape}")
        shown = shown[places][:, places] if n == m else shown[places]
        names = None if names is None else [names[k] for k in places]
    ax = axes_or_new(ax, (4.8, 4.2))
    image = ax.imshow(shown, cmap="cividis", aspect="auto" if n != m else "equal", interpolation="nearest")
    ax.figure.colorbar(image, ax=ax, shrink=0.8)
    if names is not None and n <= MOST_LABELS:
        ax.set_yticks(range(n), names)
        if n == m:
            ax.set_xticks(range(n), names, rotation=90 if max(map(len, names)) > 2 else 0)
    if values or (values is None and max(n, m) <= 12):
        finite = shown[np.isfinite(shown)]
        middle = (finite.min() + finite.max()) / 2 if finite.size else 0.0
        for i in range(n):
            for j in range(m):
                ink = "black" if shown[i, j] > middle else "white"
                ax.text(j, i, f"{shown[i, j]:.3g}", ha="center", va="center", color=ink, fontsize="small")
    return plain(ax, grid=False)


def _unfolded(found: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A matrix from itself, or from the distances above its diagonal."""
    if found.ndim == 1:
        n = (1 + round((1 + 8 * len(found)) ** 0.5)) // 2
        if n * (n - 1) // 2 == len(found) > 0:
            full = np.zeros((n, n))
            full[np.triu_indices(n, 1)] = found
            return full + full.T
    if found.ndim != 2 or 0 in found.shape:
        raise ValueError(f"pairwise: a matrix or a condensed vector was expected, got shape {found.shape}")
    return found
