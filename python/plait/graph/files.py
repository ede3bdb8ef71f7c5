"""Files: trees of arrays and whole programs as safetensors, with a JSON header and a checksum over everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from .._core import FormatError, Program
from .._files import NAMES, read, write
from .._masks import unmasked
from ._types import Array
from .program_file import decode_program, encode_program

VERSION = 2  # since version 2 arrays are stored under their names
READABLE = (1, 2)


def save(path: str | os.PathLike[str], tree: Any) -> None:
    """Write a tree of arrays, or a program, to a file, atomically.

    Parameters
    ----------
    path : path
        The file; one that is there is replaced in one step.
    tree : dict, list, tuple, array, str, number, bool, None, or Program
        Nested in any way; dicts have str or int keys.

    Notes
    -----
    A safetensors file, which other libraries read as a flat dict of arrays: by their place in the tree (``encoder.0``), those of a program by
    the names of its parameters. Its metadata hold the tree and a BLAKE2b checksum over header and data, so that :func:`load` finds any flipped
    bit.

    Examples
    --------
    >>> plait.save("weights.safetensors", {"w": np.eye(2), "epoch": 3})
    >>> plait.load("weights.safetensors")
    {'w': array([[1., 0.],
           [0., 1.]]), 'epoch': 3}
    """
    save_named(path, tree, {})


def save_named(path: str | os.PathLike[str], tree: Any, names: dict[int, str]) -> None:
    """The same; `names`: names of arrays by id, instead of their paths in the tree."""
    tensors = _Tensors(names)
    kind, content = (
        ("program", encode_program(tree, tensors)) if isinstance(tree, Program) else ("tree", _encode(tree, tensors, "tree", ""))
    )
    write(Path(path), tensors, {"version": VERSION, "kind": kind, "content": content}, tensors.names)


def load(path: str | os.PathLike[str]) -> Any:
    """Read what :func:`save` has written.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    dict, list, tuple, array, str, number, bool, None, or Program
        What was saved. A program has its parameters' values and continues its random numbers where it was.

    Raises
    ------
    FormatError
        If the file is no such file, is damaged anywhere, or was written by a later version.

    Examples
    --------
    >>> x = plait.input("x", (2,))
    >>> plait.save("program.safetensors", plait.compile(x * 2))
    >>> plait.load("program.safetensors")(x=[1.0, 2.0])
    array([2., 4.], dtype=float32)
    """
    path = Path(path)
    tensors, header = read(path)
    if header.get("version") not in READABLE:
        raise FormatError(f"{path}: written in version {header.get('version')!r} of the format; this plait reads versions up to {VERSION}")
    try:
        if header["kind"] == "program":
            return decode_program(header["content"], tensors)
        if header["kind"] == "tree":
            return _decode(header["content"], tensors)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise FormatError(f"{path}: the header does not fit together ({type(error).__name__}: {error})") from None
    raise FormatError(f"{path}: holds a {header['kind']!r}, which this plait does not know")


# ---- the tree ----


class _Tensors(list[Array]):
    """Arrays to be written to a file, with their names."""

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self.known = names
        self.names: list[str] = []

    def add(self, array: Array, name: str, of: Any = None) -> int:
        """Append an array and return its number. `of` is the object it was made from."""
        self.append(array)
        self.names.append(self.known.get(id(of), name))
        return len(self) - 1


def _encode(part: Any, tensors: _Tensors, at: str, name: str) -> Any:
    """JSON for one part of a tree; arrays go to `tensors`. `at` is its path for messages, `name` in the file."""
    if part is None or isinstance(part, (bool, str)):
        return part
    if isinstance(part, (np.ndarray, np.generic)):
        array = unmasked(part, f"save: {at}")
        if array.dtype.name not in NAMES:
            raise TypeError(f"save: {at} has dtype {array.dtype}, which a file cannot hold")
        return {"array" if isinstance(part, np.ndarray) else "scalar": tensors.add(array, name or "array", part)}
    if isinstance(part, int):
        return {"int": hex(part)}
    if isinstance(part, float):
        return {"float": part.hex()}
    below = f"{name}." if name else ""
    if isinstance(part, (list, tuple)):
        kind = type(part).__name__ if type(part) in (list, tuple) else "tuple"
        return {kind: [_encode(x, tensors, f"{at}[{k}]", f"{below}{k}") for k, x in enumerate(part)]}
    if isinstance(part, dict):
        for key in part:
            if not isinstance(key, (str, int)) or isinstance(key, bool):
                raise TypeError(f"save: {at} has a key of type {type(key).__name__}; a file holds str and int keys")
        return {"dict": [[key, _encode(value, tensors, f"{at}[{key!r}]", f"{below}{key}")] for key, value in part.items()]}
    raise TypeError(
        f"save: {at} is a {type(part).__name__}; a file holds arrays, numbers, str, bool, None, and dicts, lists and tuples of them"
    )


def _decode(part: Any, tensors: list[Array]) -> Any:
    if part is None or isinstance(part, (bool, str)):
        return part
    ((kind, value),) = part.items()
    if kind == "array":
        return tensors[value]
    if kind == "scalar":
        return tensors[value][()]
    if kind == "int":
        return int(value, 16)
    if kind == "float":
        return float.fromhex(value)
    if kind == "list":
        return [_decode(x, tensors) for x in value]
    if kind == "tuple":
        return tuple(_decode(x, tensors) for x in value)
    if kind == "dict":
        return {key: _decode(x, tensors) for key, x in value}
    raise FormatError(f"the header holds a {kind!r}, which this plait does not know")
