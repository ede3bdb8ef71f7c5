"""Files of arrays and a JSON header with a checksum over everything, in safetensors' format, readable by other libraries."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._core import FormatError

Array: TypeAlias = NDArray[Any]

CHECKSUM = "plait_checksum"
BLANK = "0" * 64
MOST_HEADER = 1 << 30
PART = 1 << 22

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


# The file: 8 bytes with the header's length, the header, the data.
# hashlib, json and tempfile are imported on use: they would dominate this module's import time.


def _parts(chunks: Any) -> Iterator[memoryview]:
    """Chunks of bounded size: Python handles Ctrl-C between two of them."""
    for chunk in chunks:
        for begin in range(0, len(chunk), PART):
            yield memoryview(chunk)[begin : begin + PART]


def _digest(start: bytes | bytearray, chunks: Any) -> str:
    import hashlib

    digest = hashlib.blake2b(start, digest_size=32)
    for chunk in _parts(chunks):
        digest.update(chunk)
    return digest.hexdigest()


def distinct(names: list[str]) -> list[str]:
    """The names made unique: duplicates get a number appended."""
    taken = {"__metadata__", ""}
    result = []
    for k, hint in enumerate(names):
        name, n = hint or f"t{k}", 1
        while name in taken:
            n += 1
            name = f"{hint or f't{k}'}_{n}"
        taken.add(name)
        result.append(name)
    return result


def write(path: Path, tensors: list[Array], content: dict[str, Any], names: list[str] | None = None) -> None:
    """Writes a file atomically; `content` is the JSON, with `version` and `kind`; `names` are those of the tensors, numbers by default."""
    import json
    import tempfile

    if names is None:
        known = content.get("tensors", [])
        names = known if len(known) == len(tensors) else [""] * len(tensors)
    names = distinct(names)
    content = content | {"tensors": names}
    header: dict[str, Any] = {"__metadata__": {"format": "plait", CHECKSUM: BLANK, "plait": json.dumps(content, separators=(",", ":"))}}
    offset = 0
    chunks = []
    for name, tensor in zip(names, tensors, strict=True):
        little = np.ascontiguousarray(tensor, DTYPES[NAMES[tensor.dtype.name]])
        header[name] = {"dtype": NAMES[tensor.dtype.name], "shape": list(tensor.shape), "data_offsets": [offset, offset + little.nbytes]}
        offset += little.nbytes
        chunks.append(little.reshape(-1).view(np.uint8).data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = struct.pack("<Q", len(text)) + text
    blank = f'"{CHECKSUM}":"{BLANK}"'.encode()
    start = start.replace(blank, f'"{CHECKSUM}":"{_digest(start, chunks)}"'.encode(), 1)
    # Written to a temporary file that then replaces the target: a reader finds the old file or the new one. fsync precedes the rename.
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(start)
            waiting = 0
            for part in _parts(chunks):
                file.write(part)
                waiting += len(part)
                if waiting >= 8 * PART:  # bounds the duration of the last fsync, which cannot be interrupted
                    waiting = 0
                    file.flush()
                    os.fsync(file.fileno())
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


def _content(path: Path) -> bytearray:
    data = bytearray()
    with path.open("rb") as file:
        while part := file.read(PART):
            data += part
    return data


def read(path: Path) -> tuple[list[Array], dict[str, Any]]:
    """Tensors and content; FormatError if the checksum differs."""
    import json

    data = _content(path)
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
        raise FormatError(f"{path}: the checksum differs: the file is damaged")
    try:
        header = json.loads(start[8:])
        content = json.loads(header.pop("__metadata__")["plait"])
        tensors = []
        names = content.get("tensors") if isinstance(content, dict) else None
        for name in names if names is not None else [f"t{k}" for k in range(len(header))]:  # before version 2 they were numbered
            entry = header[name]
            begin, end = entry["data_offsets"]
            dtype, shape = DTYPES[entry["dtype"]], tuple(entry["shape"])
            if begin < 0 or begin > end or end > len(body) or any(size < 0 for size in shape):
                raise FormatError(f"{path}: tensor {name} does not lie inside of the file")
            array = np.frombuffer(body[begin:end], dtype).reshape(shape)
            tensors.append(array.astype(dtype.newbyteorder("=")))  # a copy: writable, aligned, and independent of the file's buffer
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FormatError(f"{path}: the header is inconsistent ({type(error).__name__}: {error})") from None
    if not isinstance(content, dict):
        raise FormatError(f"{path}: the header holds no plait content")
    return tensors, content
