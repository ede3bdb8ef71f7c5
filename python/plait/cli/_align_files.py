"""Input and output of ``plait align``: standard input, windows in cells or fractions, and matrices of scores."""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .._core import FormatError
from .._text import read_text
from ._common import Failure

R = TypeVar("R")
STDIN = Path("-")
MATRICES = {".tsv": "\t", ".csv": ","}


def window(text: str) -> int | float:
    """A type for argparse: cells (a whole number), or a fraction of the longer length (a number with a point, from 0 to 1)."""
    try:
        width: int | float = int(text)
    except ValueError:
        width = float(text)
        if not 0 <= width <= 1:
            raise argparse.ArgumentTypeError(f"{text} is no fraction from 0 to 1; whole numbers are cells") from None
    if width < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return width


window.__name__ = "number"


def separator(text: str) -> str:
    """A type for argparse: one character, or a name such as tab."""
    named = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "bar": "|"}.get(text.lower(), text)
    if len(named) != 1 or named in '"\r\n':
        raise argparse.ArgumentTypeError(f"{text!r} is neither one character nor tab, space, comma, semicolon or bar")
    return named


separator.__name__ = "separator"


def matrix_file(text: str) -> Path:
    """A type for argparse: a file whose extension selects the format of a matrix."""
    path = Path(text)
    if path.suffix.lower() not in (*MATRICES, ".npy"):
        raise argparse.ArgumentTypeError(f"{text}: expected a name that ends in .tsv, .csv or .npy")
    return path


matrix_file.__name__ = "file"


def is_there(path: Path) -> bool:
    """Whether something can be read: a file, a pipe as the shell's ``<(…)`` makes one, or a device."""
    return path.exists() and not path.is_dir()


def is_stream(path: Path) -> bool:
    """Whether it can be read once only."""
    return path == STDIN or (is_there(path) and not path.is_file())


def from_stream(stream: Path, read: Callable[[Path], R]) -> R:
    """Calls `read` on a temporary copy of standard input or a pipe, with the extension of its format; errors name the stream instead."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin"
        path.write_bytes(sys.stdin.buffer.read() if stream == STDIN else stream.read_bytes())
        try:
            is_fasta = read_text(path).lstrip().startswith((">", ";"))
            path = path.rename(path.with_suffix(".fasta" if is_fasta else ".csv"))
            return read(path)
        except (Failure, FormatError) as error:
            raise Failure(renamed(str(error), path, stream)) from None


def renamed(text: str, path: Path, stream: Path) -> str:
    """A message with the temporary file's name replaced by that of the stream."""
    return text.replace(str(path), "standard input" if stream == STDIN else str(stream))


def write_matrix(path: Path, names: Sequence[str], scores: NDArray[np.float64]) -> str:
    """Scores of all pairs to a file; text has the names in the first row and column, and numbers that read back exactly."""
    try:
        if path.suffix.lower() == ".npy":
            with path.open("wb") as file:
                np.save(file, scores)
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer: Any = csv.writer(file, delimiter=MATRICES[path.suffix.lower()], lineterminator="\n")
                writer.writerow(["", *names])
                writer.writerows([name, *map(repr, row)] for name, row in zip(names, scores.tolist(), strict=True))
    except OSError as error:
        raise Failure(f"{path}: cannot be written: {error.strerror}") from None
    return str(path)
