"""Columns of numbers in a CSV file: detection of the separator, of a header and of the decimal mark, and the parsing of cells.

Nothing is guessed silently: a column in which some cells are numbers is a series, and using a series with an invalid cell is an error that
names file, row and column.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._text import is_number
from ._common import Failure

SEPARATORS = ("\t", ";", "|", ",", " ")  # in order of preference: a cell with a comma may be a number, one with a semicolon is not
NAMES = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "spaces", "": "nothing"}
LOOKED_AT = 1000  # rows that decide on the separator
MISSING = {
    "",
    "na",
    "n/a",
    "#n/a",
    "nan",
    "null",
    "none",
    "nil",
    "missing",
    "-",
    "--",
    ".",
    "?",
    "<na>",
    "nat",
    "-nan",
    "1.#ind",
    "-1.#ind",
    "1.#qnan",
}
MISSING |= {"#n/a n/a", "#na", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!"}  # of spreadsheets
INDEX = {"", "unnamed: 0"}  # names of the column of row numbers that pandas and R write
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
# Numbers in notations that are not read: grouped digits, currencies, other minus signs.
_WRITTEN = re.compile(
    r"[+\-\u2212\u2013]?[$\u20ac\u00a3\u00a5]?\s?\d{1,3}(?:[\s,.'\u2019]\d{3})+(?:[.,]\d+)?"
    r"|[\u2212\u2013]\s?\d+(?:[.,]\d+)?|[+-]?[$\u20ac\u00a3\u00a5]\s?\d+(?:[.,]\d+)?"
)
_YEAR = re.compile(r"(1[89]|2[01])\d\d", re.ASCII)
_NAME = re.compile(r"\d*", re.ASCII)  # a number that may stand in a header


class Row(NamedTuple):
    """A row, and the number of its last line in the file."""

    line: int
    cells: list[str]


class Column(NamedTuple):
    """A series, or the reason why it cannot be used."""

    name: str
    values: NDArray[np.float64]
    problem: str = ""
    is_text: bool = False


class Columns(NamedTuple):
    """The columns of a file, and its separator."""

    columns: list[Column]
    separator: str

    def told(self) -> str:
        """The interpretation of the file as text."""
        names = ", ".join(f"{c.name!r}{' (no numbers)' if c.is_text else ''}" for c in self.columns[:20])
        return (
            f"taken for CSV with cells separated by {NAMES.get(self.separator, repr(self.separator))} and the columns {names or '(none)'}"
        )


def read_columns(path: Path, text: str, gaps: bool = False, separator: str | None = None, decimal: str | None = None) -> Columns:
    """The columns of a CSV file; a series ends where its column does, or with `gaps` goes on as NaN where a value is missing.

    Separator and decimal mark are detected unless given.
    """
    if not text.strip():
        raise Failure(f"{path}: empty")
    declared = re.match(r"\s*sep=(.)\r?\n", text)  # Excel's own line
    separator = separator or (declared[1] if declared else _separator(path, text))
    rows = _rows(path, text, separator)[1 if declared else 0 :]
    if not rows:
        raise Failure(f"{path}: holds comments only")
    width = max(len(row.cells) for row in rows)
    header = _header(path, rows)
    names = [f"column {k + 1}" for k in range(width)]
    if header is not None:
        rows = rows[1:]
        names = [name or names[k] for k, name in enumerate(header)]
        long = next((row for row in rows if any(row.cells[len(header) :])), None)
        if long is not None:
            raise Failure(
                f"{path}, row {long.line}: {len(long.cells)} cells under {len(header)} names, so it is not clear what belongs where"
            )
    marks = _Marks(path, rows, separator, decimal)
    columns = [_column(path, name, k, rows, marks, gaps) for k, name in enumerate(names)]
    if header is not None and header[0].lower() in INDEX and all(header[1:]) and _is_index(columns[0]):
        columns, header = columns[1:], header[1:]
    return Columns([c for k, c in enumerate(columns) if len(c.values) or c.is_text or (header is not None and header[k])], separator)


def _is_comment(cells: Sequence[str]) -> bool:
    return cells[0].startswith("#") and cells[0].lower() not in MISSING


def _rows(path: Path, text: str, separator: str, most: int | None = None) -> list[Row]:
    found: list[Row] = []
    if separator == " ":
        lines = ((k, line.split()) for k, line in enumerate(text.splitlines(), 1))
        found = [Row(k, cells) for k, cells in lines if cells and not _is_comment(cells)]
        return found[:most]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator or ",", skipinitialspace=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if stripped not in ([], [""]) and not _is_comment(stripped):
                found.append(Row(reader.line_num, stripped))
            if most is not None and len(found) >= most:
                break
    except csv.Error as error:
        raise Failure(f"{path}, row {reader.line_num}: no CSV: {error}") from None
    return found


def _is_index(column: Column) -> bool:
    """Whether a column numbers the rows, from 0 or from 1."""
    n = len(column.values)
    return n > 0 and not column.problem and bool((column.values - np.arange(n) == (column.values[0] == 1)).all())


def _separator(path: Path, text: str) -> str:
    """The separator by which most rows have as many cells as the widest, at least two; ties go to the one with fewest cells of text."""
    best, most = "", (0, 0)
    for separator in SEPARATORS:
        if separator not in text:
            continue
        rows = _rows(path, text, separator, LOOKED_AT)
        widths = [len(row.cells) for row in rows]
        widest = max(widths, default=0)
        found = widths.count(widest), -sum(_is_text(cell) for row in rows for cell in row.cells)
        if widest > 1 and (not best or found > most):
            best, most = separator, found
    return best


def _as_number(cell: str) -> bool:
    return is_number(cell) or _COMMA.fullmatch(cell) is not None


def _is_text(cell: str) -> bool:
    return cell.lower() not in MISSING and not _as_number(cell)


def _header(path: Path, rows: Sequence[Row]) -> list[str] | None:
    """The names in the first row, or None where it holds values."""
    first = rows[0].cells
    if not any(map(_is_text, first)):
        return (
            first if len(first) > 1 and _are_years(first) and not any(_are_years(row.cells[:1]) for row in rows[1:]) and rows[1:] else None
        )
    odd = next((cell for cell in first if not _is_text(cell) and cell.lower() not in MISSING and not _NAME.fullmatch(cell)), None)
    labels = [all(_is_text(row.cells[k]) for row in rows[1:] if k < len(row.cells)) for k in range(len(first))]
    if any(_as_number(cell) for cell in first) and all(labels[k] for k, cell in enumerate(first) if _is_text(cell)) and len(rows) > 1:
        return None  # a column of labels beside numbers
    numbers = all(_WRITTEN.fullmatch(cell) or not _is_text(cell) for cell in first)
    if odd is not None or numbers:
        k = next(k for k, cell in enumerate(first) if _is_text(cell))
        if odd is None:
            raise Failure(
                f"{path}, row {rows[0].line}, column {k + 1}: {first[k]!r} is no number that can be read, and no name of a column"
            )
        raise Failure(
            f"{path}, row {rows[0].line}, column {k + 1}: {first[k]!r} is no number, and {odd!r} in the same row no name of a column"
        )
    return first


def _are_years(cells: Sequence[str]) -> bool:
    """Whether a row of numbers may be a header: years in order, at equal distances."""
    if not all(_YEAR.fullmatch(cell) for cell in cells):
        return False
    steps = {int(b) - int(a) for a, b in itertools.pairwise(cells)}
    return len(steps) <= 1 and 0 not in steps


class _Marks:
    """The decimal mark of a file: a point or a comma."""

    def __init__(self, path: Path, rows: Sequence[Row], separator: str, decimal: str | None = None) -> None:
        cells = [(row.line, k, cell) for row in rows for k, cell in enumerate(row.cells) if "," in cell and _COMMA.fullmatch(cell)]
        self.comma = bool(cells)
        self.problem = ""
        if decimal is not None:
            self.comma = decimal == ","
            points = ((r.line, k, c) for r in rows for k, c in enumerate(r.cells) if "." in c and is_number(c))
            odd = next(points if self.comma else (found for found in cells if not _GROUPED.fullmatch(found[2])), None)
            if odd is not None:
                self.problem = f"{path}, row {odd[0]}, column {odd[1] + 1}: {odd[2]!r}, while the decimal mark is {decimal!r}"
            return
        if not cells:
            return
        line, k, cell = cells[0]
        where = f"{path}, row {line}, column {k + 1}: {cell!r}"
        other = next((c for row in rows for c in row.cells if "." in c and is_number(c)), None)
        if other is not None:
            self.problem = f"{where} has a decimal comma, while {other!r} has a decimal point"
        elif separator != ";" and all(_GROUPED.fullmatch(cell) for _, _, cell in cells):
            self.problem = f"{where} may be {cell.replace(',', '')} or {cell.replace(',', '.')}"

    def read(self, cell: str) -> float:
        """The number in a cell."""
        return float(cell.replace(",", "." if self.comma else ""))  # otherwise commas group digits


def _column(path: Path, name: str, k: int, rows: Sequence[Row], marks: _Marks, gaps: bool) -> Column:
    cells = [(row.line, row.cells[k] if k < len(row.cells) else "") for row in rows]
    while cells and not cells[-1][1] and not gaps:
        cells.pop()
    if not any(_as_number(cell) for _, cell in cells) and any(_is_text(cell) for _, cell in cells):
        line, cell = next((line, cell) for line, cell in cells if _is_text(cell))
        return Column(name, np.empty(0), f"{path}, column {name!r} holds no numbers: {cell[:40]!r} in row {line}", is_text=True)
    values = np.empty(len(cells))
    for at, (line, cell) in enumerate(cells):
        where = f"{path}, row {line}, column {name!r}"
        if cell.lower() in MISSING:
            if gaps:
                values[at] = math.nan
                continue
            return Column(name, values, f"{where}: no value{f' ({cell})' if cell else ''}; a series has one in each row until it ends")
        if not _as_number(cell):
            return Column(name, values, f"{where}: {cell[:40]!r} is no number")
        values[at] = marks.read(cell)
        if not math.isfinite(values[at]) and not gaps:
            return Column(name, values, f"{where}: {cell!r} is not finite")
    return Column(name, values, marks.problem)
