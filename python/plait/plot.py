"""Plots of training runs, images, latent spaces and decision regions; matplotlib is imported when one is asked for.

Every function draws on ``ax`` and gives it back; without one it makes a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["alignment", "continuation", "decision_regions", "image_grid", "latent_map", "loss_curve", "reconstructions"]

CLASSES_WITH_A_LEGEND = 12
EPOCHS_WITH_MARKS = 40


class Course(Protocol):
    """What `loss_curve` asks of a training history."""

    @property
    def loss(self) -> Sequence[float]:
        """Loss of each epoch."""

    @property
    def validation(self) -> Sequence[float]:
        """Loss on held-out data after each epoch, empty where there is none."""


class Pairs(Protocol):
    """What `alignment` asks of one."""

    @property
    def x(self) -> Sequence[Any]:
        """One sequence."""

    @property
    def y(self) -> Sequence[Any]:
        """The other."""

    @property
    def path(self) -> npt.NDArray[np.int64]:
        """(i, j) of each column, -1 for a gap."""


def axes_or_new(ax: Axes | None, figsize: tuple[float, float] | None = None) -> Axes:
    """The given axes, or those of a new figure."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ModuleNotFoundError("plait.plot needs matplotlib: pip install matplotlib") from error
    new: Axes = plt.subplots(figsize=figsize, layout="constrained")[1]
    return new


def loss_curve(history: Course, ax: Axes | None = None) -> Axes:
    """Loss over epochs, and the loss on held-out data where it was measured.

    Parameters
    ----------
    history : History
        What ``fit`` or ``plait.train`` gave.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> history = SimpleNamespace(loss=[3.0, 2.0, 1.5], validation=[])
    >>> ax = plait.plot.loss_curve(history)  # doctest: +SKIP
    """
    ax = axes_or_new(ax, (5, 3.2))
    from matplotlib.ticker import MaxNLocator

    for values, label in ((history.loss, "training"), (history.validation, "held out")):
        if values is not None and len(values) > 0:
            marker = "o" if len(values) <= EPOCHS_WITH_MARKS else ""
            ax.plot(np.arange(1, len(values) + 1), np.asarray(values), marker=marker, markersize=3, label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    if ax.lines:
        ax.legend(frameon=False)
    return ax


def as_images(images: npt.ArrayLike, shape: tuple[int, int] | None) -> npt.NDArray[Any]:
    """(n, rows, columns) from such, or from rows of pixels; without a shape the images are taken as square."""
    array = np.asarray(images)
    if array.ndim == 3 and shape is None:
        return array
    if array.ndim < 2:
        raise ValueError(f"images: shape {array.shape} was given, (n, pixels) or (n, rows, columns) was expected")
    pixels = int(np.prod(array.shape[1:]))
    if shape is None:
        side = round(float(np.sqrt(pixels)))
        if side * side != pixels:
            raise ValueError(f"images: {pixels} pixels make no square; give shape=(rows, columns)")
        shape = (side, side)
    if shape[0] * shape[1] != pixels:
        raise ValueError(f"images: {pixels} pixels do not fill shape {shape}")
    return array.reshape(len(array), *shape)


def mosaic(images: npt.NDArray[Any], columns: int) -> npt.NDArray[Any]:
    """All images in one, with a line between them; NaN where there is none."""
    n, height, width = images.shape
    rows = max(1, -(-n // columns))
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        sheet[top : top + height, left : left + width] = image
    return sheet


def image_grid(images: npt.ArrayLike, *, shape: tuple[int, int] | None = None, columns: int | None = None, ax: Axes | None = None) -> Axes:
    """Grey images side by side, dark on light.

    Parameters
    ----------
    images : array_like, shape (n, pixels) or (n, rows, columns)
        Values from 0 to 1.
    shape : (int, int), optional
        Rows and columns of an image that is given as a row of pixels; square without it.
    columns : int, optional
        Images beside each other; a grid about as wide as high without it.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        There is no image, or the pixels do not fill the shape.

    Examples
    --------
    >>> ax = plait.plot.image_grid(np.random.default_rng(0).random((16, 64)))  # doctest: +SKIP
    """
    array = as_images(images, shape)
    if len(array) == 0:
        raise ValueError("images: there is none")
    columns = min(len(array), columns or int(np.ceil(np.sqrt(len(array)))))
    ax = axes_or_new(ax)
    ax.imshow(mosaic(array, columns), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    ax.set_axis_off()
    return ax


def reconstructions(
    originals: npt.ArrayLike, made: npt.ArrayLike, *, shape: tuple[int, int] | None = None, columns: int = 10, ax: Axes | None = None
) -> Axes:
    """Originals, and what a model makes of each below it.

    Parameters
    ----------
    originals, made : array_like, shape (n, pixels) or (n, rows, columns)
        Values from 0 to 1, the same number of images in both.
    shape : (int, int), optional
        Rows and columns of an image that is given as a row of pixels; square without it.
    columns : int
        Pairs beside each other.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        The shapes of the two differ, there is no image, or the pixels do not fill the shape.

    Examples
    --------
    >>> ax = plait.plot.reconstructions(test[:20], vae.reconstruct(test[:20]))  # doctest: +SKIP
    """
    above, below = as_images(originals, shape), as_images(made, shape)
    if above.shape != below.shape:
        raise ValueError(f"reconstructions: originals have shape {above.shape}, what was made of them {below.shape}")
    pairs = []
    for start in range(0, len(above), columns):
        for part in (above[start : start + columns], below[start : start + columns]):
            filler = np.full((columns - len(part), *part.shape[1:]), np.nan)
            pairs.append(np.concatenate([part, filler]))
    return image_grid(np.concatenate(pairs) if pairs else above, columns=columns, ax=ax)


def in_the_plane(points: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], str]:
    """Points with two coordinates as they are, others along their two main directions; and the name of the axes."""
    if points.ndim != 2 or points.shape[1] < 1:
        raise ValueError(f"latent_map: shape {points.shape} was given, (n, latent) was expected")
    if points.shape[1] == 1:
        return np.concatenate([points, np.zeros_like(points)], axis=1), "latent dimension"
    if points.shape[1] == 2:
        return points, "latent dimension"
    centred = points - points.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    # The sign of a direction is arbitrary: its largest entry is made positive, so that the map is the same everywhere.
    signs = np.sign(directions[np.arange(2), np.abs(directions[:2]).argmax(axis=1)])
    return centred @ (directions[:2] * signs[:, None]).T, "main direction"


def latent_map(means: npt.ArrayLike, labels: npt.ArrayLike | None = None, *, ax: Axes | None = None) -> Axes:
    """Where a model puts each sample: the first two coordinates, or the plane of the largest variance where there are more.

    Parameters
    ----------
    means : array_like, shape (n, latent)
        A point for each sample.
    labels : array_like of int, shape (n,), optional
        The class of each, shown as colour.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        `means` is no matrix, or `labels` are not as many.

    Examples
    --------
    >>> ax = plait.plot.latent_map(vae.encode(test)[0], labels)  # doctest: +SKIP
    """
    plane, name = in_the_plane(np.asarray(means, dtype=np.float64))
    ax = axes_or_new(ax, (5, 4.4))
    if labels is None:
        ax.scatter(plane[:, 0], plane[:, 1], s=6, linewidths=0)
    else:
        classes = np.asarray(labels)
        if classes.shape != (len(plane),):
            raise ValueError(f"latent_map: {len(plane)} points, but labels of shape {classes.shape}")
        for i, label in enumerate(np.unique(classes)):
            part = plane[classes == label]
            ax.scatter(part[:, 0], part[:, 1], s=6, linewidths=0, color=colour(i), label=str(label))
        if len(np.unique(classes)) <= CLASSES_WITH_A_LEGEND:
            ax.legend(frameon=False, markerscale=2, loc="center left", bbox_to_anchor=(1, 0.5))
    ax.set_xlabel(f"{name} 1")
    ax.set_ylabel(f"{name} 2")
    return ax


def colour(i: int) -> Any:
    """The i-th of ten colours that are told apart, then from the beginning."""
    from matplotlib import colormaps

    return colormaps["tab10"](i % 10)


def decision_regions(
    predict: Callable[[npt.NDArray[np.float32]], npt.ArrayLike],
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    resolution: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Which class a classifier gives to each place in the plane, with the points on top.

    Parameters
    ----------
    predict : callable
        ``clf.predict``: takes (m, 2), gives m labels.
    points : array_like, shape (n, 2)
        The samples.
    labels : array_like, shape (n,)
        Their classes.
    resolution : int
        Places along each axis at which the classifier is asked.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        `points` are not in the plane, or `labels` are not as many.

    Examples
    --------
    >>> ax = plait.plot.decision_regions(clf.predict, data.test_points, data.test_labels)  # doctest: +SKIP
    """
    places, classes = np.asarray(points, dtype=np.float64), np.asarray(labels)
    if places.ndim != 2 or places.shape[1] != 2 or classes.shape != (len(places),) or len(places) == 0:
        raise ValueError(
            f"decision_regions: points of shape {places.shape} and labels of shape {classes.shape}, (n, 2) and (n,) were expected"
        )
    low, high = places.min(axis=0), places.max(axis=0)
    margin = 0.08 * np.maximum(high - low, 1e-9)
    grid = [np.linspace(a, b, resolution) for a, b in zip(low - margin, high + margin, strict=True)]
    mesh = np.stack(np.meshgrid(*grid), axis=-1).reshape(-1, 2).astype(np.float32)
    answers = np.asarray(predict(mesh))
    known = np.unique(np.concatenate([classes, answers]))
    ax = axes_or_new(ax, (4.6, 4.4))
    shades = np.array([colour(i) for i in range(len(known))])
    regions = shades[np.searchsorted(known, answers)].reshape(resolution, resolution, 4)
    regions[..., 3] = 0.3
    ax.imshow(regions, origin="lower", extent=(grid[0][0], grid[0][-1], grid[1][0], grid[1][-1]), aspect="auto", interpolation="nearest")
    for i, label in enumerate(known):
        part = places[classes == label]
        ax.scatter(part[:, 0], part[:, 1], s=10, color=shades[i], edgecolors="white", linewidths=0.4, label=str(label))
    ax.set_xlim(grid[0][0], grid[0][-1])
    ax.set_ylim(grid[1][0], grid[1][-1])
    return ax


def continuation(truth: npt.ArrayLike, made: npt.ArrayLike, *, names: Sequence[str] = (), ax: Axes | None = None) -> Axes:
    """A series, and what a model has made of its beginning.

    Parameters
    ----------
    truth : array_like, shape (n,) or (n, features)
        The true series.
    made : array_like, shape (m,) or (m, features)
        The model's values for its last m steps; those before were given to it.
    names : sequence of str
        Of the features.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        `made` is longer than `truth`, or has another number of features.

    Examples
    --------
    >>> ax = plait.plot.continuation(series, model.generate(series[:5], 100))  # doctest: +SKIP
    """
    true, values = (np.asarray(a, dtype=np.float64).reshape(len(np.asarray(a)), -1) for a in (truth, made))
    if len(values) > len(true) or values.shape[1] != true.shape[1]:
        raise ValueError(f"continuation: {np.shape(made)} values for a series of shape {np.shape(truth)}")
    ax = axes_or_new(ax, (8, 3.2))
    begin = len(true) - len(values)
    for k in range(true.shape[1]):
        name = f"{names[k]}, " if k < len(names) else ""
        ax.plot(np.arange(len(true)), true[:, k], color=colour(k), alpha=0.35, linewidth=3, label=f"{name}true")
        ax.plot(np.arange(begin, len(true)), values[:, k], color=colour(k), linewidth=1.2, label=f"{name}generated")
    ax.axvspan(-0.5, begin - 0.5, color="0.5", alpha=0.15, linewidth=0)
    ax.set_xlim(-0.5, len(true) - 0.5)
    ax.set_xlabel("step")
    ax.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return ax


#: At most so many rows and columns of a matrix are told apart in a picture.
SHADES = 600


def numbers_of(sequence: Sequence[Any]) -> npt.NDArray[np.float64] | None:
    """(n, d), or nothing for symbols."""
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
        What an aligner's ``align`` gave.
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
    >>> ax = plait.plot.alignment(plait.align.DTW().align(x, y))  # doctest: +SKIP
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
    every = max(1, len(both) // 120)  # more lines are a grey wall
    for i, j in both[::every]:
        ax.plot([i, j], [x[i, 0] + lift, y[j, 0]], color="0.7", linewidth=0.5, zorder=1)
    for values, up, name, at in ((x, lift, "x", 0), (y, 0.0, "y", 1)):
        for k in range(values.shape[1]):
            ax.plot(np.arange(len(values)), values[:, k] + up, color=colour(at), alpha=1 if k == 0 else 0.4, label=name if k == 0 else None)
    ax.set_yticks([])
    ax.set_xlabel("element")
    ax.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return ax


def _draw_matrix(found: Pairs, x: npt.NDArray[Any] | None, y: npt.NDArray[Any] | None, path: npt.NDArray[np.int64], ax: Axes) -> Axes:
    n, m = len(found.x), len(found.y)
    rows, columns = (range(0, length, 1 + length // SHADES) for length in (n, m))  # of long sequences not every element
    if x is not None and y is not None:
        shades = np.sqrt(((x[rows][:, None] - y[columns][None]) ** 2).sum(axis=-1))
    else:
        shades = np.array([[0.0 if found.x[i] == found.y[j] else 1.0 for j in columns] for i in rows])
    if shades.size:
        ax.imshow(shades, cmap="Greys_r", alpha=0.6, aspect="auto", interpolation="nearest", extent=(-0.5, m - 0.5, n - 0.5, -0.5))
    # A gap stays where the other sequence has come to.
    at = np.maximum.accumulate(path, axis=0) if len(path) else path.reshape(0, 2)
    ax.plot(at[:, 1], at[:, 0], color=colour(3), linewidth=1.5, marker="." if len(path) <= 60 else "")
    if x is None or y is None:
        for sequence, set_ticks in ((found.x, ax.set_yticks), (found.y, ax.set_xticks)):
            if len(sequence) <= 60:
                text = sequence.decode("latin-1") if isinstance(sequence, bytes) else sequence
                set_ticks(range(len(sequence)), [str(symbol) for symbol in text])
    ax.set_xlabel("y")
    ax.set_ylabel("x")
    return ax
