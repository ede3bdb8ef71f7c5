"""Plots of searches among series and sequences: matches in a stream, hits in a database, warping windows, clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._sequences import numbers_of
from ._style import axes_or_new, colour, legend, mark, plain, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..align import BestWindow, Hits, TimeSeriesKMeans, TimeSeriesKMedoids
    from ..align.search import Place

MOST_HITS = 40
MOST_MEMBERS = 100


def best_window(found: BestWindow, ax: Axes | None = None) -> Axes:
    """The leave-one-out accuracy of each warping window, and the best one.

    Parameters
    ----------
    found : BestWindow
        The result of ``plait.align.best_window``.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> from plait.align import best_window
    >>> X = [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1]]
    >>> ax = plait.plot.best_window(best_window(X, ["peak", "peak", "step", "step"], windows=[0, 1, 2]))
    >>> ax.lines[0].get_xdata().tolist()
    [0, 1, 2]
    """
    ax = axes_or_new(ax, (5, 3.2))
    from matplotlib.ticker import MaxNLocator

    tried = np.asarray(found.windows)
    order = np.argsort(tried, kind="stable")
    ax.plot(tried[order], np.asarray(found.accuracies)[order], color=colour(0, ax), label="leave-one-out")
    ax.plot([found.window], [found.accuracy], "o", color=colour(1, ax), label=f"best: {found.window:g}")
    if tried.dtype.kind == "i":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("warping window, in cells")
    else:
        ax.set_xlabel("warping window, as a share of the length")
    ax.set_ylabel("accuracy")
    plain(ax)
    legend(ax)
    return ax


def clusters(
    model: TimeSeriesKMeans | TimeSeriesKMedoids, X: Any, ax: Axes | None = None, *, cluster: int | None = None, feature: int = 0
) -> Axes:
    """Centres of clusters, thick, and the series nearest to each, thin.

    Parameters
    ----------
    model : TimeSeriesKMeans or TimeSeriesKMedoids
        A fitted model.
    X : array of shape (n, length) or (n, length, d), or list of series
        Series: those that it was fitted to, or others.
    ax : Axes, optional
        Where to draw; a new figure without it.
    cluster : int, optional
        Only this cluster.
    feature : int
        The feature to draw.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        There is no such cluster or feature, or the series are of symbols.

    Notes
    -----
    Of each cluster at most 100 members are drawn, evenly spread over the order of `X`.

    Examples
    --------
    >>> from plait.align import TimeSeriesKMeans
    >>> series = [[0, 0, 1, 0], [0, 1, 0], [5, 6, 7], [5, 5, 6, 7]]
    >>> ax = plait.plot.clusters(TimeSeriesKMeans(n_clusters=2, rng=0).fit(series), series)
    >>> sorted(text.get_text() for text in ax.get_legend().get_texts())
    ['cluster 0 (2)', 'cluster 1 (2)']
    """
    labels = model.predict(X)
    centres = [_drawn(centre, feature) for centre in model.cluster_centers_]
    if cluster is not None and not 0 <= cluster < len(centres):
        raise ValueError(f"cluster: expected a number from 0 to {len(centres) - 1}, got {cluster!r}")
    ax = axes_or_new(ax, (6, 3.4))
    shown = range(len(centres)) if cluster is None else [cluster]
    for k in shown:
        members = np.flatnonzero(labels == k)
        for i in members[:: 1 + (len(members) - 1) // MOST_MEMBERS]:
            ax.plot(_drawn(X[i], feature), color=colour(k, ax), alpha=0.3, linewidth=0.7)
    for k in shown:  # on top of all members
        dashes = ("-", "--", ":", "-.")["o^sD".index(mark(k))]
        ax.plot(centres[k], dashes, color=colour(k, ax), linewidth=2.5, label=f"cluster {k} ({int((labels == k).sum())})")
    ax.set_xlabel("element")
    plain(ax)
    legend(ax)
    return ax


def _drawn(series: Any, feature: int) -> npt.NDArray[np.float64]:
    values = numbers_of(series)
    if values is None:
        raise ValueError("clusters: series of numbers can be drawn, symbols cannot")
    if not 0 <= feature < values.shape[1]:
        raise ValueError(f"feature: expected a number from 0 to {values.shape[1] - 1}, got {feature!r}")
    return values[:, feature]


def places(found: Sequence[Place], stream: npt.ArrayLike, ax: Axes | None = None) -> Axes:
    """A stream, and its subsequences that match a query, with their scores.

    Parameters
    ----------
    found : sequence of Place
        The result of ``DTW.search``.
    stream : array_like, shape (m,) or (m, d)
        The stream that was searched; of several features the first is drawn.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        A place lies beyond the end of the stream.

    Examples
    --------
    >>> stream = [0, 0, 5, 6, 5, 0, 1, 0]
    >>> ax = plait.plot.places(plait.align.DTW(window=1).search([0, 1, 0], stream, k=1), stream)
    >>> ax.lines[1].get_xdata().tolist()
    [5, 6, 7]
    """
    values = np.asarray(stream, dtype=np.float64)
    values = values.reshape(len(values), -1)[:, 0]
    beyond = [place for place in found if place.stop > len(values)]
    if beyond:
        raise ValueError(f"places: {beyond[0]!r} lies beyond a stream of {len(values)} elements")
    ax = axes_or_new(ax, (8, 2.8))
    ax.plot(np.arange(len(values)), values, color=quiet(ax), linewidth=0.7)
    for place in found:
        ax.plot(np.arange(place.start, place.stop), values[place.start : place.stop], color=colour(0, ax), linewidth=1.8)
        top = np.nanmax(values[place.start : place.stop])
        at = (place.start + place.stop - 1) / 2
        if len(found) <= MOST_HITS:
            ax.annotate(f"{place.score:.3g}", (at, top), xytext=(0, 3), textcoords="offset points", ha="center", fontsize="small")
    ax.set_xlim(-0.5, len(values) - 0.5)
    ax.margins(y=0.15)
    ax.set_xlabel("element")
    return plain(ax)


def hits(found: Hits, ax: Axes | None = None) -> Axes:
    """The ranges of one query that its hits cover, best on top; the shade is the share of equal letters.

    Parameters
    ----------
    found : Hits
        Of one query: ``hits.by_query()[0]`` where there were several.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
        Where it was drawn; of more than 40 hits the first 40.

    Raises
    ------
    ValueError
        There are no hits, or hits of several queries.

    Examples
    --------
    >>> database = {"one": "MKVLAAGIVGAWTQRR", "two": "PPPPGGGGSSSS"}
    >>> aligner = plait.align.SmithWaterman("BLOSUM62", gap_open=-12, gap_extend=-1)
    >>> ax = plait.plot.hits(aligner.search("KVLAGIVGAWTQ", database))
    >>> ax.get_yticklabels()[0].get_text()
    'one'
    """
    shown = list(found)[:MOST_HITS]
    if len({hit.query for hit in found}) != 1:
        raise ValueError("hits: expected those of one query; hits.by_query() has them one by one" if shown else "hits: there are none")
    ax = axes_or_new(ax, (6, 1.2 + 0.25 * max(3, len(shown))))
    import matplotlib as mpl

    shades = mpl.colormaps["cividis"]
    for row, hit in enumerate(shown):
        begin, end = hit.query_range
        ax.barh(row, end - begin, left=begin, height=0.7, color=shades(hit.identity))
        ax.annotate(f"{hit.score:g}", (end, row), xytext=(3, 0), textcoords="offset points", va="center", fontsize="small")
    bar = ax.figure.colorbar(mpl.cm.ScalarMappable(mpl.colors.Normalize(0, 1), shades), ax=ax, label="equal letters")
    bar.outline.set_visible(False)
    ax.set_xlim(0, len(shown[0].alignment.x))
    ax.set_yticks(range(len(shown)), [hit.subject for hit in shown])
    ax.invert_yaxis()
    ax.set_xlabel(f"position in {shown[0].query or 'the query'}")
    plain(ax)
    ax.grid(visible=False, axis="y")
    return ax
