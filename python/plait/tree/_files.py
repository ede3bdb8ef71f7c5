"""Trees as JSON files with a version and a SHA-256 checksum of the content."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core

HEAD = '{"format": "plait.tree", "version": 1, "sha256": "'
MIDDLE = '", "tree": '
TAIL = "}\n"
KINDS = {"i": int, "u": int, "f": float, "b": bool, "U": str, "O": None, "S": None}


def _scalar(value: Any, what: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and np.isfinite(value):
        return value
    raise TypeError(f"save: {what} holds {value!r} ({type(value).__name__}); a file can keep strings, numbers and booleans")


def write(path: str | os.PathLike[str], content: dict[str, Any], tree: _core.tree.Tree, classes: Any) -> None:
    """Writes a tree with its parameters and columns, atomically: to a temporary file that then replaces the target."""
    arrays = ("categories", "attribute", "threshold", "first", "branches", "map", "weight", "counts", "maps")
    payload = {
        **content,
        "classes": {"dtype": classes.dtype.str if classes.dtype.kind != "O" else "O", "values": [_scalar(c, "classes_") for c in classes]},
        "nodes": {name: np.ravel(getattr(tree, name)).tolist() for name in arrays},
    }
    text = json.dumps(payload, allow_nan=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    target = Path(path)
    part = target.with_name(target.name + ".part")
    try:
        part.write_bytes((HEAD + digest + MIDDLE + text + TAIL).encode())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _labels(stored: dict[str, Any]) -> NDArray[Any]:
    return np.array(stored["values"], dtype=stored["dtype"])


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], _core.tree.Tree, Any]:
    """Content, tree and classes of a file; FormatError where the checksum differs or the content is invalid."""

    def require(condition: bool, what: str) -> None:
        if not condition:
            raise _core.FormatError(f"{path}: {what}")

    data = Path(path).read_bytes()
    begin = len(HEAD)
    text_begin = begin + 64 + len(MIDDLE)
    require(data[:begin] == HEAD.encode(), "not a tree file of plait, version 1")
    require(len(data) > text_begin + len(TAIL) and data.endswith(TAIL.encode()), "the file ends too early")
    text = data[text_begin : -len(TAIL)]
    intact = data[begin : begin + 64] == hashlib.sha256(text).hexdigest().encode() and data[begin + 64 : text_begin] == MIDDLE.encode()
    require(intact, "the checksum differs: the file is damaged, or was edited")
    try:  # a right checksum does not prove that plait wrote the file
        payload = json.loads(text)
        stored = payload["classes"]
        kind = np.dtype(stored["dtype"]).kind
        require(kind in KINDS, f"classes of dtype {stored['dtype']!r}")
        classes = _labels(stored)
        nodes = payload["nodes"]
        ints = {name: np.array(nodes[name], np.int32) for name in ("categories", "attribute", "first", "branches", "map", "maps")}
        floats = {name: np.array(nodes[name], np.float64) for name in ("threshold", "weight", "counts")}
        require(all(np.ndim(a) == 1 for a in (classes, *ints.values(), *floats.values())), "arrays of other shapes")
        tree = _core.tree.Tree(classes=len(classes), **ints, **floats)
    except _core.FormatError as error:
        raise _core.FormatError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _core.FormatError(f"{path}: not a tree of plait: {type(error).__name__} {error}") from None
    return payload, tree, classes
