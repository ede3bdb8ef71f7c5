"""Sequences of letters from FASTA files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from .. import _core
from .._text import read_text


class Sequence(NamedTuple):
    """A sequence with its name.

    Parameters
    ----------
    name : str
        The first word of its header.
    description : str
        The rest of it.
    letters : str
        The sequence, without white space and as it is written.
    """

    name: str
    description: str
    letters: str


def fasta(path: str | os.PathLike[str]) -> list[Sequence]:
    r"""All sequences of a FASTA file.

    Parameters
    ----------
    path : path
        The file, plain or compressed by gzip.

    Returns
    -------
    list of Sequence
        In the order of the file.

    Raises
    ------
    FormatError
        The first line that is neither empty nor a comment (``;``) is not a header, or the file is not text.

    Examples
    --------
    >>> import pathlib
    >>> _ = pathlib.Path("two.fasta").write_text(">a first\nACGT\nAC\n>b\nGG\n")
    >>> [(s.name, s.letters) for s in plait.datasets.fasta("two.fasta")]
    [('a', 'ACGTAC'), ('b', 'GG')]
    """
    file = Path(path)
    text = read_text(file)
    found: list[tuple[str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith(">"):
            found.append((line[1:].strip(), []))
        elif line and not line.startswith(";"):
            if not found:
                raise _core.FormatError(f"{file}, line {number}: expected a header that begins with '>', got {line[:40]!r}")
            found[-1][1].append("".join(line.split()))
    names = [([*header.split(maxsplit=1), "", ""])[:2] for header, _ in found]
    return [Sequence(name, description, "".join(parts)) for (name, description), (_, parts) in zip(names, found, strict=True)]
