"""Matching of a file's arrays to parameters by name, since equal shapes may be in another order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from . import _core


def require_same_places(
    path: str | os.PathLike[str], names: Sequence[str], places: Sequence[str], nodes: Sequence[Any], here: Sequence[str]
) -> None:
    """FormatError: arrays without names belonged to other attributes; `here` are those of `nodes`."""
    for name, place, node, now in zip(names, places, nodes, here, strict=True):
        if place != now and not (name and node.name):
            raise _core.FormatError(
                f"{path}: an array of attribute '{place}' there and '{now}' here; without names, arrays are matched by their attributes"
            )


def require_same_names(path: str | os.PathLike[str], names: Sequence[str], nodes: Sequence[Any]) -> None:
    """FormatError: a file's arrays are not those of `nodes`, in order. A node without a name fits any."""
    for k, (name, node) in enumerate(zip(names, nodes, strict=True)):
        here = node.name or ""
        if name and here and name != here:
            raise _core.FormatError(f"{path}: array {k} is '{name}' there and '{here}' here; arrays are matched by their names")
