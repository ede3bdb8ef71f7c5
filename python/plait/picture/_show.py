"""Preparation of a picture for a renderer: nodes collected, annotated from a Table, and folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ._fold import folded
from ._model import Drawing, Roots, collect
from ._steps import annotate, is_table

if TYPE_CHECKING:
    from ..graph import Table

MOST_COLLECTED = 20_000  # nodes that are looked at for folding


def shown(roots: Roots, max_nodes: int, *, fold: int | None = None, step: int | None = None) -> Drawing:
    """The drawing of nodes, a program or a Table."""
    check(roots, fold, step)
    drawing = collect(roots, max_nodes)
    if drawing.note and any(box.path for box in drawing.boxes):  # folded, it may fit
        whole = collect(roots, MOST_COLLECTED)
        if len(folded(whole, fold).boxes) <= max_nodes:
            drawing = whole
    if is_table(roots):
        annotate(drawing, cast("Table", roots), step)
    return folded(drawing, fold)


def check(roots: Roots, fold: int | None, step: int | None) -> None:
    """Checks the options; TypeError or ValueError where they are invalid."""
    for name, given in (("fold", fold), ("step", step)):
        if given is not None and (isinstance(given, bool) or not hasattr(given, "__index__")):
            raise TypeError(f"draw: {name}: expected a whole number, got {given!r}")
    if step is not None and not is_table(roots):
        raise ValueError(f"draw: step {step} of a {type(roots).__name__}: only a plait.Table has steps")
    if fold is not None and fold < 0:
        raise ValueError(f"draw: fold: {fold} levels were given, 0 or more were expected")
