"""Pictures as files; the extension of the name selects the format."""

from __future__ import annotations

import io
import itertools
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._dot import dot_text, run_dot
from ._layout import Placed
from ._model import MARKS, Drawing, Roots
from ._page import page
from ._show import shown
from ._svg import ARROW, FONT, LINE, MARGIN, PAD, ink, laid_out, shortened, svg_text

FORMS = {".html": "html", ".svg": "svg", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot"}


def draw(
    node: Roots,
    path: str | os.PathLike[str],
    *,
    step: int | None = None,
    fold: int | None = None,
    max_nodes: int = 300,
    use_dot: bool = True,
) -> Path:
    """Draws the graph behind a node, or a Table with the values of its nodes, into a file.

    Parameters
    ----------
    node : Node, sequence of Node, Program or Table
        The output or the outputs; everything that they depend on is shown. Of a Table, nodes show their values and gradients.
    path : str or path-like
        The file; its extension is ``.svg``, ``.png``, ``.pdf``, ``.html`` for a page on which folds open by a click, or ``.dot`` or ``.gv``
        for Graphviz text.
    step : int, optional
        Of a Table: shows it after this event of ``table.trace()``, with that event highlighted; negative ones count from the end.
    fold : int, optional
        How many levels of scopes (`plait.scope`) are open; 0 closes all. Left out, a graph of more than 60 nodes is folded until
        it is legible.
    max_nodes : int
        A graph that is larger, though folded, is cut to the nodes nearest to the outputs, and says so. A page always holds up to 20000.
    use_dot : bool
        Whether to draw with Graphviz's ``dot`` where it is installed; otherwise PNG and PDF need matplotlib.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        The extension is another, or `step` is given for something other than a Table.
    IndexError
        The Table has no such step.
    ModuleNotFoundError
        A PNG or PDF is wanted, and neither ``dot`` nor matplotlib is installed.

    Examples
    --------
    >>> x = plait.input("x", (None, 3))
    >>> y = plait.exp(x) * x
    >>> plait.draw(y, "graph.svg").name
    'graph.svg'
    >>> table = plait.Table(y, {x: np.ones((2, 3))})
    >>> table.backward(y)
    >>> plait.draw(table, "third-step.svg", step=2).name
    'third-step.svg'
    """
    path = Path(path)
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise ValueError(f"draw: the ending of {str(path)!r} is none of {', '.join(FORMS)}")
    content: bytes | None
    if form == "html":
        content = page(node, step=step, fold=fold).encode("utf-8")
    else:
        drawing = shown(node, max_nodes, fold=fold, step=step)
        if form == "dot":
            content = dot_text(drawing).encode("utf-8")
        else:
            content = run_dot(drawing, form) if use_dot else None
            if content is None:
                content = svg_text(drawing).encode("utf-8") if form == "svg" else drawn_by_matplotlib(drawing, form)
    path.write_bytes(content)
    return path


def drawn_by_matplotlib(drawing: Drawing, form: str) -> bytes:
    """The same picture as the SVG, by matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ModuleNotFoundError(f"draw: a .{form} picture needs Graphviz's dot or matplotlib: pip install matplotlib") from error
    made: list[Figure] = []

    def ground(size: tuple[float, float]) -> Any:
        made.append(Figure(figsize=size))
        return made[0].add_axes((0, 0, 1, 1))

    fill(ground, drawing)
    figure = made[0]
    width, height = 72 * figure.get_size_inches()
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a glyph that the font lacks is drawn as a box
        figure.savefig(content, format=form, dpi=min(144.0, 20000 * 72 / float(max(width, height))), facecolor="white")
    return content.getvalue()


def fill(ground: Callable[[tuple[float, float]], Any], drawing: Drawing) -> Any:
    """Axes with the picture; `ground` gives them for a size in inches."""
    sizes, placed = laid_out(drawing)
    note_height = LINE + PAD if drawing.note else 0.0
    width = max(placed.width, 0.56 * FONT * len(drawing.note)) + 2 * MARGIN
    height = placed.height + note_height + 2 * MARGIN
    # A unit of the layout is a point; few programs show pictures of more than 20000 pixels.
    axes = ground((width / 72, height / 72))
    axes.set_xlim(-MARGIN, width - MARGIN)
    axes.set_ylim(height - MARGIN, -MARGIN)
    axes.set_aspect("equal")
    axes.set_axis_off()
    extent = axes.get_window_extent()
    scale = min(extent.width / width, extent.height / height) * 72 / axes.figure.dpi  # text is as large as its box
    paint(axes, drawing, sizes, placed, scale)
    if drawing.note:
        axes.text(0, height - MARGIN - PAD, drawing.note, fontsize=FONT * scale, color=ARROW)
    return axes


def shown_on(
    ground: Callable[[tuple[float, float]], Any], node: Roots, *, fold: int | None = None, step: int | None = None, max_nodes: int = 300
) -> Any:
    """The graph behind a node on axes of matplotlib, which `ground` gives for a size in inches."""
    return fill(ground, shown(node, max_nodes, fold=fold, step=step))


def paint(axes: Any, drawing: Drawing, sizes: list[tuple[float, float]], placed: Placed, scale: float = 1.0) -> None:
    """Boxes, texts and arrows onto axes in the layout's units."""
    from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
    from matplotlib.path import Path as Curve

    for i, points in enumerate(placed.routes):
        vertices, codes = [points[0]], [Curve.MOVETO]
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            bend = (y1 - y0) / 2
            vertices += [(x0, y0 + bend), (x1, y1 - bend), (x1, y1)]
            codes += [Curve.CURVE4] * 3
        mark = drawing.marked.get(i, "")
        colour = MARKS.get(mark, ARROW)
        style = ":" if i in drawing.dotted else "-"
        alpha = 0.15 if i in placed.far and not mark else 1.0
        axes.add_patch(
            PathPatch(Curve(vertices, codes), fill=False, edgecolor=colour, linewidth=2.2 if mark else 1.1, linestyle=style, alpha=alpha)
        )
        (x, y), before = (points[0], points[1]) if mark == "backward" else (points[-1], points[-2])
        back = 6 if before[1] > y else -6
        axes.add_patch(Polygon([(x, y), (x - 3, y + back), (x + 3, y + back)], facecolor=colour, edgecolor="none", alpha=alpha))
    for box, (w, h), (x, y) in zip(drawing.boxes, sizes, placed.centres, strict=True):
        for shift in (3, 0) if box.members else (0,):  # a fold is drawn as a stack
            axes.add_patch(
                FancyBboxPatch(
                    (x - w / 2 + 5 + shift, y - h / 2 + 5 + shift),
                    w - 10,
                    h - 10,
                    boxstyle="round,pad=5,rounding_size=5",
                    facecolor=box.fill,
                    edgecolor=MARKS.get(box.mark, ARROW),
                    linewidth=3 if box.mark in MARKS else 2 if box.output else 1,
                    linestyle="dashed" if box.cut else "solid",
                )
            )
        for i, line in enumerate(box.lines):
            at = y - h / 2 + PAD / 2 + LINE * (i + 0.78)
            # parse_math: names with dollar signs are not formulas.
            axes.text(
                x,
                at,
                shortened(line),
                ha="center",
                fontsize=FONT * 0.95 * scale,
                color=ink(box, i),
                weight="bold" if i == 0 else "normal",
                parse_math=False,
            )
