"""The idx format of the MNIST family: two zero bytes, a type code, the number of axes, big-endian sizes, then the elements."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core import FormatError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def unpacked(path: Path) -> bytes:
    """The file's payload; gzip is recognised by its first bytes, not by the name."""
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise FormatError(f"{path}: not a whole gzip file ({error})") from error


def read_idx(path: Path) -> npt.NDArray[Any]:
    """The array in an idx file, gzipped or not.

    FormatError: the file is no idx file, or has fewer or more bytes than its header announces.
    """
    content = unpacked(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise FormatError(f"{path}: not an idx file (it begins with {content[:4].hex(' ') or 'nothing'})")
    dtype, axes = np.dtype(TYPES[content[2]]), content[3]
    begin = 4 + 4 * axes
    if axes == 0 or len(content) < begin:
        raise FormatError(f"{path}: the idx header ends early ({len(content)} bytes for {axes} axes)")
    shape = struct.unpack(f">{axes}I", content[4:begin])
    announced = math.prod(shape) * dtype.itemsize
    if len(content) - begin != announced:
        raise FormatError(f"{path}: the idx header announces shape {shape}, {announced} bytes, but {len(content) - begin} follow")
    return np.frombuffer(content, dtype=dtype, offset=begin).reshape(shape)
