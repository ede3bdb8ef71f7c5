"""Text files with or without a byte order mark, plain or compressed by gzip; and the syntax of numbers in them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from . import _core

# Python's float() also accepts 1_000 and digits of other scripts, which are not numbers in these files.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_text(path: str | os.PathLike[str], errors: str = "strict") -> str:
    """A file's text: UTF-8, or UTF-16 by its byte order mark; decompressed if it is gzip.

    ``errors="replace"`` is for files whose comments may be of another encoding.

    FormatError: it is not text, or a compressed file is damaged.
    """
    data = Path(path).read_bytes()
    if data.startswith(b"\x1f\x8b") or Path(path).suffix == ".gz":
        import gzip
        import zlib

        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise _core.FormatError(f"{path}: damaged, it cannot be unpacked: {error}") from None
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding, errors)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _core.FormatError(f"{path}, line {line}: no text in {encoding.upper().removesuffix('-SIG')}: {error.reason}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _core.FormatError(f"{path}, line {line}: holds a NUL, so it is no text")
    return text


def is_number(text: str) -> bool:
    """Whether a cell reads as a number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def number(text: str) -> float:
    """A cell's number; ValueError if it is not one."""
    if not is_number(text):
        raise ValueError(f"{text.strip()[:40]!r} is no number")
    return float(text)
