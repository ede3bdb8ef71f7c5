"""Files: trees of arrays and whole programs as safetensors, with a header that says what they are and a checksum over everything."""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

from .._core import FormatError, Program
from ._types import Array
from .program_file import decode_program, encode_program

VERSION = 1
CHECKSUM = "plait_checksum"
BLANK = "0" * 64
MOST_HEADER = 1 << 30

NAMES = {
    "bool": "BOOL",
    "int8": "I8",
    "uint8": "U8",
    "int16": "I16",
    "uint16": "U16",
    "int32": "I32",
    "uint32": "U32",
    "int64": "I64",
    "uint64": "U64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
}
DTYPES = {name: np.dtype(dtype).newbyteorder("<") for dtype, name in NAMES.items()}


def save(path: str | os.PathLike[str], tree: Any) -> None:
    """Write a tree of arrays, or a program, to a file. The file is whole or it is not there.

    Parameters
    ----------
    path : path
        The file; one that is there is replaced in one step.
    tree : dict, list, tuple, array, str, number, bool, None, or Program
        Nested in any way; dicts have str or int keys.

    Notes
    -----
    A safetensors file, which other libraries read as a flat dict of arrays. Its metadata hold the tree and a BLAKE2b checksum over header
    and data, so that :func:`load` finds any flipped bit.

    Examples
    --------
    >>> plait.save("weights.safetensors", {"w": np.eye(2), "epoch": 3})
    >>> plait.load("weights.safetensors")
    {'w': array([[1., 0.],
           [0., 1.]]), 'epoch': 3}
    """
    tensors: list[Array] = []
    kind, content = ("program", encode_program(tree, tensors)) if isinstance(tree, Program) else ("tree", _encode(tree, tensors, "tree"))
    _write(Path(path), tensors, {"version": VERSION, "kind": kind, "content": content})


def load(path: str | os.PathLike[str]) -> Any:
    """Read what :func:`save` has written.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    dict, list, tuple, array, str, number, bool, None, or Program
        What was saved. A program has its parameters' values and goes on with its random numbers where it was.

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
    tensors, header = _read(path)
    if header.get("version") != VERSION:
        raise FormatError(f"{path}: written in version {header.get('version')!r} of the format; this plait reads version {VERSION}")
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


def _encode(part: Any, tensors: list[Array], at: str) -> Any:
    """JSON for one part of a tree; arrays go to `tensors`."""
    if part is None or isinstance(part, (bool, str)):
        return part
    if isinstance(part, (np.ndarray, np.generic)):
        array = np.asarray(part)
        if array.dtype.name not in NAMES:
            raise TypeError(f"save: {at} has dtype {array.dtype}, which a file cannot hold")
        tensors.append(array)
        return {"array" if isinstance(part, np.ndarray) else "scalar": len(tensors) - 1}
    if isinstance(part, int):
        return {"int": hex(part)}
    if isinstance(part, float):
        return {"float": part.hex()}
    if isinstance(part, (list, tuple)):
        return {
            type(part).__name__ if type(part) in (list, tuple) else "tuple": [_encode(x, tensors, f"{at}[{k}]") for k, x in enumerate(part)]
        }
    if isinstance(part, dict):
        for key in part:
            if not isinstance(key, (str, int)) or isinstance(key, bool):
                raise TypeError(f"save: {at} has a key of type {type(key).__name__}; a file holds str and int keys")
        return {"dict": [[key, _encode(value, tensors, f"{at}[{key!r}]")] for key, value in part.items()]}
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


# ---- the file: 8 bytes with the header's length, the header, the data ----


# hashlib, json and tempfile are imported by those who write or read a file: they would be most of what this module costs at import.


def _digest(start: bytes, chunks: Any) -> str:
    import hashlib

    digest = hashlib.blake2b(start, digest_size=32)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _write(path: Path, tensors: list[Array], content: dict[str, Any]) -> None:
    import json
    import tempfile

    header: dict[str, Any] = {"__metadata__": {"format": "plait", CHECKSUM: BLANK, "plait": json.dumps(content, separators=(",", ":"))}}
    offset = 0
    chunks = []
    for k, tensor in enumerate(tensors):
        little = np.ascontiguousarray(tensor, DTYPES[NAMES[tensor.dtype.name]])
        header[f"t{k}"] = {"dtype": NAMES[tensor.dtype.name], "shape": list(tensor.shape), "data_offsets": [offset, offset + little.nbytes]}
        offset += little.nbytes
        chunks.append(little.reshape(-1).view(np.uint8).data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = struct.pack("<Q", len(text)) + text
    blank = f'"{CHECKSUM}":"{BLANK}"'.encode()
    start = start.replace(blank, f'"{CHECKSUM}":"{_digest(start, chunks)}"'.encode(), 1)
    # Beside the file and then in its place: a reader finds the old file or the new one. The bytes are on the disk before the name is.
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(start)
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(beside).chmod(0o666 & ~umask)
        Path(beside).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(beside).unlink()
        raise


def _read(path: Path) -> tuple[list[Array], dict[str, Any]]:
    import json

    data = path.read_bytes()
    if len(data) < 8:
        raise FormatError(f"{path}: too short to be a safetensors file")
    (length,) = struct.unpack_from("<Q", data)
    if not 2 <= length <= min(MOST_HEADER, len(data) - 8):
        raise FormatError(f"{path}: not a safetensors file, or cut off: its header would take {length} of {len(data) - 8} bytes")
    start, body = data[: 8 + length], memoryview(data)[8 + length :]
    mark = f'"{CHECKSUM}":"'.encode()
    at = start.find(mark)
    if at < 0:
        raise FormatError(f"{path}: has no plait checksum; it was not written by plait.save, or is damaged")
    at += len(mark)
    found = start[at : at + 64]
    if found != _digest(start[:at] + BLANK.encode() + start[at + 64 :], [body]).encode():
        raise FormatError(f"{path}: the checksum does not fit: the file is damaged")
    try:
        header = json.loads(start[8:])
        content = json.loads(header.pop("__metadata__")["plait"])
        tensors = []
        for k in range(len(header)):
            entry = header[f"t{k}"]
            begin, end = entry["data_offsets"]
            dtype, shape = DTYPES[entry["dtype"]], tuple(entry["shape"])
            if begin < 0 or begin > end or end > len(body) or any(size < 0 for size in shape):
                raise FormatError(f"{path}: tensor t{k} does not lie inside of the file")
            array = np.frombuffer(body[begin:end], dtype).reshape(shape)
            tensors.append(array.astype(dtype.newbyteorder("=")))  # a copy: writable, aligned, and the file's bytes can go
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FormatError(f"{path}: the header does not fit together ({type(error).__name__}: {error})") from None
    if not isinstance(content, dict):
        raise FormatError(f"{path}: the header holds no plait content")
    return tensors, content
