"""One HTML page to explore a result: an alignment column by column, a frontier portfolio by portfolio, a graph by its folds."""

from __future__ import annotations

import html
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ._sequences import numbers_of

HERE = Path(__file__).parent
WIDTH, HEIGHT, EDGE = 860.0, 380.0, 24.0
MOST_STEPS = 20_000
MOST_LINKS = 400


def page(found: Any, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
    """Write one self-contained HTML file to explore a result in a browser, by pointer, keyboard or touch.

    Parameters
    ----------
    found : Alignment, Frontier, or Node, Program or Table
        An alignment is gone through column by column, a frontier portfolio by portfolio with its weights; of a graph, scopes open by a click.
    path : str or path-like
        The file; its extension is ``.html``.
    title : str, optional
        Above the picture.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        The extension is another, or there are more than 20,000 columns or portfolios, or none.

    Examples
    --------
    >>> found = plait.align.DTW().align([0.0, 1.0, 2.0], [0.0, 2.0])
    >>> plait.plot.page(found, "alignment.html").name
    'alignment.html'
    """
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"page: the ending of {str(target)!r} is not .html")
    if hasattr(found, "path") and hasattr(found, "x") and hasattr(found, "y"):
        content, heading = _of_alignment(found), "An alignment, column by column"
    elif hasattr(found, "risk") and hasattr(found, "weights") and np.ndim(found.risk) == 1:
        content, heading = _of_frontier(found), "A frontier, portfolio by portfolio"
    else:
        from ..picture import draw

        return draw(found, target)
    steps = len(content["rows"])
    if not 0 < steps <= MOST_STEPS:
        raise ValueError(f"page: {steps} columns or portfolios were given, 1 to {MOST_STEPS} can be shown")
    data = json.dumps({**content, "width": WIDTH, "height": HEIGHT}, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    text = (HERE / "page.html").read_text(encoding="utf-8")
    text = text.replace("TITLE", html.escape(title or heading)).replace("DATA", data)
    target.write_text(text, encoding="utf-8")
    return target


def _scaled(values: npt.ArrayLike, low: float, high: float, begin: float, end: float) -> npt.NDArray[np.float64]:
    """Maps [low, high] linearly to [begin, end]; to its middle where low equals high."""
    array = np.asarray(values, dtype=np.float64)
    if high <= low:
        return np.full(array.shape, (begin + end) / 2)
    scaled: npt.NDArray[np.float64] = begin + (array - low) / (high - low) * (end - begin)
    return scaled


def _curve(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> str:
    """An SVG path, interrupted at NaN."""
    parts, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if np.isfinite(b):
            parts.append(f"{pen}{a:.1f} {b:.1f}")
            pen = "L"
        else:
            pen = "M"
    return "".join(parts)


def _range(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)


def _shown(symbol: Any) -> str:
    """An element as the table shows it."""
    if isinstance(symbol, (float, np.floating)):
        return f"{symbol:.4g}"
    return np.array2string(symbol, precision=3) if isinstance(symbol, np.ndarray) else str(symbol)


def _of_alignment(found: Any) -> dict[str, Any]:
    """Two series above each other with links, or the path through the matrix of two sequences of symbols."""
    path = np.asarray(found.path).reshape(-1, 2)
    x, y = numbers_of(found.x), numbers_of(found.y)
    longest = max(len(found.x), len(found.y), 2) - 1
    if x is not None and y is not None:
        lines, places = [], []
        for values, top, bottom, kind in ((x[:, 0], EDGE, 0.42 * HEIGHT, "first"), (y[:, 0], 0.58 * HEIGHT, HEIGHT - EDGE, "second")):
            across = _scaled(np.arange(len(values)), 0, longest, EDGE, WIDTH - EDGE)
            up = _scaled(values, *_range(values), bottom, top)
            lines.append([kind, _curve(across, up)])
            places.append((across, np.where(np.isfinite(up), up, bottom)))
        marks = [[[round(float(c[k]), 1) for c in places[side]] for side, k in enumerate(pair) if k >= 0] for pair in path.tolist()]
        both = [m for m in marks if len(m) == 2]
        links = "".join(f"M{a[0]} {a[1]}L{b[0]} {b[1]}" for a, b in both[:: 1 + len(both) // MOST_LINKS])
        lines.insert(0, ["links", links])
    else:
        at = np.maximum.accumulate(path, axis=0) if len(path) else path
        across = _scaled(at[:, 1], -1, max(1, len(found.y) - 1), EDGE, WIDTH - EDGE)
        down = _scaled(at[:, 0], -1, max(1, len(found.x) - 1), EDGE, HEIGHT - EDGE)
        lines = [["first", _curve(across, down)]]
        marks = [[[round(a, 1), round(b, 1)]] for a, b in zip(across.tolist(), down.tolist(), strict=True)]
    first, second = ([s.decode("latin-1") if isinstance(s, bytes) else s][0] for s in (found.x, found.y))
    rows = [
        [
            [f"x[{i}]" if i >= 0 else "gap", _shown(first[i]) if i >= 0 else "–", None],
            [f"y[{j}]" if j >= 0 else "gap", _shown(second[j]) if j >= 0 else "–", None],
        ]
        for i, j in path.tolist()
    ]
    return {"lines": lines, "marks": marks, "rows": rows, "note": f"score {found.score:.6g}, {len(path)} columns"}


def _of_frontier(found: Any) -> dict[str, Any]:
    """Return over risk; at each portfolio its figures and its weights as bars."""
    risk, gain = np.asarray(found.risk, dtype=np.float64), np.asarray(found.expected_return, dtype=np.float64)
    weights = np.asarray(found.weights, dtype=np.float64)
    names = [str(name) for name in getattr(found, "assets", range(weights.shape[1]))]
    across = _scaled(risk, *_range(risk), EDGE, WIDTH - EDGE)
    up = _scaled(gain, *_range(gain), HEIGHT - EDGE, EDGE)
    largest = max(1e-12, float(np.abs(weights).max()))
    rows: list[list[list[Any]]] = []
    for k in range(len(risk)):
        figures: list[list[Any]] = [["expected return", f"{gain[k]:.4g}", None], ["risk", f"{risk[k]:.4g}", None]]
        order = np.argsort(-np.abs(weights[k]), kind="stable")
        held = [[names[a], f"{weights[k, a]:.1%}", round(float(weights[k, a]) / largest, 4)] for a in order if abs(weights[k, a]) > 1e-6]
        rows.append(figures + held)
    marks = [[[round(a, 1), round(b, 1)]] for a, b in zip(across.tolist(), up.tolist(), strict=True)]
    note = f"{len(risk)} portfolios; risk {risk.min():.3g} to {risk.max():.3g}, expected return {gain.min():.3g} to {gain.max():.3g}"
    return {"lines": [["first", _curve(across, up)]], "marks": marks, "rows": rows, "note": note}
