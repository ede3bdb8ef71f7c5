"""A graph as one self-contained HTML page: folds open by a click, and a Table's steps can be played."""

from __future__ import annotations

import html
import json
import os
import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ._fold import depth_of, settle_leaves
from ._model import Drawing, Node, Roots, collect, key_of
from ._show import MOST_COLLECTED, check
from ._steps import edges_of, is_table, position, short

if TYPE_CHECKING:
    from ..graph import Event, Table

HERE = Path(__file__).parent
MOST_EVENTS = 20_000


def page(roots: Roots, *, step: int | None = None, fold: int | None = None, title: str | None = None) -> str:
    """The page for a graph, or for a Table with its steps."""
    check(roots, fold, step)
    drawing = collect(roots, MOST_COLLECTED)
    settle_leaves(drawing)
    events: list[dict[str, Any]] = []
    at = 0
    if is_table(roots):
        table = cast("Table", roots)
        trace = list(table.trace())
        if len(trace) > MOST_EVENTS:
            raise ValueError(
                f"animate: {len(trace)} steps, of which a page holds at most {MOST_EVENTS}; plait.draw(table, path, step=k) draws one of them"
            )
        at = position(step, len(trace)) if trace else 0
        events = [entry for event in trace if (entry := event_entry(event, drawing)) is not None]
    hows = {key: how_of(key, drawing) for key in drawing.keys}
    content = {
        "nodes": [node_entry(i, drawing, hows[key]) for i, key in enumerate(drawing.keys)],
        "edges": [[a, b, slot, i in drawing.dotted] for i, (a, b, slot) in enumerate(drawing.arrows)],
        "events": events,
        "depth": depth_of(drawing, fold),
        "step": at,
    }
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    heading = title or ("Back-propagation, step by step" if events else "A graph")
    return rendered(heading, drawing, bool(events), len(events), data)


def node_entry(i: int, drawing: Drawing, how: str) -> dict[str, Any]:
    """One node for the page."""
    box = drawing.boxes[i]
    second = box.lines[1] if box.lines[1] != box.spec else ""
    entry: dict[str, Any] = {"label": box.label, "spec": box.spec, "kind": box.kind, "waits": box.waits, "path": list(box.path)}
    entry |= {"second": second} if second else {}
    entry |= {"how": how} if how else {}
    return entry | {key: True for key, on in (("output", box.output), ("cut", box.cut), ("back", box.backward)) if on}


def how_of(key: Hashable, drawing: Drawing) -> str:
    """A node as a formula."""
    i = drawing.number[key]
    inputs = [drawing.arrows[arrow][0] for arrow in drawing.into.get(i, [])]
    names = [drawing.boxes[k].label for k in inputs[:6]] + ([f"… {len(inputs)} in all"] if len(inputs) > 6 else [])
    return f"{drawing.boxes[i].op}({', '.join(names)})" if inputs else drawing.boxes[i].op


def event_entry(event: Event, drawing: Drawing) -> dict[str, Any] | None:
    """One step for the page; None for a node that is not on it."""

    def number(node: Any) -> int | None:
        return None if node is None else drawing.number.get(key_of(cast("Node", node)))

    at = number(event.node)
    if at is None:
        return None
    value = event.total if event.kind == "arrival" else event.value
    entry: dict[str, Any] = {"kind": event.kind, "phase": event.phase, "node": at, "text": str(event)}
    entry |= {"short": "sparse rows" if event.node.op == "sparse_input" and event.kind == "value" else short(value)}
    entry |= {"full": event.shown, "edge": -1}
    if event.kind == "arrival":
        edges = edges_of(event, drawing)
        entry |= {"count": event.count, "of": event.of, "consumer": number(event.consumer), "edge": edges[0] if edges else -1}
    return entry


KINDS = {
    "input": ("input", "input"),
    "parameter": ("parameter", "parameter"),
    "constant": ("constant", "constant"),
    "random": ("random", "random"),
    "op": ("op", "operation"),
    "backward": ("grad", "made by gradient"),
}

BUTTONS = """<button id="out" type="button" title="smaller" aria-label="smaller">−</button>
<button id="in" type="button" title="larger" aria-label="larger">+</button>
<button id="fit" type="button">Fit</button>
<input id="find" type="search" placeholder="find a node" aria-label="find a node">
<span id="folds" class="bar" style="padding:0"></span>"""

PLAYER = """<p id="now" class="now" aria-live="polite"></p>
<div class="bar player">
<button id="back" type="button" title="one step back (←)" aria-label="one step back">◀</button>
<button id="play" type="button" title="play (space)" aria-pressed="false">▶ Play</button>
<button id="on" type="button" title="one step on (→)" aria-label="one step on">▶</button>
<input id="slider" type="range" min="0" max="{last}" value="0" aria-label="step">
<output id="count"></output>
<select id="speed" aria-label="steps in a second"><option value="1">1 / s</option><option value="2" selected>2 / s</option><option value="5">5 / s</option>
<option value="20">20 / s</option></select>
</div>"""


def rendered(title: str, drawing: Drawing, steps: bool, count: int, data: str) -> str:
    """The page around its data."""
    used = {box.kind for box in drawing.boxes}
    keys = "".join(
        f'<span class="key"><i style="background:var(--{colour})"></i>{text}</span>'
        for kind, (colour, text) in KINDS.items()
        if kind in used
    )
    folds = any(box.path for box in drawing.boxes)
    words = [f"{len(drawing.boxes):,} nodes."]
    if folds:
        words.append("A green pile is a part of the model: click to open it; red ones hold its gradient.")
    if steps:
        words.append(
            "Blue: a node gets its value. Red: a gradient goes back over an edge, against the arrow. Arrow keys step, space plays."
        )
    words.append("Click a node for what it holds.")
    if drawing.note:
        words.append(drawing.note[0].upper() + drawing.note[1:] + ".")
    escaped = html.escape(title)
    hidden = "" if steps else " hidden"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped}</title>
<style>{(HERE / "viewer.css").read_text(encoding="utf-8")}</style>
</head>
<body>
<header><h1>{escaped}</h1><p>{html.escape(" ".join(words))}</p></header>
<div class="bar">{BUTTONS}<span class="keys">{keys}</span></div>
<main>
<div id="stage" class="stage"></div>
<aside id="side"{hidden}><div id="detail" aria-live="polite"></div><ol id="list" aria-label="steps"></ol></aside>
</main>
{PLAYER.format(last=max(count - 1, 0)) if steps else ""}
<script type="application/json" id="data">{data}</script>
<script>{(HERE / "viewer.js").read_text(encoding="utf-8")}</script>
</body>
</html>
"""


def animate(table: Table, path: str | os.PathLike[str], *, title: str | None = None, fold: int | None = None) -> Path:
    """Writes a page that plays a Table's steps: the forward pass, then the backward pass edge by edge.

    Parameters
    ----------
    table : Table
        With values and, after ``table.backward(…)``, gradients.
    path : str or path-like
        The page, one self-contained ``.html`` file.
    title : str, optional
        Its heading.
    fold : int, optional
        How many levels of scopes (`plait.scope`) are open at first; by default the most that leave the graph legible.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TypeError
        `table` is not a Table.
    ValueError
        The ending is not ``.html``, or there are more than 20000 steps.

    Notes
    -----
    The page has a slider and a button to play; the arrow keys go a step, page up and down ten, home and end to the first and the last, and
    space plays. A click on a node lists its events so far, a click on a fold opens it.

    Examples
    --------
    >>> x = plait.input("x", (), dtype="float64")
    >>> y = (x * x + x).named("y")
    >>> table = plait.Table(y, {x: 3.0})
    >>> table.backward(y)
    >>> plait.animate(table, "backprop.html").name
    'backprop.html'
    """
    if not is_table(table):
        raise TypeError(f"animate: a {type(table).__name__} was given, a plait.Table was expected: plait.Table(nodes, feeds)")
    path = Path(path)
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ValueError(f"animate: the ending of {str(path)!r} is not .html")
    content = page(table, step=0, fold=fold, title=title)
    handle, name = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
