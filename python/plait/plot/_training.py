"""Plots of training runs, of classifiers and of autoencoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ._style import axes_or_new, colour, legend, mark, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLASSES_WITH_A_LEGEND = 12
EPOCHS_WITH_MARKS = 40


class Course(Protocol):
    """The interface of a training history that plots use."""

    @property
    def loss(self) -> Sequence[float]:
        """Loss of each epoch."""

    @property
    def validation(self) -> Sequence[float]:
        """Loss on held-out data after each epoch, empty where there is none."""


def loss_curve(history: Course, ax: Axes | None = None) -> Axes:
    """Loss over epochs, and the loss on held-out data where it was measured.

    Parameters
    ----------
    history : History
        The result of ``fit`` or ``plait.train``.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> ax = plait.plot.loss_curve(plait.train.History(loss=[3.0, 2.0, 1.5]))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('epoch', 'loss')
    """
    ax = axes_or_new(ax, (5, 3.2))
    from matplotlib.ticker import MaxNLocator

    for k, (values, label) in enumerate(((history.loss, "training"), (history.validation, "held out"))):
        if values is not None and len(values) > 0:
            marker = "o" if len(values) <= EPOCHS_WITH_MARKS else ""
            epochs = np.arange(1, len(values) + 1)
            ax.plot(epochs, np.asarray(values), color=colour(k, ax), marker=marker, markersize=3, label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    plain(ax)
    legend(ax)
    return ax


def in_the_plane(points: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], str]:
    """Points with two coordinates unchanged, others projected on their first two principal components; and the name of the axes."""
    if points.ndim != 2 or points.shape[1] < 1:
        raise ValueError(f"latent_map: shape {points.shape} was given, (n, latent) was expected")
    if points.shape[1] == 1:
        return np.concatenate([points, np.zeros_like(points)], axis=1), "latent dimension"
    if points.shape[1] == 2:
        return points, "latent dimension"
    centred = points - points.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    # The sign of a component is arbitrary: its largest entry is made positive, so that the map is reproducible.
    signs = np.sign(directions[np.arange(2), np.abs(directions[:2]).argmax(axis=1)])
    return centred @ (directions[:2] * signs[:, None]).T, "main direction"


def latent_map(means: npt.ArrayLike, labels: npt.ArrayLike | None = None, *, ax: Axes | None = None) -> Axes:
    """The latent space of a model: the first two coordinates, or the first two principal components where there are more.

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
        `means` is not a matrix, or `labels` has another length.

    Examples
    --------
    >>> images = np.random.default_rng(0).random((30, 64)).astype("float32")
    >>> vae = plait.nn.VAE(64, hidden=(16,), latent=2, rng=0)
    >>> ax = plait.plot.latent_map(vae.encode(images)[0], np.arange(30) % 3)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['0', '1', '2']
    """
    plane, name = in_the_plane(np.asarray(means, dtype=np.float64))
    ax = axes_or_new(ax, (5, 4.4))
    if labels is None:
        ax.scatter(plane[:, 0], plane[:, 1], s=6, linewidths=0, color=colour(0, ax))
    else:
        classes = np.asarray(labels)
        if classes.shape != (len(plane),):
            raise ValueError(f"latent_map: {len(plane)} points, but labels of shape {classes.shape}")
        for i, label in enumerate(np.unique(classes)):
            part = plane[classes == label]
            ax.scatter(part[:, 0], part[:, 1], s=7, linewidths=0, color=colour(i, ax), marker=mark(i), label=str(label))
        if len(np.unique(classes)) <= CLASSES_WITH_A_LEGEND:
            legend(ax, markerscale=2, loc="center left", bbox_to_anchor=(1, 0.5))
    ax.set_xlabel(f"{name} 1")
    ax.set_ylabel(f"{name} 2")
    return plain(ax, grid=False)


def decision_regions(
    predict: Callable[[npt.NDArray[np.float32]], npt.ArrayLike],
    points: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    resolution: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """The class that a classifier predicts at each point of the plane, with the samples on top.

    Parameters
    ----------
    predict : callable
        ``clf.predict``: from (m, 2) to m labels.
    points : array_like, shape (n, 2)
        The samples.
    labels : array_like, shape (n,)
        Their classes.
    resolution : int
        Points along each axis at which the classifier is evaluated.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        `points` are not in the plane, or `labels` has another length.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(60, 2))
    >>> labels = np.where(points[:, 0] > 0, "right", "left")
    >>> clf = plait.nn.MLPClassifier((8,), epochs=5, rng=0).fit(points, labels)
    >>> ax = plait.plot.decision_regions(clf.predict, points, labels)
    >>> len(ax.collections) > 0
    True
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
    predicted = np.asarray(predict(mesh))
    known = np.unique(np.concatenate([classes, predicted]))
    ax = axes_or_new(ax, (4.6, 4.4))
    from matplotlib.colors import to_rgba

    shades = np.array([to_rgba(colour(i, ax)) for i in range(len(known))])
    regions = shades[np.searchsorted(known, predicted)].reshape(resolution, resolution, 4)
    regions[..., 3] = 0.3
    ax.imshow(regions, origin="lower", extent=(grid[0][0], grid[0][-1], grid[1][0], grid[1][-1]), aspect="auto", interpolation="nearest")
    for i, label in enumerate(known):
        part = places[classes == label]
        ax.scatter(part[:, 0], part[:, 1], s=12, color=shades[i], marker=mark(i), edgecolors="white", linewidths=0.4, label=str(label))
    ax.set_xlim(grid[0][0], grid[0][-1])
    ax.set_ylim(grid[1][0], grid[1][-1])
    return plain(ax, grid=False)
