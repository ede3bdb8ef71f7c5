"""Rows in files: a tree of arrays as plait.save writes it."""

from __future__ import annotations

import os
from typing import Any

from .._core import FormatError
from .._core.sparse import Rows
from ..graph import load, save

KIND = "plait.SparseRows"


def save_rows(path: str | os.PathLike[str], offsets: Any, positions: Any, values: Any, columns: int) -> None:
    """Write the parts of rows."""
    save(path, {"kind": KIND, "columns": columns, "offsets": offsets, "positions": positions, "values": values})


def load_rows(path: str | os.PathLike[str]) -> Rows:
    """The rows of a file; FormatError if it holds none."""
    tree = load(path)
    if not isinstance(tree, dict) or tree.get("kind") != KIND:
        raise FormatError(f"{path}: holds no {KIND}")
    try:
        return Rows(tree["offsets"], tree["positions"], tree["values"], tree["columns"], False)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: the rows are inconsistent ({type(error).__name__}: {error})") from None
