"""The result of `align`: a score and a path, with a readable text form."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLUMNS = 60  # of a printed line
NAME = 16  # letters of a name, printed
SEGMENTS = 12  # of a warping path, printed
KINDS = ("edits", "transpositions", "warping")
_LETTERS = {"match": "=", "substitute": "X", "insert": "I", "delete": "D"}
_SWAPPED = {"insert": "delete", "delete": "insert"}
SIMILAR = ":"  # between elements that differ and have a positive similarity
_MARKS = {"match": "|", "substitute": ".", "transpose": "x", "insert": " ", "delete": " "}


class Alignment:
    """An alignment of two sequences: its score and its path.

    Parameters
    ----------
    score : float
        The aligner's `score`.
    path : ndarray of int64, shape (k, 2)
        A row for each column of the alignment: (i, j) where elements are matched, or for a cell of a warping path; (i, -1) and (-1, j)
        for a gap.
    x, y : sequence
        The aligned sequences.
    kind : {"edits", "transpositions", "warping"}, optional
        What the columns are: edits of symbols, among which neighbours may change places ("transpositions"), or cells of a warping path. The
        aligner says so; where nobody does, a path in which an element stands twice is taken for a warping.
    same : callable, optional
        ``same(a, b)``: whether two elements count as equal; ``a == b`` unless given.
    similarity : callable, optional
        ``similarity(a, b)``: the similarity of two elements, for `positives`.
    names : (str, str)
        Names of `x` and `y`.

    Examples
    --------
    >>> from plait.align import Alignment
    >>> print(Alignment(2.0, np.array([[0, 0], [1, 1], [2, 2], [-1, 3]]), "abc", "axcd"))
    score 2, 4 columns, identity 50.0 %
    <BLANKLINE>
    x  1 abc- 3
         |.|
    y  1 axcd 4
    """

    def __init__(
        self,
        score: float,
        path: NDArray[np.int64],
        x: Sequence[Any],
        y: Sequence[Any],
        kind: str | None = None,
        same: Callable[[Any, Any], bool] | None = None,
        similarity: Callable[[Any, Any], float] | None = None,
        names: tuple[str, str] = ("x", "y"),
    ):
        if kind not in (None, *KINDS):
            raise ValueError(f"kind: expected one of {', '.join(map(repr, KINDS))} or None, got {kind!r}")
        self.score = score
        self.path = path
        self.x, self.y = _by_position(x), _by_position(y)
        if isinstance(x, bytes) and isinstance(y, str):  # aligners that take both read bytes as Latin-1
            self.x = x.decode("latin-1")
        elif isinstance(y, bytes) and isinstance(x, str):
            self.y = y.decode("latin-1")
        self.kind = kind
        self.names = names
        self._same = _equal if same is None else same
        self._similarity = similarity

    def __len__(self) -> int:
        """Columns of the alignment."""
        return len(self.path)

    def __repr__(self) -> str:
        """Score and size."""
        return f"Alignment(score={self.score:.6g}, {len(self)} columns)"

    def __str__(self) -> str:
        """Symbols in three lines, wrapped; a warping of series by its segments."""
        if self.is_warping or self._holds_floats():
            return "\n".join(
                [f"score {self.score:.6g}, {len(self)} columns, {len(self.x)} against {len(self.y)} elements", *self._segments()]
            )
        head = f"score {self.score:.6g}, {len(self)} columns, identity {100 * self.identity:.1f} %"
        return "\n".join([head, *self._three_lines()]).rstrip()

    @property
    def is_warping(self) -> bool:
        """Whether it is a warping path, in which an element may stand in several columns; there are no gaps then."""
        if self.kind is not None:
            return self.kind == "warping"
        path = np.asarray(self.path)
        if len(path) < 2 or (path < 0).any():
            return False
        return bool((np.diff(path, axis=0) == 0).any())

    @property
    def operations(self) -> list[str]:
        """The edit operations that transform x into y, one name for each column.

        Of edits: ``"match"`` (equal elements), ``"substitute"`` (elements that differ), ``"insert"`` (an element of y is added),
        ``"delete"`` (one of x is dropped), ``"transpose"`` (both columns of two symbols that are exchanged; insertions and deletions
        between them come between). In a warping path: ``"match"`` (both series advance), ``"repeat x"`` and ``"repeat y"`` (that series
        does not advance), and with asymmetric steps ``"skip y"`` (both advance, and an element of y is left out).
        """
        path = np.asarray(self.path)
        if self.is_warping:
            steps = np.diff(path, axis=0)
            names = ["repeat x" if di == 0 else "repeat y" if dj == 0 else "skip y" if dj > 1 else "match" for di, dj in steps.tolist()]
            return ["match", *names] if len(path) else []
        rows, names = path.tolist(), []
        for i, j in rows:
            if i < 0:
                names.append("insert")
            elif j < 0:
                names.append("delete")
            else:
                names.append("match" if self._same(self.x[i], self.y[j]) else "substitute")
        if self.kind == "transpositions":
            self._mark_transpositions(rows, names)
        for k in range(len(rows) - 1):
            (i, j), (ii, jj) = rows[k], rows[k + 1]
            if min(i, j, ii, jj) >= 0 and (jj < j or ii < i):
                names[k] = names[k + 1] = "transpose"
        return names

    def _mark_transpositions(self, rows: list[list[int]], names: list[str]) -> None:
        """Rename substitutions whose symbols are crossed: they were one transposition.

        In a run of them, as in abab and baba, they are paired from the left; that is the greatest number of transpositions, as in the least
        cost.
        """
        before: int | None = None
        for k, (i, j) in enumerate(rows):
            if names[k] == "match":
                before = None
            elif names[k] == "substitute":
                if before is not None and self._same(self.x[rows[before][0]], self.y[j]) and self._same(self.x[i], self.y[rows[before][1]]):
                    names[before] = names[k] = "transpose"
                    before = None
                else:
                    before = k

    def cigar(self, reference: str = "x") -> str:
        """The columns as CIGAR: ``=`` match, ``X`` mismatch, ``I`` insertion (not in the reference), ``D`` deletion (not in the read).

        Parameters
        ----------
        reference : {"x", "y"}
            Which sequence is the reference in SAM's sense; the other is the read.

        Returns
        -------
        str
            Counts and letters.

        Raises
        ------
        ValueError
            If it is a warping path or has a transposition, which have no such form.
        """
        if reference not in ("x", "y"):
            raise ValueError(f"cigar: reference: expected 'x' or 'y', got {reference!r}")
        names = self.operations
        if reference == "y":
            names = [_SWAPPED.get(name, name) for name in names]
        unknown = [name for name in names if name not in _LETTERS]
        if unknown or self.is_warping:
            raise ValueError(f"cigar: {'a warping path' if self.is_warping else f'{unknown[0]!r}'} has no letter in CIGAR")
        return "".join(f"{len(list(group))}{_LETTERS[name]}" for name, group in itertools.groupby(names))

    @property
    def identity(self) -> float:
        """The share of columns whose elements are equal; 0 where there is no column."""
        if len(self) == 0:
            return 0.0
        return sum(self._same(self.x[i], self.y[j]) for i, j in self._pairs()) / len(self)

    @property
    def positives(self) -> float:
        """The share of columns whose elements are equal or have a positive similarity; `identity` where the aligner has no similarity."""
        if len(self) == 0:
            return 0.0
        return sum(self._same(self.x[i], self.y[j]) or self._is_similar(i, j) for i, j in self._pairs()) / len(self)

    @property
    def gaps(self) -> int:
        """The number of columns with a gap."""
        return int((np.asarray(self.path).reshape(-1, 2) < 0).any(axis=1).sum())

    @property
    def begin(self) -> tuple[int, int]:
        """The positions of the first elements of `x` and `y` that have a column; (0, 0) where there is none."""
        return self._span(0)[0], self._span(1)[0]

    @property
    def end(self) -> tuple[int, int]:
        """The positions behind the last elements that have a column: ``x[begin[0]:end[0]]`` is what is aligned of `x`."""
        return self._span(0)[1], self._span(1)[1]

    def _span(self, k: int) -> tuple[int, int]:
        places = np.asarray(self.path).reshape(-1, 2)[:, k]
        places = places[places >= 0]
        return (int(places.min()), int(places.max()) + 1) if len(places) else (0, 0)

    @property
    def aligned(self) -> tuple[Any, Any]:
        """Both rows with gaps: strings with ``-`` for text, lists with None for other sequences."""
        return self._row(0), self._row(1)

    def _row(self, k: int) -> Any:
        values: Any = (self.x, self.y)[k]
        places = np.asarray(self.path).reshape(-1, 2)[:, k].tolist()
        if isinstance(values, (str, bytes)):
            text = values.decode("latin-1") if isinstance(values, bytes) else values
            return "".join(text[i] if i >= 0 else "-" for i in places)
        return [values[i] if i >= 0 else None for i in places]

    def to_fasta(self) -> str:
        """Both rows with gaps as FASTA, 60 letters a line.

        Returns
        -------
        str
            Two records.

        Raises
        ------
        ValueError
            If what was aligned is no text.
        """
        rows = self.aligned
        if not all(isinstance(row, str) for row in rows):
            raise ValueError(f"to_fasta: expected an alignment of text, this is one of {type(self.x).__name__} and {type(self.y).__name__}")
        return "".join(
            "\n".join([f">{name}", *(row[at : at + COLUMNS] for at in range(0, len(row), COLUMNS)), ""])
            for name, row in zip(self.names, rows, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """A summary in Python's own types, which ``json.dumps`` takes for text and numbers.

        Returns
        -------
        dict
            ``score, names, begin, end, columns, identity, positives, gaps, cigar`` (None where it has none), ``aligned, path``.
        """
        try:
            cigar: str | None = self.cigar()
        except ValueError:
            cigar = None
        return {
            "score": float(self.score),
            "names": list(self.names),
            "begin": list(self.begin),
            "end": list(self.end),
            "columns": len(self),
            "identity": float(self.identity),
            "positives": float(self.positives),
            "gaps": self.gaps,
            "cigar": cigar,
            "aligned": [row if isinstance(row, str) else [_plain(value) for value in row] for row in self.aligned],
            "path": np.asarray(self.path).tolist(),
        }

    def _pairs(self) -> list[tuple[int, int]]:
        return [(i, j) for i, j in np.asarray(self.path).tolist() if i >= 0 and j >= 0]

    def _is_similar(self, i: int, j: int) -> bool:
        return self._similarity is not None and self._similarity(self.x[i], self.y[j]) > 0

    def plot(self, ax: Any = None, kind: str | None = None) -> Any:
        """Draw both series with links between them, or the matrix with the path through it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            The axes to draw on; a new figure unless given.
        kind : {"links", "matrix"}, optional
            Links for series of numbers unless given, the matrix for everything else.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        from ..plot import alignment

        return alignment(self, ax, kind=kind)

    def _holds_floats(self) -> bool:
        sequences: tuple[Any, Any] = self.x, self.y
        return any(len(s) > 0 and isinstance(s[0], (float, np.floating, np.ndarray)) for s in sequences)

    def _segments(self) -> list[str]:
        """Runs of columns with the same operation."""
        path = np.asarray(self.path)
        if len(path) == 0:
            return []
        rows = []
        begin = 0
        for name, group in itertools.groupby(self.operations):
            end = begin + len(list(group))
            rows.append((name, f"x {_span(path[begin:end, 0])}", f"y {_span(path[begin:end, 1])}"))
            begin = end
        if len(rows) > SEGMENTS:
            half = SEGMENTS // 2
            rows = [*rows[:half], ("…", f"{len(rows) - 2 * half} more", ""), *rows[-half:]]
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        return ["  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]

    def _three_lines(self) -> list[str]:
        names, path = self.operations, np.asarray(self.path).tolist()
        texts = [(_text(self.x, i), _text(self.y, j)) for i, j in path]
        width = max((max(len(a), len(b)) for a, b in texts), default=1)
        glue = "" if width == 1 else " "
        columns = max(1, COLUMNS // (width + len(glue)))
        digits = max(2, len(str(max(len(self.x), len(self.y)))))
        label = min(NAME, max(map(len, self.names)))
        called = [name[:NAME].ljust(label) for name in self.names]
        lines = []
        at = [next((row[k] for row in path if row[k] >= 0), 0) for k in (0, 1)]  # where a local alignment begins
        for begin in range(0, len(path), columns):
            part = slice(begin, begin + columns)
            rows = [glue.join(pair[k].ljust(width) for pair in texts[part]) for k in (0, 1)]
            marks = glue.join(self._mark(name, i, j).ljust(width) for name, (i, j) in zip(names[part], path[part], strict=True))
            numbers = []
            for k in (0, 1):
                count = sum(row[k] >= 0 for row in path[part])
                numbers.append((at[k] + 1 if count else at[k], at[k] + count))
                at[k] += count
            lines.append("")
            lines.append(f"{called[0]} {numbers[0][0]:>{digits}} {rows[0]} {numbers[0][1]}")
            lines.append(f"{'':>{digits + label + 2}}{marks}".rstrip())
            lines.append(f"{called[1]} {numbers[1][0]:>{digits}} {rows[1]} {numbers[1][1]}")
        return lines

    def _mark(self, name: str, i: int, j: int) -> str:
        return SIMILAR if name == "substitute" and self._is_similar(i, j) else _MARKS[name]


def _by_position(values: Any) -> Any:
    """The values by position, also of a data frame's column, which is indexed by labels."""
    return np.asarray(values) if not isinstance(values, (str, np.ndarray, list)) and hasattr(values, "__array__") else values


def _plain(value: Any) -> Any:
    """NumPy's numbers and vectors as Python's."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _equal(a: Any, b: Any) -> bool:
    return bool(np.all(a == b))


def _text(sequence: Sequence[Any], k: int) -> str:
    if k < 0:
        return "-"
    value = sequence[k]
    if isinstance(sequence, bytes):
        return chr(value) if 32 < value < 127 else f"\\x{value:02x}"
    return value if isinstance(value, str) and value.isprintable() else repr(value)


def _span(indices: NDArray[np.int64]) -> str:
    first, last = int(indices[0]), int(indices[-1])
    return "-" if first < 0 else f"[{first}]" if first == last else f"[{first}…{last}]"
