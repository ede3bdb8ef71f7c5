"""A graph on matplotlib axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._style import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def graph(node: Any, ax: Axes | None = None, *, fold: int | None = None, step: int | None = None, max_nodes: int = 300) -> Axes:
    """The graph behind a node: each node with its op, name and shape, and the number of gradients that it waits for.

    `plait.draw` writes the same picture into a file; ``plait.draw(node, "graph.html")`` is a page on which folds open by a click.

    Parameters
    ----------
    node : Node, sequence of Node, Program or Table
        The output or the outputs.
    ax : Axes, optional
        Where to draw; a new figure of the picture's own size without it.
    fold : int, optional
        How many levels of scopes are open.
    step : int, optional
        Of a Table: after this event of ``table.trace()``.
    max_nodes : int
        A larger graph is cut to the nodes nearest to the outputs.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> ax = plait.plot.graph(plait.exp(plait.input("x", (3,))))
    >>> {"x", "waits for 1"} <= {text.get_text() for text in ax.texts}
    True
    """
    from ..picture._files import shown_on

    drawn: Axes = shown_on(lambda size: axes_or_new(ax, size), node, fold=fold, step=step, max_nodes=max_nodes)
    return drawn
