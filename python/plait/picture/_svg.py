"""SVG written by hand: boxes with lines of text, and curves between them."""

from __future__ import annotations

import html
import itertools

from ._layout import Placed, place
from ._model import MARKS, Box, Drawing

FONT, LINE, PAD = 11, 14.0, 8.0
MARGIN = 6.0
ARROW = "#71717a"
INK, QUIET, FAINT = "#18181b", "#52525b", "#a1a1aa"
LONGEST_LINE = 40


def shortened(text: str) -> str:
    """One line of bounded length: a name may be anything, also characters that no XML may hold."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def size(box: Box) -> tuple[float, float]:
    """The size of a box for its texts; a letter's width is 0.56 of the font's size, the mean of common sans-serif fonts, 0.62 if bold."""
    lines = [shortened(line) for line in box.lines]
    widest = max((0.62 if i == 0 else 0.56) * len(line) for i, line in enumerate(lines))
    return max(60.0, FONT * widest + 2 * PAD), LINE * len(lines) + PAD


def laid_out(drawing: Drawing) -> tuple[list[tuple[float, float]], Placed]:
    """Sizes and places of the boxes."""
    sizes = [size(box) for box in drawing.boxes]
    return sizes, place(sizes, drawing.arrows)


def curve(points: list[tuple[float, float]]) -> str:
    """A path that leaves and arrives upright at each of its points."""
    path = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        bend = (y1 - y0) / 2
        path.append(f"C{x0:.1f},{y0 + bend:.1f} {x1:.1f},{y1 - bend:.1f} {x1:.1f},{y1:.1f}")
    return " ".join(path)


def head(tip: tuple[float, float], upwards: bool = False) -> str:
    """An arrow's head as a small triangle: a marker would need an id, and ids of two pictures in one page would clash."""
    x, y = tip
    return f"M{x:.1f},{y:.1f} l-3,{6 if upwards else -6} l6,0 z"


def ink(box: Box, line: int) -> str:
    """The colour of one of its lines: names and values dark, the rest quiet."""
    if box.mark == "later":
        return FAINT
    return INK if line == 0 or len(box.lines) - line <= len(box.state) else QUIET


def svg_text(drawing: Drawing) -> str:
    """The drawing as one ``<svg>`` element without ids, styles or references, so that many fit into one page."""
    sizes, placed = laid_out(drawing)
    note_height = LINE + PAD if drawing.note else 0.0
    note_width = 0.56 * FONT * len(drawing.note)
    width = max(placed.width, note_width) + 2 * MARGIN
    height = placed.height + note_height + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.1f} {height:.1f}" '
        f'font-family="sans-serif" font-size="{FONT}" role="img" aria-label="graph of {len(drawing.boxes)} nodes">',
        f'<g transform="translate({MARGIN:g},{MARGIN:g})">',
    ]
    for i, points in enumerate(placed.routes):
        mark = drawing.marked.get(i, "")
        dots = ' stroke-dasharray="1.5 3"' if i in drawing.dotted else ""
        faint = ' opacity="0.15"' if i in placed.far and not mark else ""
        if mark == "backward":  # the gradient flows against the arrow
            points = points[::-1]
        up = points[-1][1] < points[-2][1]
        way = curve([*points[:-1], (points[-1][0], points[-1][1] + (5 if up else -5))])
        colour = MARKS.get(mark, ARROW)
        out.append(f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="{2.2 if mark else 1.1}"{dots}{faint}/>')
        out.append(f'<path d="{head(points[-1], up)}" fill="{colour}"{faint}/>')
    for box, (w, h), (x, y) in zip(drawing.boxes, sizes, placed.centres, strict=True):
        dash = ' stroke-dasharray="4 3"' if box.cut else ""
        edge, thick = MARKS.get(box.mark, ARROW), 3 if box.mark in MARKS else 2 if box.output else 1
        if box.members:  # drawn as a stack
            out.append(
                f'<rect x="{x - w / 2 + 3:.1f}" y="{y - h / 2 + 3:.1f}" width="{w:.1f}" height="{h:.1f}" rx="5" fill="{box.fill}" '
                f'stroke="{edge}"/>'
            )
        out.append(
            f'<rect x="{x - w / 2:.1f}" y="{y - h / 2:.1f}" width="{w:.1f}" height="{h:.1f}" rx="5" fill="{box.fill}" '
            f'stroke="{edge}" stroke-width="{thick}"{dash}/>'
        )
        for i, line in enumerate(box.lines):
            weight = ' font-weight="bold"' if i == 0 else ""
            at = y - h / 2 + PAD / 2 + LINE * (i + 0.78)
            out.append(
                f'<text x="{x:.1f}" y="{at:.1f}" text-anchor="middle" fill="{ink(box, i)}"{weight}>{html.escape(shortened(line))}</text>'
            )
    out.append("</g>")
    if drawing.note:
        note = html.escape(drawing.note)
        out.append(f'<text x="{MARGIN:g}" y="{height - MARGIN - 4:.1f}" fill="{ARROW}">{note}</text>')
    return "\n".join([*out, "</svg>"])
