"""Pictures as files: the ending of the name decides the form."""

from __future__ import annotations

import io
import itertools
import os
import warnings
from pathlib import Path
from typing import Any

from ._dot import dot_text, run_dot
from ._layout import Placed
from ._model import FILLS, Drawing, Roots, collect
from ._svg import ARROW, FONT, INK, LINE, MARGIN, PAD, QUIET, laid_out, shortened, svg_text

FORMS = {".svg": "svg", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot"}


def draw(node: Roots, path: str | os.PathLike[str], *, max_nodes: int = 300, use_dot: bool = True) -> Path:
    """Draws the graph behind a node into a file.

    Parameters
    ----------
    node : Node, sequence of Node, or Program
        The output or the outputs; everything that they depend on is shown.
    path : str or path-like
        Where to; the ending is ``.svg``, ``.png``, ``.pdf``, or ``.dot`` or ``.gv`` for Graphviz text.
    max_nodes : int
        A larger graph is cut to the nodes nearest to the outputs, and says so.
    use_dot : bool
        Whether to let Graphviz's ``dot`` draw where it is installed; else, and where it is not, PNG and PDF need matplotlib.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        The ending is another.
    ModuleNotFoundError
        A PNG or PDF is wanted, and neither ``dot`` nor matplotlib is installed.

    Examples
    --------
    >>> x = plait.input("x", (None, 3))
    >>> plait.draw(plait.exp(x) * x, "graph.svg").name
    'graph.svg'
    """
    path = Path(path)
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise ValueError(f"draw: the ending of {str(path)!r} is none of {', '.join(FORMS)}")
    drawing = collect(node, max_nodes)
    content: bytes | None
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
    sizes, placed = laid_out(drawing)
    note_height = LINE + PAD if drawing.note else 0.0
    width = max(placed.width, 0.56 * FONT * len(drawing.note)) + 2 * MARGIN
    height = placed.height + note_height + 2 * MARGIN
    # A unit of the layout is a point; a picture is at most 20000 pixels long, more than which few programs show.
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-MARGIN, width - MARGIN)
    axes.set_ylim(height - MARGIN, -MARGIN)
    axes.set_axis_off()
    paint(axes, drawing, sizes, placed)
    if drawing.note:
        axes.text(0, height - MARGIN - PAD, drawing.note, fontsize=FONT, color=ARROW)
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a letter that the font lacks is shown as a box, which is no one's fault here
        figure.savefig(content, format=form, dpi=min(144.0, 20000 * 72 / max(width, height)), facecolor="white")
    return content.getvalue()


def paint(axes: Any, drawing: Drawing, sizes: list[tuple[float, float]], placed: Placed) -> None:
    """Boxes, texts and arrows onto axes in the layout's units."""
    from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
    from matplotlib.path import Path as Curve

    for i, points in enumerate(placed.routes):
        vertices, codes = [points[0]], [Curve.MOVETO]
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            bend = (y1 - y0) / 2
            vertices += [(x0, y0 + bend), (x1, y1 - bend), (x1, y1)]
            codes += [Curve.CURVE4] * 3
        axes.add_patch(
            PathPatch(Curve(vertices, codes), fill=False, edgecolor=ARROW, linewidth=1.1, linestyle=":" if i in drawing.dotted else "-")
        )
        x, y = points[-1]
        axes.add_patch(Polygon([(x, y), (x - 3, y - 6), (x + 3, y - 6)], facecolor=ARROW, edgecolor="none"))
    for box, (w, h), (x, y) in zip(drawing.boxes, sizes, placed.centres, strict=True):
        axes.add_patch(
            FancyBboxPatch(
                (x - w / 2 + 5, y - h / 2 + 5),
                w - 10,
                h - 10,
                boxstyle="round,pad=5,rounding_size=5",
                facecolor=FILLS[box.kind],
                edgecolor=ARROW,
                linewidth=2 if box.output else 1,
                linestyle="dashed" if box.cut else "solid",
            )
        )
        for i, line in enumerate(box.lines):
            ink = INK if i < len(box.lines) - 2 else QUIET
            at = y - h / 2 + PAD / 2 + LINE * (i + 0.78)
            # parse_math: a name with dollar signs is no formula.
            axes.text(
                x,
                at,
                shortened(line),
                ha="center",
                fontsize=FONT * 0.95,
                color=ink,
                weight="bold" if i == 0 else "normal",
                parse_math=False,
            )
