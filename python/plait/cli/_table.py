"""A table in a CSV file, whose columns hold numbers or categories."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._text import is_number, read_text
from ._common import Failure

SEPARATORS = (",", ";", "\t", "|")
LOOKED_AT = 200  # rows that decide on the separator
MISSING = {"", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"}
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)

Row = tuple[int, list[str]]  # the line of the file that it ends on, and its cells


def read_table(path: Path, header: bool) -> tuple[list[str], list[Row], str]:
    """Names, rows and separator of a CSV file."""
    text = read_text(path)
    separator = _separator(path, text)
    rows = _rows(path, text, separator)
    if not rows:
        raise Failure(f"{path}: empty")
    width = len(rows[0][1])
    for line, cells in rows:
        if len(cells) != width:
            raise Failure(f"{path}, line {line}: {len(cells)} cells, expected {width}")
    names = [f"column {k + 1}" for k in range(width)]
    if header and _is_header(rows):
        names = [name or names[k] for k, name in enumerate(rows[0][1])]
        rows = rows[1:]
    if not rows:
        raise Failure(f"{path}: a header and no rows")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Failure(f"{path}: two columns are called {twice[0]!r}")
    return names, rows, separator


def _rows(path: Path, text: str, separator: str, most: int | None = None) -> list[Row]:
    """Rows that are not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=most is None)
    found: list[Row] = []
    try:
        for cells in reader:
            if any(cells):
                found.append((reader.line_num, [cell.strip() for cell in cells]))
            if len(found) == most:
                break
    except csv.Error as error:
        raise Failure(f"{path}, line {reader.line_num}: no CSV: {error}") from None
    return found


def _separator(path: Path, text: str) -> str:
    """The separator by which most rows have the same number of cells, at least two; ties go to the one with more cells."""
    best, most = ",", (0, 0)
    for separator in SEPARATORS:
        widths = [len(cells) for _, cells in _rows(path, text, separator, LOOKED_AT)]
        common = max(set(widths), key=widths.count, default=0)
        if common > 1 and (widths.count(common), common) > most:
            best, most = separator, (widths.count(common), common)
    return best


def _is_header(rows: list[Row]) -> bool:
    """Whether the first row is a header.

    It is if no cell is a number, or if text is above numbers, or if no text recurs in its column while some column has repeated values.
    """
    first, others = rows[0][1], [cells for _, cells in rows[1:]]
    if not any(map(is_number, first)):
        return True
    over_text, recurring = [], False
    for k, cell in enumerate(first):
        if is_number(cell) or cell in MISSING:
            continue
        known = [cells[k] for cells in others if cells[k] not in MISSING]
        if known and all(map(is_number, known)):
            return True
        over_text.append(cell in known)
        recurring |= len(set(known)) < len(known)
    return recurring and not any(over_text)


def table_column(path: Path, name: str, cells: list[tuple[int, str]], separator: str) -> tuple[NDArray[Any], bool]:
    """Values of a column as objects, NaN or None for missing ones, and whether they are categories."""
    known = [(line, cell) for line, cell in cells if cell not in MISSING]
    where = f"{path}, line {{}}, column {name!r}"
    with_comma = [(line, cell) for line, cell in known if _COMMA.fullmatch(cell)]
    if with_comma and all(_COMMA.fullmatch(cell) or (is_number(cell) and "." not in cell) for _, cell in known):
        if separator != ";" and all(_GROUPED.fullmatch(cell) for _, cell in with_comma):
            line, cell = with_comma[0]
            raise Failure(f"{where.format(line)}: {cell!r} may be {cell.replace(',', '')} or {cell.replace(',', '.')}")
        known = [(line, cell.replace(",", ".")) for line, cell in known]
        cells = [(line, cell if cell in MISSING else cell.replace(",", ".")) for line, cell in cells]
    if not all(is_number(cell) for _, cell in known):
        return np.array([None if cell in MISSING else cell for _, cell in cells], dtype=object), True
    for line, cell in known:
        value = float(cell)
        if math.isinf(value):
            what = "is infinite" if _INFINITE.fullmatch(cell) else "is beyond the largest double"
            raise Failure(f"{where.format(line)}: {cell} {what}")
        if abs(value) >= 2**53 and re.fullmatch(r"[+-]?\d+", cell) and int(cell) != int(value):
            raise Failure(f"{where.format(line)}: {cell} is beyond 2**53, where doubles cannot tell whole numbers apart")
    return np.array([math.nan if cell in MISSING else float(cell) for _, cell in cells], dtype=object), False
