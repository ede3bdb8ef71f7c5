"""Weka's ARFF files: a header that names the columns and their categories, and rows of values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _core
from .._text import is_number

ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
TOKEN = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s,{}'"%][^\s,{}%]*)|([,{}])""")
SPACE = re.compile(r"\s*")


class Table(NamedTuple):
    """A table with named columns.

    Parameters
    ----------
    relation : str
        The name of the relation in the file.
    names : tuple of str
        Names of the columns.
    columns : tuple of ndarray
        float64 with NaN for missing values, or objects: strings, with None for missing values.
    categories : tuple
        For each column None, if it holds numbers, or a tuple of its categories.
    """

    relation: str
    names: tuple[str, ...]
    columns: tuple[npt.NDArray[Any], ...]
    categories: tuple[tuple[str, ...] | None, ...]

    def split(self, target: str | None = None) -> tuple[npt.NDArray[Any], npt.NDArray[Any], tuple[str, ...], npt.NDArray[np.bool_]]:
        """Features and target.

        Parameters
        ----------
        target : str, optional
            The column to predict; the last one unless given.

        Returns
        -------
        tuple
            The other columns as a 2-D array of objects, the target, the other columns' names, and which of them hold categories.
        """
        if target is not None and target not in self.names:
            raise ValueError(f"target: no column is called {target!r}; there are {', '.join(self.names)}")
        at = len(self.names) - 1 if target is None else self.names.index(target)
        others = [i for i in range(len(self.names)) if i != at]
        X = np.empty((len(self.columns[at]), len(others)), dtype=object)
        for to, i in enumerate(others):
            X[:, to] = self.columns[i]
        return X, self.columns[at], tuple(self.names[i] for i in others), np.array([self.categories[i] is not None for i in others], bool)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), text)


def _tokens(line: str) -> Iterator[tuple[str, bool]]:
    """(text, whether it was quoted); a comment ends the line. ValueError at an invalid token."""
    at = 0
    while True:
        at = SPACE.match(line, at).end()  # type: ignore[union-attr]
        if at == len(line) or line[at] == "%":
            return
        match = TOKEN.match(line, at)
        if match is None:
            raise ValueError(f"a quote that does not end: {line[at : at + 40]!r}")
        quoted = match[1] if match[1] is not None else match[2]
        yield (_unescaped(quoted), True) if quoted is not None else (match[3] or match[4], False)
        at = match.end()


def _attribute(line: str) -> tuple[str, tuple[str, ...] | None]:
    """Name and categories of an @attribute line."""
    tokens = list(_tokens(line))[1:]
    if len(tokens) < 2:
        raise ValueError("expected @attribute NAME TYPE")
    name, (kind, quoted) = tokens[0][0], tokens[1]
    lower = kind.lower()
    if not quoted and lower in ("numeric", "real", "integer"):
        return name, None
    if not quoted and lower in ("string", "date", "relational"):
        raise ValueError(f"attribute {name!r} is of type {lower}: numeric and nominal ones can be read")
    if kind != "{" or quoted:
        raise ValueError(f"attribute {name!r} is of unknown type {kind!r}")
    if tokens[-1] != ("}", False):
        raise ValueError(f"the categories of attribute {name!r} do not end with '}}'")
    inside = tokens[2:-1]
    values = inside[::2]
    if not values or any(t != (",", False) for t in inside[1::2]) or len(inside) % 2 == 0 or any(not q and v in ",{}" for v, q in values):
        raise ValueError(f"attribute {name!r}: categories are to be separated by commas")
    found = tuple(v for v, _ in values)
    if len(set(found)) != len(found):
        raise ValueError(f"attribute {name!r} has a category twice")
    return name, found


def _row(line: str, names: list[str], categories: list[tuple[str, ...] | None]) -> list[Any]:
    """Values of a row."""
    tokens = list(_tokens(line))
    if tokens[0] == ("{", False):
        raise ValueError("a sparse row: only dense ones can be read")
    if any(token != (",", False) for token in tokens[1::2]) or len(tokens) % 2 == 0:
        raise ValueError("values are to be separated by commas")
    values = tokens[::2]
    if len(values) != len(names):
        raise ValueError(f"{len(values)} values for {len(names)} attributes")
    row: list[Any] = []
    for (text, quoted), name, known in zip(values, names, categories, strict=True):
        if text == "?" and not quoted:
            row.append(np.nan if known is None else None)
        elif known is not None:
            if text not in known or (not quoted and text in ",{}"):
                raise ValueError(f"{text!r} is no category of attribute {name!r}")
            row.append(text)
        else:
            if not is_number(text):
                raise ValueError(f"attribute {name!r}: {text!r} is no number")
            number = float(text)
            if not np.isfinite(number):
                raise ValueError(f"attribute {name!r}: {text!r} is not finite")
            if abs(number) >= 2**53 and text.lstrip("+-").isdecimal() and int(text) != int(number):
                raise ValueError(f"attribute {name!r}: {text} is beyond 2**53, where doubles cannot tell whole numbers apart")
            row.append(number)
    return row


def arff(path: str | os.PathLike[str]) -> Table:
    r"""The table in an ARFF file: numeric and nominal attributes.

    Parameters
    ----------
    path : path
        The file, in UTF-8.

    Returns
    -------
    Table
        ``relation``, ``names``, ``columns``, ``categories``.

    Raises
    ------
    FormatError
        The file is not ARFF, ends within a row or before the first, holds a value that its header does not allow, or uses an unsupported
        feature: sparse rows, and attributes of type date, string or relational.

    Examples
    --------
    >>> import pathlib
    >>> text = "@relation golf\n@attribute outlook {sunny, rain}\n@attribute wind real\n@data\nsunny, 3 % calm\n?, 8.5\n"
    >>> _ = pathlib.Path("golf.arff").write_text(text)
    >>> table = plait.datasets.arff("golf.arff")
    >>> table.names, table.columns[1], table.columns[0].tolist()
    (('outlook', 'wind'), array([3. , 8.5]), ['sunny', None])
    """
    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _core.FormatError(f"{file}: no ARFF file: {error}") from None
    relation, in_data = "", False
    names: list[str] = []
    categories: list[tuple[str, ...] | None] = []
    rows: list[list[Any]] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        try:
            if in_data:
                rows.append(_row(line, names, categories))
                continue
            keyword = line.split(maxsplit=1)[0].lower()
            if keyword == "@relation":
                relation = " ".join(t for t, _ in list(_tokens(line))[1:])
            elif keyword == "@attribute":
                name, known = _attribute(line)
                if name in names:
                    raise ValueError(f"two attributes are called {name!r}")
                names.append(name)
                categories.append(known)
            elif keyword == "@data":
                if not names:
                    raise ValueError("@data before any attribute")
                in_data = True
            else:
                raise ValueError(f"expected @relation, @attribute or @data, got {line[:40]!r}")
        except ValueError as error:
            raise _core.FormatError(f"{file}, line {number}: {error}") from None
    if not rows:
        raise _core.FormatError(f"{file}: {'no rows' if in_data else 'the file ends before @data'}")
    columns = tuple(np.array([row[i] for row in rows], dtype=np.float64 if known is None else object) for i, known in enumerate(categories))
    return Table(relation, tuple(names), columns, tuple(categories))
